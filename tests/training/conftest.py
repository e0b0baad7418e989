"""What the tests of training share: commands stopped in the middle, and a run's whole state to compare."""

from pathlib import Path

import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.app.run import run
from seqterm.events import Step
from seqterm.store.run_folder import RunFolder


@pytest.fixture
def begin(session):
    """begin("train", "lstm", ...) -> the iterator of events, for whoever wants to leave in the middle."""

    def call(*path, **values):
        return run(build(COMMANDS[path], values), session)

    return call


@pytest.fixture
def stop_at(session):
    """stop_at(events, step) takes events up to a step and there asks for a stop; -> all that came."""

    def call(events, step):
        taken = []
        for event in events:
            taken.append(event)
            if isinstance(event, Step) and event.step == step:
                session.stop = True
        session.stop = False
        return taken

    return call


@pytest.fixture
def checkpoint():
    """checkpoint(run, "last") -> {tensor: array} with weights, moments and the carried state; and the counters."""

    def call(path, which="last"):
        return RunFolder(Path(path)).load_checkpoint(which)

    return call


@pytest.fixture
def losses():
    """losses(run) -> what events.jsonl says about every step and validation, times and speeds aside."""

    def call(path):
        names = ("event", "step", "epoch", "loss", "gradient_norm", "learning_rate", "training_loss", "validation_loss", "best")
        told = [event for event in RunFolder(Path(path)).events() if event["event"] in ("step", "validation")]
        return [{name: event[name] for name in names if name in event} for event in told]

    return call


@pytest.fixture
def worsening(tmp_path):
    """Text and held-out text such that the better the one is known, the worse the other is predicted."""
    text, held_out = tmp_path / "a.txt", tmp_path / "b.txt"
    text.write_text("ab" * 400)
    held_out.write_text("ba" + "bbaa" * 20)
    return {"corpus": (str(text),), "validation": str(held_out), "lr": 0.02}
