"""Watching runs of every family, as their logs grow."""

import json
import os

import numpy as np
import pytest
from rich.console import Console

from seqterm.app.commands import Watch
from seqterm.app.detached import log_path
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.app.watch import SAMPLES, RunReader, thinned
from seqterm.errors import DataError
from seqterm.events import CaughtUp, Finished, Started, Step, Stopped, TrainingSample, Validation
from seqterm.render.thinning import STRETCHES
from seqterm.render.training import TrainingView
from seqterm.store.run_folder import RunFolder
from tests.conftest import TINY, wave

TRAININGS = {
    "lstm": TINY,
    "ngram": {"order": 3},
    "hmm": {"states": 3, "epochs": 4, "restarts": 2},
    "word2vec": {"min_count": 1, "dim": 8, "epochs": 2},
    "glove": {"min_count": 1, "dim": 8, "epochs": 2},
    "ar": {"lags": 3},
    "rnn-ar": {"epochs": 3},
}


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def logged(path, *rows):
    with (path / "events.jsonl").open("a") as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows))


def step(number, loss=1.0, time=0.0):
    return {
        "event": "step", "step": number, "epoch": 1, "loss": loss, "gradient_norm": None, "learning_rate": None,
        "tokens_per_second": 9.0, "time": time,
    }  # fmt: skip


@pytest.mark.parametrize("model", TRAININGS)
def test_every_family_can_be_watched(do, corpus, tmp_path, model):
    path = tmp_path / "run"
    text = {"data": wave(tmp_path / "wave.csv")} if model.endswith("ar") else {"corpus": (str(corpus),)}
    trained = do("train", model, **text, out=str(path), **TRAININGS[model])
    seen = do("watch", run=str(path))
    assert isinstance(seen[-1], CaughtUp)
    for kind in (Started, Step, Validation, Finished):
        assert of(seen, kind) == of(trained, kind)
    assert of(seen, TrainingSample) == of(trained, TrainingSample)
    view = TrainingView()
    for event in seen:
        view.take(event)
    for width in (20, 40, 120):
        Console(width=width, quiet=True).print(view.render(width))


