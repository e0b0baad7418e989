"""Lines of a log that are left out without being parsed."""

import json

import numpy as np
import pytest

from seqterm.events import Step
from seqterm.render.thinning import STRETCHES, extremes
from seqterm.store.files import json_line
from seqterm.store.step_lines import FEW, thinned_lines

STARTED = b'{"event":"started","run":"loss","step":0}'
VALIDATION = b'{"event":"validation","step":5,"epoch":1,"training_loss":1.5,"validation_loss":2.5,"best":true,"time":1.0}'


def step_line(step, loss, **others):
    event = Step(step, 1 + step // 1000, loss, 0.5, 1e-3, 1e5, {"0": 0.5, "loss": 7.0})
    return json_line({**event.to_json(), "time": 0.1 * step, **others})


def steps(losses, first=1):
    return [step_line(number, loss) for number, loss in enumerate(losses, first)]


def losses(n, seed=1):
    values = np.random.default_rng(seed).normal(2.0, 1.0, n)
    values[::7] *= 1e-9  # as 1e-9 has another form
    return values.tolist()


def naive(lines):
    """The same with every line parsed."""
    sitting, kept = [], set()

    def end():
        rows = [json.loads(lines[i]) for i in sitting]
        kept.update(sitting[i] for i in extremes([row["step"] for row in rows], [row["loss"] for row in rows]))
        sitting.clear()

    for i, line in enumerate(lines):
        if line.startswith(b'{"event":"step"'):
            sitting.append(i)
        else:
            kept.add(i)
            if not line.startswith(b'{"event":"validation"'):
                end()
    end()
    return [lines[i] for i in sorted(kept)]


def thinned(lines):
    return thinned_lines(b"\n".join(lines)).split(b"\n")


def test_extremes_of_each_sitting_stay_and_all_that_is_no_step():
    lines = [STARTED, *steps(losses(9000)), STARTED, *steps(losses(9000, 2), 5000)]
    lines = [line for i, line in enumerate(lines) for line in ([line, VALIDATION] if i % 100 == 99 else [line])]
    kept = thinned(lines)
    assert kept == naive(lines)
    assert len(kept) < 2 * (2 * STRETCHES + 2) + lines.count(VALIDATION) + 2


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"hen",
        b'{"event":"step"}',
        b'{"event":"step","step":7}',
        b'{"step":7,"event":"step","epoch":1,"loss":2.0}',
        b'{"event":"step","step":7,"epoch":1,"mean":2.0,"loss":2.0,"time":1.0}',
        b'{"event": "step", "step": 7, "epoch": 1, "loss": 2.0, "time": 1.0}',
        b"\xff\xfe\x00\x80",
        b'{"event":"note","text":"' + b"hen " * 5000 + b'"}',
        b'{"event":"step","step":7,"epoch":1,"loss":' + b"1" * 40 + b',"time":1.0}',
    ],
    ids=lambda odd: odd[:60].decode("latin-1"),
)
def test_a_line_that_is_no_step_as_a_run_logs_it_stays(odd):
    before, after = steps(losses(4000)), steps(losses(4000, 2), 4001)
    assert thinned([*before, odd, *after]) == [*naive(before), odd, *naive(after)]


def test_a_torn_line_at_either_end_stays():
    lines = steps(losses(4000))
    for n in range(len(lines[-1])):
        torn = [lines[0][n + 1 :], *lines[1:-1], lines[-1][:n]]
        assert {torn[0], torn[-1]} <= set(thinned(torn))


@pytest.mark.parametrize("loss", [b"null", b"1.5.5", b"1e", b"-", b"0x1"])
def test_where_a_loss_is_no_number_all_stays(loss):
    lines = steps(losses(4000))
    lines[2000] = b'{"event":"step","step":2001,"epoch":1,"loss":' + loss + b',"gradient_norm":null,"time":0.0}'
    assert thinned(lines) == lines


def test_few_lines_stay():
    lines = steps(losses(FEW))
    assert thinned(lines) == lines
    assert thinned([b""]) == [b""]
