"""Fixtures for all tests: a home of its own for every test, a tiny trained run, real data where it is there."""

import math
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.app.run import run
from seqterm.app.session import Session

# The same examples each time; others: --hypothesis-profile explore.  A first one may compile kernels.
settings.register_profile("explore", deadline=None)
settings.register_profile("seqterm", deadline=None, derandomize=True, database=None)
settings.load_profile("seqterm")

TEXT = "".join(f"the {colour} hen has {n} eggs.\n" for n in range(10) for colour in ("red", "white", "brown", "black"))
TINY = {"hidden": 12, "embedding": 8, "batch": 4, "steps": 16, "epochs": 2, "sample_length": 20, "threads": 2}


@pytest.fixture(scope="session", autouse=True)
def nobodys_settings(tmp_path_factory):
    """What the settings file of whoever runs the tests says is no matter here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEQTERM_CONFIG", str(tmp_path_factory.mktemp("config") / "seqterm.toml"))
        yield


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """SEQTERM_HOME beside the test's folder, where the log of samples has begun; compiled kernels are shared by all tests."""
    path = tmp_path.with_name(f"{tmp_path.name}-home")
    (path / "state").mkdir(parents=True)
    (path / "state" / "samples.sqlite").touch()
    monkeypatch.setenv("SEQTERM_HOME", str(path))
    monkeypatch.delenv("NO_COLOR", raising=False)
    return path


@pytest.fixture
def session():
    return Session()


@pytest.fixture
def corpus(tmp_path):
    """A small text file."""
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def do(session):
    """do("train", "lstm", corpus=(...,), out=...) runs a command through the one way in and gives its events."""

    def call(*path, **values):
        return list(run(build(COMMANDS[path], values), session))

    return call


@pytest.fixture
def tiny_run(do, corpus, tmp_path):
    """The path of a small trained LSTM run."""
    path = tmp_path / "tiny"
    do("train", "lstm", corpus=(str(corpus),), out=str(path), **TINY)
    return path


@pytest.fixture
def seqterm():
    """seqterm("info", "run") runs the program as a process, without a terminal; stdin is empty unless given."""

    def call(*words, env=None, input=b"", timeout=120, cwd=None):
        return subprocess.run(
            [sys.executable, "-m", "seqterm", *map(str, words)],
            input=input,
            capture_output=True,
            env={**os.environ, **(env or {})},
            timeout=timeout,
            cwd=cwd,
            check=False,
        )

    return call


@pytest.fixture(scope="session")
def real_data():
    """The folder of real data sets that SEQTERM_DATA names, or ../shared/data beside the checkout; skips where there is none."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("SEQTERM_DATA", beside))
    if not path.is_dir():
        pytest.skip(f"no data sets at {path}: set SEQTERM_DATA")
    return path


def wave(path, rows=96):
    """Write a series of months, with a season of 12; -> its path."""
    months = (f"{2000 + i // 12}-{i % 12 + 1:02}" for i in range(rows))
    values = (round(10 + 0.05 * i + 3 * math.sin(math.tau * i / 12) + (i * 7919 % 13) / 13, 3) for i in range(rows))
    path.write_text("month,sold\n" + "".join(f"{month},{value}\n" for month, value in zip(months, values, strict=True)))
    return str(path)


# A language of few sentences: who does what to whom matters, and a line depends on the one before.
LESSONS = ["dog bites man", "man walks dog", "she hits it with the bat", "they sail on the boat", "the cat does n't sleep"]
PAIRS = [("it rained today", "the grass is wet"), ("it was sunny today", "the grass is dry")]


@pytest.fixture(scope="session")
def word_run(tmp_path_factory):
    """The path of an LSTM over words that has learned LESSONS and PAIRS, a sentence a line; not to be changed."""
    folder = tmp_path_factory.mktemp("words")
    choose = random.Random(1)
    said = [line for _ in range(200) for line in (*choose.choice(PAIRS), choose.choice(LESSONS))]
    (folder / "corpus.txt").write_text("\n".join(said) + "\n")
    form = {"tokens": "word", "sentences": "line"}
    settings = {
        "hidden": 24,
        "embedding": 12,
        "batch": 4,
        "steps": 16,
        "epochs": 12,
        "lr": 1e-2,
        "sample_length": 0,
        "threads": 2,
    }
    command = build(
        COMMANDS["train", "lstm"], {"corpus": (str(folder / "corpus.txt"),), "out": str(folder / "run"), **form, **settings}
    )
    list(run(command, Session()))
    return folder / "run"
