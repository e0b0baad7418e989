"""Training of word vectors: what it tells, what it keeps, how it goes on."""

import itertools
from contextlib import suppress
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from seqterm.errors import DataError, DivergedError, UsageError
from seqterm.events import Finished, Note, Saved, Started, Step, Stopped, Validation
from seqterm.models import word2vec
from seqterm.store.run_folder import RunFolder

WORDS, LINES = 240, 40  # of the small corpus
STRETCH = 60  # so that an epoch has five
SMALL = {"dim": 6, "min_count": 1, "epochs": 3, "window": 3, "subsample": 0.01, "threads": 1, "seed": 3}
IN_STEP = SMALL | {"deterministic": True, "threads": 2}
STEPS = 15


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch):
    monkeypatch.setattr(word2vec, "STRETCH", STRETCH)


@pytest.fixture
def new_run(corpus, tmp_path):
    """new_run() -> what names the corpus and another run folder each time."""
    numbers = itertools.count()
    return lambda: {"corpus": (str(corpus),), "out": str(tmp_path / f"run{next(numbers)}")}


@pytest.fixture
def same(checkpoint, losses):
    """same(run, other): vectors, counters and all logged losses are equal, bit for bit."""

    def call(run, other):
        (tensors, counters), (expected, expected_counters) = checkpoint(run), checkpoint(other)
        assert tensors.keys() == expected.keys() == {"input_vectors", "output_vectors"}
        for name, tensor in expected.items():
            np.testing.assert_array_equal(tensors[name], tensor, err_msg=name)
        for free in ("seconds", "log_sizes"):
            del counters[free], expected_counters[free]
        assert counters == expected_counters
        assert losses(run) == losses(other)

    return call


# What it tells and keeps


def test_events_of_a_training(do, new_run):
    where = new_run()
    started, first, *events, finished = do("train", "word2vec", **where, **SMALL)
    assert isinstance(started, Started)
    assert (started.model, started.unit) == ("word2vec", "nats an example")
    assert (started.training_tokens, started.validation_tokens, started.epochs) == (WORDS, 0, 3)
    assert (started.step, started.steps) == (0, STEPS)
    assert started.parameters == 2 * started.vocabulary_size * 6
    assert (type(first), first.step) == (Saved, 0)
    for epoch in range(1, 4):
        steps, (validation, saved) = events[:5], events[5:7]
        del events[:7]
        assert [(type(event), event.step, event.epoch) for event in steps] == [
            (Step, i, epoch) for i in range(5 * epoch - 4, 5 * epoch + 1)
        ]
        assert (type(validation), validation.step, validation.epoch) == (Validation, 5 * epoch, epoch)
        assert (validation.validation_loss, validation.best) == (None, False)
        means = [event.loss for event in steps]
        assert min(means) <= validation.training_loss <= max(means)
        assert (type(saved), saved.step, saved.file) == (Saved, 5 * epoch, f"checkpoints/{5 * epoch}.safetensors")
    assert events == []
    assert isinstance(finished, Finished)
    assert (finished.step, finished.training_loss) == (STEPS, validation.training_loss)
    assert (finished.validation_loss, finished.best_validation_loss) == (None, None)
    assert finished.seconds > 0


def test_steps_tell_of_rate_and_speed(do, new_run):
    steps = [event for event in do("train", "word2vec", **new_run(), **SMALL, lr=0.3) if isinstance(event, Step)]
    n_places = WORDS + LINES
    wanted = [0.3 * (1 - (epoch * n_places + i * STRETCH) / (3 * n_places)) for epoch in range(3) for i in range(5)]
    np.testing.assert_allclose([step.learning_rate for step in steps], wanted, rtol=1e-12)
    assert all(step.tokens_per_second > 0 and step.gradient_norm is None for step in steps)


def test_a_note_tells_of_rare_words_and_is_not_logged(do, new_run):
    where = new_run()
    note, *events = do("train", "word2vec", **where, **SMALL | {"min_count": 5})
    assert note == Note("40 of 240 words are too rare and left out (--min-count 5).")
    assert events[0].training_tokens == 200
    kept = RunFolder(Path(where["out"])).events()
    assert [event.kind for event in events] == [line["event"] for line in kept]
    for event, line in zip(events, kept, strict=True):
        assert line.pop("time") >= 0
        assert line == event.to_json()


