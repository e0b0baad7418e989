"""Training of hidden Markov models: what it tells, what it keeps, how it goes on."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import TrainHmm
from seqterm.app.run import run as start
from seqterm.errors import DivergedError, UsageError
from seqterm.events import Finished, Note, Saved, Started, Step, Stopped, Validation
from seqterm.models.hmm import Hmm
from seqterm.store.run_folder import RunFolder

SMALL = {"states": 3, "epochs": 6, "tolerance": 0.0, "seed": 3}


@pytest.fixture
def new_run(corpus, tmp_path):
    """new_run() -> what names the corpus and another run folder each time."""
    numbers = itertools.count()
    return lambda: {"corpus": (str(corpus),), "out": str(tmp_path / f"run{next(numbers)}")}


@pytest.fixture
def same(checkpoint, losses):
    """same(run, other): parameters, counters and all logged losses are equal, bit for bit."""

    def call(run, other):
        for which in ("last", "best"):
            (tensors, counters), (expected, expected_counters) = checkpoint(run, which), checkpoint(other, which)
            for name, tensor in expected.items():
                np.testing.assert_array_equal(tensors[name], tensor, err_msg=name)
            for free in ("seconds", "log_sizes"):
                del counters[free], expected_counters[free]
            assert counters == expected_counters
        assert losses(run) == losses(other)

    return call


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_events_of_a_training(do, new_run, corpus):
    where = new_run()
    started, first, *middle, saved, remark, finished = do("train", "hmm", **where, **SMALL)
    assert isinstance(started, Started)
    assert (started.model, started.unit, started.step, started.steps) == ("hmm", "nats a token", 0, 6)
    lines = corpus.read_text().splitlines()
    assert started.training_tokens + started.validation_tokens == sum(len(line) + 1 for line in lines)
    assert started.parameters == 3 + 9 + 3 * started.vocabulary_size
    assert (type(first), first.step) == (Saved, 0)
    *middle, ended = middle
    assert [type(event) for event in middle] == [Step, Validation] * 6
    steps, validations = middle[::2], middle[1::2]
    assert [(step.step, step.epoch) for step in steps] == [(i, i) for i in range(1, 7)]
    assert all(later.loss < earlier.loss for earlier, later in itertools.pairwise(steps))
    assert [v.training_loss for v in validations] == [step.loss for step in steps]
    assert all(v.best and v.validation_loss > 0 for v in validations)
    assert (type(saved), saved.step) == (Saved, 6)
    assert ended.text == f"Training ended after 6 iterations: {steps[-1].loss:.4f} nats a token."
    assert "free parameters; AIC" in remark.text
    assert isinstance(finished, Finished)
    assert finished.training_loss == steps[-1].loss
    assert finished.validation_loss == finished.best_validation_loss == validations[-1].validation_loss


def test_the_criteria_are_those_of_the_training_text(do, new_run, checkpoint):
    where = new_run()
    started, *_, finished = do("train", "hmm", **where, **SMALL)
    _, counters = checkpoint(where["out"])
    n, size = started.training_tokens, started.vocabulary_size
    free = 2 + 6 + 3 * (size - 2)  # the start mark is never emitted
    log_likelihood = -finished.training_loss * n
    assert counters["free_parameters"] == free
    assert counters["log_likelihood"] == pytest.approx(log_likelihood, rel=1e-12)
    assert counters["aic"] == pytest.approx(2 * free - 2 * log_likelihood, rel=1e-12)
    assert counters["bic"] == pytest.approx(free * np.log(n) - 2 * log_likelihood, rel=1e-12)


def test_a_restart_ends_where_the_loss_falls_by_too_little(do, new_run):
    events = do("train", "hmm", **new_run(), states=3, epochs=200, tolerance=1e-2, restarts=2)
    losses = [step.loss for step in of(Step, events)]
    restarts = [note.text for note in of(Note, events) if note.text.startswith("Restart")]
    assert [text.split(" after")[0] for text in restarts] == ["Restart 1 of 2 converged", "Restart 2 of 2 converged"]
    assert len(losses) < 50
    second = next(i for i, step in enumerate(of(Step, events)) if step.epoch == 1 and i)
    for end in (second, len(losses)):
        assert 0 <= losses[end - 2] - losses[end - 1] < 1e-2


def test_of_restarts_the_best_on_the_training_text_is_kept(do, new_run, checkpoint):
    where = new_run()
    events = do("train", "hmm", **where, **SMALL | {"restarts": 4})
    steps = of(Step, events)
    assert [step.epoch for step in steps] == [*range(1, 7)] * 4
    ends = [step.loss for step in steps[5::6]]
    assert len(set(ends)) == 4
    best = int(np.argmin(ends))
    tensors, counters = checkpoint(where["out"], "best")
    assert (counters["restart"], counters["iteration"], counters["loss"]) == (best, 6, ends[best])
    assert events[-1].training_loss == ends[best]
    wanted = {"steps": 24, "step": 24, "best_training_loss": ends[best]}
    assert wanted.items() <= checkpoint(where["out"])[1].items()
    alone, _ = checkpoint(where["out"], "last")
    assert (alone["emission"] != tensors["emission"]).any() == (best != 3)


@pytest.mark.parametrize("step", [1, 6, 7, 15])
def test_a_stopped_training_goes_on_as_if_it_had_not_been(do, begin, stop_at, new_run, same, step):
    settings = SMALL | {"restarts": 3}
    whole, broken = new_run(), new_run()
    do("train", "hmm", **whole, **settings)
    events = stop_at(begin("train", "hmm", **broken, **settings), step)
    assert isinstance(events[-1], Stopped)
    assert (events[-1].step, events[-1].reason) == (step, "interrupted")
    resumed = do("train", "--resume", run=broken["out"])
    assert (resumed[0].step, resumed[0].steps) == (step, 18)
    same(broken["out"], whole["out"])


def test_a_training_that_was_killed_goes_on_from_its_last_checkpoint(do, begin, new_run, same):
    whole, killed = new_run(), new_run()
    do("train", "hmm", **whole, **SMALL)
    events = begin("train", "hmm", **killed, **SMALL)
    for event in events:
        if isinstance(event, Step) and event.step == 4:
            events.close()
    assert do("train", "--resume", run=killed["out"])[0].step == 0
    same(killed["out"], whole["out"])


def test_a_complete_run_does_more_iterations_from_its_best(do, new_run, checkpoint):
    once, more = new_run(), new_run()
    do("train", "hmm", **once, **SMALL | {"epochs": 9})
    do("train", "hmm", **more, **SMALL)
    with pytest.raises(UsageError, match="complete after 6 iterations at most"):
        do("train", "--resume", run=more["out"])
    events = do("train", "--resume", run=more["out"], epochs=9)
    assert [step.step for step in of(Step, events)] == [7, 8, 9]
    for name, tensor in checkpoint(once["out"])[0].items():
        np.testing.assert_array_equal(checkpoint(more["out"])[0][name], tensor)


def test_more_iterations_that_end_before_the_first_leave_the_best(do, new_run, checkpoint):
    for seed in range(1, 9):
        where = new_run()
        do("train", "hmm", **where, **SMALL | {"restarts": 2, "seed": seed})
        if checkpoint(where["out"], "best")[1]["restart"] == 0:
            break
    (kept, counters), (last, _) = (checkpoint(where["out"], which) for which in ("best", "last"))
    assert (kept["emission"] != last["emission"]).any()
    assert isinstance(do("train", "--resume", run=where["out"], epochs=9, time_limit=1e-9)[-1], Stopped)
    np.testing.assert_array_equal(checkpoint(where["out"], "best")[0]["emission"], kept["emission"])
    *_, finished = do("train", "--resume", run=where["out"], epochs=9)
    assert finished.training_loss < counters["loss"]


def test_the_same_seed_makes_the_same_and_another_another(do, new_run, checkpoint):
    runs = [new_run() for _ in range(3)]
    for where, seed in zip(runs, (3, 3, 4), strict=True):
        do("train", "hmm", **where, **SMALL | {"seed": seed})
    one, same_again, other = (checkpoint(where["out"])[0]["emission"] for where in runs)
    np.testing.assert_array_equal(one, same_again)
    assert (one != other).any()


def test_a_state_that_dies_is_drawn_anew_with_a_warning(do, new_run, monkeypatch, checkpoint):
    initialise = Hmm.initialise

    def without_one(self, random):
        initialise(self, random)
        self.initial[1] = self.transition[:, 1] = 0
        self.initial /= self.initial.sum()
        self.transition /= self.transition.sum(axis=1, keepdims=True)
        self.changed()

    monkeypatch.setattr(Hmm, "initialise", without_one)
    where = new_run()
    priors = {"prior_initial": 0.0, "prior_transition": 0.0, "prior_emission": 0.0}
    events = do("train", "hmm", **where, **SMALL | priors)
    assert "Iteration 1: hardly anything visits state 1; drawn anew." in [note.text for note in of(Note, events)]
    tensors, counters = checkpoint(where["out"])
    assert counters["reseeded"] == 1
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())
    assert tensors["transition"][:, 1].sum() > 0.1


def test_states_that_cannot_live_are_drawn_anew_so_often_and_no_more(do, tmp_path):
    (tmp_path / "few.txt").write_text("ab\nab\n")
    priors = {"prior_initial": 0.0, "prior_transition": 0.0, "prior_emission": 0.0}
    where = {"corpus": (str(tmp_path / "few.txt"),), "out": str(tmp_path / "run")}
    *events, _, finished = do("train", "hmm", **where, states=6, validation="0", epochs=60, tolerance=0.0, **priors)
    assert sum(note.text.endswith("drawn anew.") for note in of(Note, events)) <= 6
    assert finished.training_loss == pytest.approx(0, abs=1e-6)  # every sentence is the same


def test_what_becomes_impossible_ends_the_training_and_keeps_the_run(new_run, session, monkeypatch):
    where = new_run()
    events = start(build(TrainHmm, where | SMALL), session)
    monkeypatch.setattr(Hmm, "maximise", lambda self, expected, priors: self._forget())
    monkeypatch.setattr(Hmm, "_forget", lambda self: (self.initial.fill(0), self.changed()), raising=False)
    with pytest.raises(DivergedError, match=r"step 1: .* step 0 is kept"):
        list(events)
    assert RunFolder(Path(where["out"])).read_state()["last"] == "0.safetensors"