def test_many_steps_keep_their_extremes():
    losses = np.random.default_rng(1).normal(size=300_000)
    losses[[70_000, 200_000]] = 99, -99
    rows = [step(i + 1, loss) for i, loss in enumerate(losses.tolist())]
    kept = thinned(rows, "loss")
    assert len(kept) <= 2 * STRETCHES + 2
    assert [row["step"] for row in kept] == sorted({row["step"] for row in kept})
    assert {1, 70_001, 200_001, 300_000} <= {row["step"] for row in kept}
    for stretch in range(0, 300_000, 300_000 // STRETCHES):
        part = losses[stretch : stretch + 300_000 // STRETCHES]
        shown = [row["loss"] for row in kept if stretch < row["step"] <= stretch + 300_000 // STRETCHES]
        assert (min(shown), max(shown)) == (part.min(), part.max())


def test_losses_that_are_no_numbers_are_no_extremes():
    rows = [step(i, None if i % 2 else float(i)) for i in range(10_000)]
    assert {row["loss"] for row in thinned(rows, "loss")[1:-1]}.isdisjoint({None})


def test_a_run_that_goes_on_is_followed(tiny_run):
    started = json.loads((tiny_run / "events.jsonl").read_text().split("\n")[0])
    (tiny_run / "events.jsonl").write_text(json.dumps(started) + "\n")
    session = Session()
    events = run(Watch(run=str(tiny_run)), session)
    assert isinstance(next(event for event in events if isinstance(event, CaughtUp)), CaughtUp)
    logged(tiny_run, step(1, time=1.0), step(2, time=2.0))
    assert [event.step for event in (next(events), next(events))] == [1, 2]
    assert next(events).training is False
    logged(tiny_run, {"event": "stopped", "run": "tiny", "step": 2, "reason": "interrupted", "resume": "x", "time": 2.0})
    assert [type(event) for event in events] == [Stopped, CaughtUp]


def test_steps_of_older_runs_have_no_norms_of_layers(do, tiny_run):
    logged(tiny_run, step(1000))
    assert of(do("watch", run=str(tiny_run), once=True), Step)[-1].layer_norms == {}


def test_a_run_whose_text_is_still_read_is_waited_for(tmp_path):
    folder = RunFolder.create(tmp_path / "long")
    folder.lock()
    try:
        assert list(run(Watch(run=str(folder.path), once=True), Session())) == [CaughtUp(True, None)]
        events = run(Watch(run=str(folder.path)), Session())
        assert next(events) == CaughtUp(True, None)
    finally:
        folder.unlock()
    with pytest.raises(DataError, match="was removed while it was watched"):
        list(events)


def test_what_no_process_trains_can_be_gone_on_with(tiny_run):
    (tiny_run / "events.jsonl").write_text((tiny_run / "events.jsonl").read_text().split("\n")[0] + "\n")
    (end,) = of(run(Watch(run=str(tiny_run), once=True), Session()), CaughtUp)
    assert (end.resume, end.failure) == (f"seqterm train --resume {tiny_run}", "")


def test_a_failure_from_before_is_no_failure_of_now(tiny_run):
    log = log_path(tiny_run)
    log.parent.mkdir(parents=True)
    log.write_text("$ seqterm train ...\nseqterm: The cat sleeps.\n")
    last = (tiny_run / "events.jsonl").stat().st_mtime
    (tiny_run / "events.jsonl").write_text((tiny_run / "events.jsonl").read_text().split("\n")[0] + "\n")
    for later, failure in ((1, "The cat sleeps."), (-1, "")):
        os.utime(tiny_run / "events.jsonl", (last, last))
        os.utime(log, (last + later, last + later))
        (end,) = of(run(Watch(run=str(tiny_run), once=True), Session()), CaughtUp)
        assert end.failure == failure


def test_a_burst_is_caught_up_with_once(tiny_run):
    logged(tiny_run, *(step(i) for i in range(1000, 51_000)))
    seen = list(run(Watch(run=str(tiny_run), once=True), Session()))
    assert len(of(seen, CaughtUp)) == 1
    assert len(of(seen, Step)) < 3 * STRETCHES


def test_of_very_many_samples_the_newest_are_given(do, tiny_run):
    with (tiny_run / "samples.jsonl").open("a") as file:
        file.write("".join(json.dumps({"event": "training_sample", "step": i, "text": "hen"}) + "\n" for i in range(2000)))
    seen = of(do("watch", run=str(tiny_run), once=True), TrainingSample)
    assert [event.step for event in seen] == list(range(2000 - SAMPLES, 2000))


def test_the_time_left_is_by_the_log(tiny_run):
    started = json.loads((tiny_run / "events.jsonl").read_text().split("\n")[0]) | {"steps": 100}
    (tiny_run / "events.jsonl").write_text(json.dumps(started) + "\n")
    logged(tiny_run, step(10, time=5.0), step(20, time=25.0))
    folder = RunFolder(tiny_run)
    folder.lock()
    try:
        (end,) = of(run(Watch(run=str(tiny_run), once=True), Session()), CaughtUp)
    finally:
        folder.unlock()
    assert (end.training, end.left) == (True, 160.0)


def test_a_view_forgets_what_a_resumed_run_undid():
    view = TrainingView()
    started = Started("r", "lstm", 1, 1, 1, 1, 1, 0, 100)
    for event in (started, Step(10, 1, 2.0, None, None, 1.0), Step(20, 1, 2.0, None, None, 1.0), Stopped("r", 20, "x", "y")):
        view.take(event)
    view.take(Started("r", "lstm", 1, 1, 1, 1, 1, 10, 100))
    assert [event.step for event in view.steps] == [10]
    assert not view.ended


@pytest.mark.parametrize("line", ["hen", "3", '{"event":"step"}', '{"a":1}'])
def test_a_damaged_log_is_named(do, tiny_run, line):
    with (tiny_run / "events.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(DataError, match=r"events.jsonl is damaged"):
        do("watch", run=str(tiny_run), once=True)


def test_a_run_that_is_removed_is_named(tiny_run):
    (tiny_run / "events.jsonl").write_text("")
    events = run(Watch(run=str(tiny_run)), Session())
    next(events)
    (tiny_run / "config.json").unlink()
    with pytest.raises(DataError, match="was removed while it was watched"):
        list(events)


def test_a_watch_that_nobody_wants_any_more_reads_no_further(tiny_run, monkeypatch):
    monkeypatch.setattr("seqterm.store.event_log.CHUNK", 1000)
    logged(tiny_run, *(step(i) for i in range(1000, 2000)))
    seen = list(RunReader(RunFolder(tiny_run), stopped=lambda: True).read())
    assert of(seen, Started)
    assert not of(seen, Step)