def test_the_last_checkpoint_alone_is_kept(do, new_run, checkpoint):
    where = new_run()
    events = do("train", "word2vec", **where, **SMALL)
    state = RunFolder(Path(where["out"])).read_state()
    assert (state["last"], state["best"], state["complete"]) == (f"{STEPS}.safetensors", None, True)
    assert [path.name for path in (Path(where["out"]) / "checkpoints").iterdir()] == [state["last"]]
    tensors, counters = checkpoint(where["out"])
    assert counters["training_loss"] == events[-1].training_loss
    assert (counters["step"], counters["steps"], counters["epochs"]) == (STEPS, STEPS, 3)
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())


def test_checkpoints_come_as_often_as_asked(do, new_run):
    events = do("train", "word2vec", **new_run(), **SMALL, save_every=1e-9)
    assert [event.step for event in events if isinstance(event, Saved)] == list(range(STEPS + 1))


@pytest.mark.parametrize("threads", [1, 2])
def test_each_epoch_learns_from_every_word(do, new_run, threads):
    events = do("train", "word2vec", **new_run(), **SMALL | {"threads": threads})
    n_stretches = -(-(WORDS + LINES) // (STRETCH * threads))
    assert [(epoch, len(list(steps))) for epoch, steps in groupby(e.epoch for e in events if isinstance(e, Step))] == [
        (epoch, n_stretches) for epoch in (1, 2, 3)
    ]


@pytest.mark.parametrize("loss", ["negative", "hierarchical", "softmax"])
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_the_loss_falls(do, new_run, loss, architecture):
    values = SMALL | {"epochs": 6, "lr": 0.2, "loss": loss, "architecture": architecture, "max_ngram": 3, "buckets": 100}
    losses = [event.training_loss for event in do("train", "word2vec", **new_run(), **values) if isinstance(event, Validation)]
    assert losses[-1] < losses[0]


def test_in_step_any_number_of_threads_trains_the_same_run(do, new_run, same):
    one, two = new_run(), new_run()
    do("train", "word2vec", **one, **IN_STEP | {"threads": 1})
    do("train", "word2vec", **two, **IN_STEP)
    same(one["out"], two["out"])


# Stopping and going on


@pytest.mark.parametrize("values", [SMALL, IN_STEP, SMALL | {"max_ngram": 3, "buckets": 64, "loss": "hierarchical"}])
def test_resumed_after_a_stop_at_any_step(begin, do, stop_at, new_run, same, values):
    whole = new_run()
    do("train", "word2vec", **whole, **values)
    for step in (1, 5, 6, 14):
        where = new_run()
        events = stop_at(begin("train", "word2vec", **where, **values), step)
        assert (type(events[-2]), type(events[-1]), events[-1].step) == (Saved, Stopped, step)
        assert events[-1].reason == "interrupted"
        assert events[-1].resume == f"seqterm train --resume {where['out']}"
        started, *resumed = do("train", "--resume", run=where["out"])
        assert (started.step, started.steps) == (step, STEPS)
        assert [event.step for event in resumed if isinstance(event, Step)] == list(range(step + 1, STEPS + 1))
        assert isinstance(resumed[-1], Finished)
        same(where["out"], whole["out"])


@pytest.mark.parametrize("values", [SMALL, IN_STEP])
def test_resumed_after_it_was_cut_off_at_any_event(begin, do, new_run, same, values):
    """As after a crash: what came after the last checkpoint is done again, and told once."""
    whole = new_run()
    n_events = len(do("train", "word2vec", **whole, **values))
    for taken in range(2, n_events - 1, 5):
        where = new_run()
        events = begin("train", "word2vec", **where, **values)
        for _ in range(taken):
            next(events)
        events.close()
        do("train", "--resume", run=where["out"])
        same(where["out"], whole["out"])


def test_resumed_twice(begin, do, stop_at, new_run, same):
    whole, broken = new_run(), new_run()
    do("train", "word2vec", **whole, **IN_STEP)
    stop_at(begin("train", "word2vec", **broken, **IN_STEP), 3)
    stop_at(begin("train", "--resume", run=broken["out"]), 8)
    do("train", "--resume", run=broken["out"])
    same(broken["out"], whole["out"])


def test_stopped_by_the_time_limit_and_from_elsewhere(begin, do, new_run, same):
    whole, broken = new_run(), new_run()
    do("train", "word2vec", **whole, **SMALL)
    stopped = do("train", "word2vec", **broken, **SMALL, time_limit=1e-9)[-1]
    assert (stopped.step, stopped.reason) == (0, "time limit")
    for event in begin("train", "--resume", run=broken["out"]):
        if isinstance(event, Step) and event.step == 7:
            do("stop", run=broken["out"])
    assert (event.step, event.reason) == (7, "stop requested")
    do("train", "--resume", run=broken["out"])
    same(broken["out"], whole["out"])


def test_threads_that_do_not_wait_go_on_too(begin, do, stop_at, new_run, checkpoint):
    where = new_run()
    values = SMALL | {"threads": 2}
    stop_at(begin("train", "word2vec", **where, **values), 4)
    finished = do("train", "--resume", run=where["out"])[-1]
    assert isinstance(finished, Finished)
    assert finished.step == checkpoint(where["out"])[1]["step"] == 9


@pytest.mark.parametrize("epochs", [1, 4])
def test_another_number_of_epochs_is_refused_because_the_rate_falls_to_their_end(begin, do, stop_at, new_run, epochs):
    where = new_run()
    stop_at(begin("train", "word2vec", **where, **SMALL), 4)
    with pytest.raises(UsageError, match="was begun for 3 epochs, to which its learning rate falls: leave --epochs out"):
        do("train", "--resume", run=where["out"], epochs=epochs)
    assert isinstance(do("train", "--resume", run=where["out"], epochs=3)[-1], Finished)


def test_a_complete_run_is_not_resumed(do, new_run):
    where = new_run()
    do("train", "word2vec", **where, **SMALL)
    with pytest.raises(UsageError, match="run0 is complete after 3 epochs"):
        do("train", "--resume", run=where["out"])


def test_a_run_whose_words_were_cut_off_cannot_go_on(begin, do, stop_at, new_run):
    where = new_run()
    stop_at(begin("train", "word2vec", **where, **SMALL), 4)
    (Path(where["out"]) / "tokens.bin").write_bytes(b"\0" * 8)
    with pytest.raises(DataError, match="too few for the 240 words"):
        do("train", "--resume", run=where["out"])


# Divergence


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("loss", ["negative", "hierarchical", "softmax"])
def test_a_loss_that_is_not_a_number_ends_training_and_what_was_good_stays(do, new_run, checkpoint, loss, deterministic):
    where = new_run()
    with pytest.raises(DivergedError, match=r"Training diverged at step \d+: .* train again with a lower --lr") as caught:
        do("train", "word2vec", **where, **SMALL | {"deterministic": deterministic}, lr=1e30, loss=loss, save_every=1e-9)
    assert caught.value.exit_code == 4
    tensors, _ = checkpoint(where["out"])
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())
    folder = RunFolder(Path(where["out"]))
    assert not folder.read_state()["complete"]
    assert not folder.is_locked()
    assert all(np.isfinite(line["loss"]) for line in folder.events() if line["event"] == "step")


@pytest.mark.parametrize("lr", [1e20, 1e38])
@pytest.mark.parametrize("text", ["a b\n", "a b c a\n"])
@pytest.mark.parametrize("loss", ["negative", "hierarchical", "softmax"])
def test_the_very_last_update_can_diverge_too(do, new_run, checkpoint, loss, text, lr):
    """No later loss would show what it did."""
    where = new_run()
    Path(where["corpus"][0]).write_text(text)
    with suppress(DivergedError):
        do("train", "word2vec", **where, **SMALL | {"epochs": 1, "subsample": 0.0, "window": 1, "loss": loss, "lr": lr})
    tensors, _ = checkpoint(where["out"])
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())
