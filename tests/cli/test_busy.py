"""A run that another process is training."""

import os

import pytest

from tests.cli.program import ENDLESS, kill, popen, stderr_lines, under_way
from tests.conftest import TEXT


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    """A process that trains the run `busy` all the while; -> the process, and the home of the run."""
    folder = tmp_path_factory.mktemp("training")
    (folder / "corpus.txt").write_text(TEXT)
    variables = {**os.environ, "SEQTERM_HOME": str(folder / "home")}
    process = popen("train", "lstm", folder / "corpus.txt", *ENDLESS, "-o", "busy", env=variables)
    yield under_way(process), folder / "home"
    kill(process)


@pytest.fixture(autouse=True)
def at_its_home(training, home, monkeypatch):
    monkeypatch.setenv("SEQTERM_HOME", str(training[1]))


def test_a_second_writer_is_refused(training, seqterm):
    done = seqterm("train", "--resume", "busy")
    assert done.returncode == 1
    (line,) = stderr_lines(done)
    assert line == "seqterm: Another process is training busy: wait for it, or `seqterm stop busy`."
    assert training[0].poll() is None


def test_the_run_is_not_removed(training, seqterm):
    done = seqterm("runs", "rm", "busy")
    assert done.returncode == 1
    assert stderr_lines(done) == ["seqterm: busy is being trained: `seqterm stop busy` first."]
    assert (training[1] / "runs" / "busy" / "state.json").exists()


def test_the_run_is_listed_as_training(seqterm):
    assert " training " in seqterm("runs", "list").stdout.decode()


def test_the_run_can_be_sampled(seqterm):
    assert seqterm("sample", "busy", "--length", "5").returncode == 0


def test_the_run_can_be_shown(seqterm):
    assert "complete           False" in seqterm("info", "busy").stdout.decode()
