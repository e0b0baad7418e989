"""Runs of every family that a screen can show, trained once."""

import shutil

import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.app.run import run
from seqterm.app.session import Session
from tests.conftest import TEXT, wave

TINY = {"hidden": 12, "embedding": 8, "batch": 4, "steps": 16, "epochs": 2, "sample_length": 20, "threads": 1}


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder of runs, not to be changed: hen (letters) and words by an Elman network, gram, hidden, vectors, sold."""
    folder = tmp_path_factory.mktemp("workbench")
    (folder / "corpus.txt").write_text(TEXT)

    def train(model, out, **values):
        corpus = {} if model == "ar" else {"corpus": (str(folder / "corpus.txt"),)}
        list(run(build(COMMANDS["train", model], {**corpus, "out": str(folder / out), **values}), Session()))

    train("elman", "hen", keep_checkpoints=3, validate_every=10, **TINY)
    train("elman", "words", tokens="space", **TINY)
    train("ngram", "gram", order=3, tokens="space")
    train("hmm", "hidden", states=3, epochs=3)
    train("word2vec", "vectors", dim=4, min_count=1, epochs=1, threads=1)
    train("ar", "sold", data=wave(folder / "sold.csv"), lags=2)
    return folder


@pytest.fixture
def runs(home, trained):
    """The trained runs in the home of this test."""
    shutil.copytree(trained, home / "runs", dirs_exist_ok=True)
    return home / "runs"


@pytest.fixture(scope="session")
def cells(tmp_path_factory, trained):
    """A run of an LSTM of two layers, not to be changed."""
    out = tmp_path_factory.mktemp("cells") / "cells"
    corpus = (str(trained / "corpus.txt"),)
    list(run(build(COMMANDS["train", "lstm"], {"corpus": corpus, "out": str(out), **TINY, "layers": 2}), Session()))
    return out


@pytest.fixture
def lstm(runs, cells):
    """Its name, in the home of this test."""
    shutil.copytree(cells, runs / "cells")
    return "cells"
