"""Processes and pseudo-terminals to run the program in, and runs that are trained once."""

import signal
import subprocess

import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import TrainLstm
from seqterm.app.run import run
from seqterm.app.session import Session
from tests.cli.program import LONG, PROGRAM, kill, last_checkpoint, popen, spawn
from tests.conftest import TEXT


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The path of an LSTM that has learned its sentences; not to be changed."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "corpus.txt").write_text(TEXT)
    settings = {"hidden": 24, "embedding": 8, "batch": 4, "steps": 16, "epochs": 40, "lr": 1e-2, "sample_length": 0, "threads": 2}
    command = build(TrainLstm, {"corpus": (str(folder / "corpus.txt"),), "out": str(folder / "run"), **settings})
    list(run(command, Session()))
    return folder / "run"


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory):
    """The last checkpoint of a training with the settings LONG that nothing stopped."""
    folder = tmp_path_factory.mktemp("unbroken")
    (folder / "corpus.txt").write_text(TEXT)
    words = ["train", "gru", folder / "corpus.txt", *LONG, "--quiet", "-o", folder / "run"]
    subprocess.run([*PROGRAM, *words], check=True, capture_output=True, timeout=120)
    return last_checkpoint(folder / "run")


@pytest.fixture
def start():
    """start("train", ...) starts the program as a process in pipes; what still runs at the end is killed."""
    processes = []

    def call(*words, **details):
        processes.append(popen(*words, **details))
        return processes[-1]

    yield call
    for process in processes:
        kill(process)


@pytest.fixture
def terminal():
    """terminal("train", ...) starts the program on a pseudo-terminal of 40 lines of 120 characters."""
    children = []

    def call(*words, env=None, program=PROGRAM):
        children.append(spawn([*program, *map(str, words)], env))
        return children[-1]

    yield call
    for child in children:
        child.kill(signal.SIGKILL)
        child.close()
