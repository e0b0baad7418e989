"""A training that was stopped and resumed ends with the very bits of one that never was."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqterm.errors import UsageError
from seqterm.events import Finished, Saved, Started, Step, Stopped
from seqterm.store.files import read_json_lines
from tests.conftest import TINY

# Everything that has a state of its own: dropout, momentum, plateau, carried state, validations off the epochs' ends.
DEMANDING = TINY | {
    "hidden": 6,
    "embedding": 5,
    "layers": 2,
    "dropout": 0.3,
    "optimizer": "sgd",
    "momentum": 0.9,
    "lr": 1.0,
    "schedule": "plateau",
    "validate_every": 5,
    "sample_length": 5,
}
STEPS = 28  # two epochs of the tiny corpus
FAST = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def new_run(corpus, tmp_path):
    """new_run() -> what names the corpus and another run folder each time."""
    numbers = itertools.count()
    return lambda: {"corpus": (str(corpus),), "out": str(tmp_path / f"run{next(numbers)}")}


@pytest.fixture
def same(checkpoint, losses):
    """same(run, other): weights, moments, carried state and all logged losses are equal, bit for bit."""

    def call(run, other):
        (tensors, counters), (expected, expected_counters) = checkpoint(run), checkpoint(other)
        assert tensors.keys() == expected.keys()
        for name, tensor in expected.items():
            np.testing.assert_array_equal(tensors[name], tensor, err_msg=name)
        for free in ("seconds", "log_sizes"):
            del counters[free], expected_counters[free]
        assert counters == expected_counters
        assert losses(run) == losses(other)

    return call


@pytest.fixture
def unbroken(do, new_run):
    """unbroken(**values) -> the folder of a training that was never stopped."""

    def call(**values):
        where = new_run()
        do("train", "lstm", **where, **values)
        return where["out"]

    return call


def test_resumed_after_a_stop_at_any_step(begin, do, stop_at, new_run, unbroken, same):
    expected = unbroken(**DEMANDING)

    @FAST
    @given(step=st.integers(1, STEPS - 1))
    def holds(step):
        where = new_run()
        events = stop_at(begin("train", "lstm", **where, **DEMANDING), step)
        assert isinstance(events[-1], Stopped)
        assert events[-1].step == step
        resumed = do("train", "--resume", run=where["out"])
        assert isinstance(resumed[-1], Finished)
        same(where["out"], expected)

    holds()


def test_resumed_twice(begin, do, stop_at, new_run, unbroken, same):
    expected = unbroken(**DEMANDING)

    @FAST
    @given(steps=st.lists(st.integers(1, STEPS - 1), min_size=2, max_size=2, unique=True).map(sorted))
    def holds(steps):
        where = new_run()
        stop_at(begin("train", "lstm", **where, **DEMANDING), steps[0])
        stop_at(begin("train", "--resume", run=where["out"]), steps[1])
        do("train", "--resume", run=where["out"])
        same(where["out"], expected)

    holds()


def test_resumed_after_it_was_cut_off_at_any_event(begin, do, new_run, unbroken, same):
    """As after a crash: what came after the last checkpoint is done again, and told once."""
    expected = unbroken(**DEMANDING)
    n_events = len(list(begin("train", "lstm", **new_run(), **DEMANDING)))

    @FAST
    @given(taken=st.integers(2, n_events - 2))
    def holds(taken):
        where = new_run()
        events = begin("train", "lstm", **where, **DEMANDING)
        for _ in range(taken):
            next(events)
        events.close()
        do("train", "--resume", run=where["out"])
        same(where["out"], expected)

    holds()


@pytest.mark.parametrize("model", ["elman", "lstm", "gru"])
@pytest.mark.parametrize("optimizer", ["rmsprop", "adagrad", "adam", "adamw"])
def test_each_model_and_optimizer_resumes(begin, do, stop_at, new_run, same, model, optimizer):
    whole, broken = new_run(), new_run()
    values = {**TINY, "optimizer": optimizer, "schedule": "cosine", "warm_up": 3, "layers": 2, "dropout": 0.2}
    do("train", model, **whole, **values)
    stop_at(begin("train", model, **broken, **values), 11)
    do("train", "--resume", run=broken["out"])
    same(broken["out"], whole["out"])


@pytest.mark.parametrize("values", [{"bptt_truncate": 3}, {"tied": True, "embedding": 12}, {"precision": "float64"}])
def test_other_forms_resume(begin, do, stop_at, new_run, unbroken, same, values):
    broken = new_run()
    stop_at(begin("train", "lstm", **broken, **{**TINY, **values}), 9)
    do("train", "--resume", run=broken["out"])
    same(broken["out"], unbroken(**{**TINY, **values}))


def test_resumed_after_a_stop_by_the_time_limit(begin, do, new_run, unbroken, same):
    where = new_run()
    events = []
    for event in begin("train", "lstm", **where, time_limit=0.5, **DEMANDING):
        events.append(event)
        if isinstance(event, Step) and event.step == 8:
            time.sleep(0.5)
    assert isinstance(events[-1], Stopped)
    assert events[-1].reason == "time limit"
    do("train", "--resume", run=where["out"])
    same(where["out"], unbroken(**DEMANDING))


def test_a_resumed_training_has_a_time_limit_of_its_own(begin, do, stop_at, new_run, unbroken, same):
    where = new_run()
    stop_at(begin("train", "lstm", **where, **DEMANDING), 4)
    stopped = do("train", "--resume", run=where["out"], time_limit=1e-9)[-1]
    assert (stopped.step, stopped.reason) == (4, "time limit")
    do("train", "--resume", run=where["out"])
    same(where["out"], unbroken(**DEMANDING))


def test_resumed_after_a_stop_from_elsewhere(begin, do, new_run, unbroken, same):
    where, events = new_run(), []
    for event in begin("train", "lstm", **where, **DEMANDING):
        events.append(event)
        if isinstance(event, Step) and event.step == 17:
            do("stop", run=where["out"])
    assert (events[-1].step, events[-1].reason) == (17, "stop requested")
    do("train", "--resume", run=where["out"])
    same(where["out"], unbroken(**DEMANDING))


def test_a_stop_saves_first_and_names_the_command_that_goes_on(begin, stop_at, new_run, checkpoint):
    where = new_run()
    events = stop_at(begin("train", "lstm", **where, **DEMANDING), 12)
    assert isinstance(events[-2], Saved)
    assert events[-2].step == checkpoint(where["out"])[1]["step"] == 12
    assert events[-1].resume == f"seqterm train --resume {where['out']}"


def test_resume_begins_where_it_stopped(begin, stop_at, new_run, do):
    where = new_run()
    stop_at(begin("train", "lstm", **where, **DEMANDING), 12)
    started, *events = do("train", "--resume", run=where["out"])
    assert isinstance(started, Started)
    assert (started.step, started.steps) == (12, STEPS)
    assert [event.step for event in events if isinstance(event, Step)] == list(range(13, STEPS + 1))


def test_events_after_the_checkpoint_are_dropped_on_resume(begin, new_run, do):
    where = new_run()
    events = begin("train", "lstm", **where, **TINY)
    while not (isinstance(event := next(events), Step) and event.step == 20):
        pass
    events.close()
    path = f"{where['out']}/events.jsonl"

    def steps():
        with open(path, "rb") as file:
            return [line for line in file if b'"event":"step"' in line]

    assert len(steps()) == 20
    resumed = begin("train", "--resume", run=where["out"])
    next(resumed)
    assert len(steps()) == 14  # the last checkpoint is that of the first epoch
    resumed.close()
    do("train", "--resume", run=where["out"])
    assert len(steps()) == STEPS


def test_samples_after_the_checkpoint_are_dropped_on_resume(begin, new_run, do, tmp_path):
    where = new_run()
    events = begin("train", "lstm", **where, **{**TINY, "sample_every": 4})
    while not (isinstance(event := next(events), Step) and event.step == 25):
        pass
    events.close()
    do("train", "--resume", run=where["out"])
    kept = read_json_lines(tmp_path / "run0" / "samples.jsonl")
    assert [line["step"] for line in kept] == [4, 8, 12, 16, 20, 24, 28]


def test_more_epochs_continue_a_complete_run(do, new_run, unbroken, same):
    where = new_run()
    values = {**TINY, "schedule": "plateau", "dropout": 0.2, "layers": 2}
    do("train", "lstm", **where, **values)
    assert isinstance(do("train", "--resume", run=where["out"], epochs=3)[-1], Finished)
    same(where["out"], unbroken(**{**values, "epochs": 3}))


def test_more_epochs_stay_when_resumed_again(begin, do, stop_at, new_run, unbroken, same):
    where = new_run()
    do("train", "lstm", **where, **TINY)
    stop_at(begin("train", "--resume", run=where["out"], epochs=4), 33)
    do("train", "--resume", run=where["out"])
    same(where["out"], unbroken(**{**TINY, "epochs": 4}))


@pytest.mark.parametrize("values", [{}, {"epochs": 1}, {"epochs": 2}])
def test_a_complete_run_is_not_resumed_without_more_epochs(do, tiny_run, checkpoint, values):
    before = (tiny_run / "events.jsonl").read_bytes(), (tiny_run / "state.json").read_bytes()
    with pytest.raises(UsageError, match="--epochs"):
        do("train", "--resume", run=str(tiny_run), **values)
    assert ((tiny_run / "events.jsonl").read_bytes(), (tiny_run / "state.json").read_bytes()) == before
