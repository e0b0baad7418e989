"""Sessions in this process, with runs that are trained once."""

import shutil

import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.repl.talk import Talk
from tests.conftest import TEXT


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """A folder with the runs hen, over letters, words, over words, and vectors; not to be changed."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "corpus.txt").write_text(TEXT)
    tiny = {"hidden": 12, "embedding": 8, "batch": 4, "steps": 16, "epochs": 2, "sample_length": 0, "threads": 1}

    def train(model, out, **values):
        command = build(COMMANDS["train", model], {"corpus": (str(folder / "corpus.txt"),), "out": str(folder / out), **values})
        list(run(command, Session()))

    train("elman", "hen", **tiny)
    train("elman", "words", tokens="space", **tiny)
    train("word2vec", "vectors", dim=4, min_count=1, epochs=1, threads=1)
    return folder


@pytest.fixture
def talk(home, runs):
    """A session with hen loaded, whose seed is 1."""
    shutil.copytree(runs / "hen", home / "runs" / "hen")
    shutil.copytree(runs / "words", home / "runs" / "words")
    shutil.copytree(runs / "vectors", home / "runs" / "vectors")
    made = Talk(Session(holds=True))
    made.load("hen")
    made.sampling = {"seed": 1, "length": 20}
    return made


@pytest.fixture
def say(talk, capsys):
    """say(line) -> what it writes to standard output."""

    def call(line):
        capsys.readouterr()
        talk.do(line)
        return capsys.readouterr().out

    return call
