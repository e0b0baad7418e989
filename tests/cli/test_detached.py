"""Trainings in processes of their own."""

import os
import signal
import time

import pytest

from seqterm.app.detached import log_path
from seqterm.store.run_folder import RunFolder
from tests.cli.program import ENDLESS, PROGRAM, SMALL, json_events, last_checkpoint, rest_of_screen, stderr_lines
from tests.cli.test_settings import assert_same, config

SECONDS = 60.0  # that a process may take, at most


def wait_for(condition):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def detach(seqterm):
    """detach("train", ...) -> its event; what still runs at the end is killed."""
    processes = []

    def call(*words, **details):
        done = seqterm(*words, "--detach", "--jsonl", **details)
        assert done.returncode == 0, done.stderr
        (event,) = json_events(done.stdout)
        processes.append(event["process"])
        return event

    yield call
    for process in processes:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


def trains(path):
    return RunFolder(path).is_locked()


def test_the_name_comes_at_once_and_the_training_goes_on(detach, seqterm, corpus, home):
    event = detach("train", "gru", corpus, *ENDLESS, "-o", "own")
    run = home / "runs" / "own"
    assert (event["event"], event["run"], event["log"]) == ("detached", "own", str(log_path(run)))
    assert trains(run)
    watched = json_events(seqterm("watch", "own", "--once", "--jsonl").stdout)
    assert watched[0]["event"] == "started"
    assert watched[-1]["training"]
    assert seqterm("runs", "rm", "own").returncode == 1
    assert seqterm("stop", "own").returncode == 0
    wait_for(lambda: not trains(run))
    assert json_events(run.joinpath("events.jsonl").read_bytes())[-1]["event"] == "stopped"


def test_what_a_person_reads(seqterm, corpus, home):
    done = seqterm("train", "lstm", corpus, *SMALL, "--epochs", "1", "--detach", "-o", "my run")
    assert done.stdout == b"my run\n"
    (note,) = stderr_lines(done)
    assert "`seqterm watch 'my run'`" in note
    assert str(log_path(home / "runs" / "my run")) in note
    wait_for(lambda: RunFolder(home / "runs" / "my run").read_state()["complete"])
    quiet = seqterm("train", "--resume", "my run", "--epochs", "2", "--detach", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, b"my run\n", b"")
    wait_for(lambda: not trains(home / "runs" / "my run"))


def test_it_outlives_its_terminal(terminal, seqterm, corpus, home):
    words = " ".join([*PROGRAM, "train", "lstm", str(corpus), *ENDLESS, "--detach", "-o", "own"])
    child = terminal(program=["/bin/sh", "-c", f"{words}; echo ready; cat"])
    child.expect_exact("ready")
    child.kill(signal.SIGHUP)
    child.close(force=True)
    run = home / "runs" / "own"
    assert trains(run)
    steps = run.joinpath("events.jsonl").stat().st_size
    wait_for(lambda: run.joinpath("events.jsonl").stat().st_size > steps)
    seqterm("stop", "own")
    wait_for(lambda: not trains(run))


def test_on_a_terminal_nothing_is_left_of_the_wait(terminal, corpus, home):
    child = terminal("train", "lstm", corpus, *SMALL, "--epochs", "1", "--detach", "-o", "own")
    screen, code = rest_of_screen(child)
    assert code == 0
    assert screen.endswith(b"own\n")
    wait_for(lambda: not trains(home / "runs" / "own"))


def test_weights_are_those_of_a_training_here_whatever_settings_files_say(detach, seqterm, corpus, home, tmp_path):
    """Defaults of files stay defaults, and those of a profile come along."""
    (tmp_path / "seqterm.toml").write_text(
        "[train]\ndetach = true\nepochs = 1\nbatch = 4\nsteps = 16\nthreads = 2\nsample-length = 0\n"
        "[profile.tiny.train]\nhidden = 12\nembedding = 64\n[train.lstm]\nhidden = 20\nembedding = 8\n"
    )
    words = ("train", "lstm", corpus, "--profile", "tiny")
    assert seqterm(*words, "--no-detach", "-o", "here", cwd=tmp_path).returncode == 0
    assert seqterm(*words, "-o", "own", cwd=tmp_path).returncode == 0  # as the file has it
    runs = home / "runs"
    wait_for(lambda: RunFolder(runs / "own").read_state()["complete"])
    assert_same(runs / "own", runs / "here")
    assert seqterm("train", "lstm", corpus, "--from", runs / "here", "-o", "tuned", cwd=tmp_path).returncode == 0
    wait_for(lambda: not trains(runs / "tuned"))
    assert config(runs / "tuned")["model_settings"]["hidden"] == 12


def test_a_resumed_run_reaches_the_same_weights(detach, seqterm, corpus, home):
    words = ("train", "gru", corpus, *SMALL, "--epochs", "6")
    assert seqterm(*words, "-o", "unbroken").returncode == 0
    seqterm(*words, "--time-limit", "0.001s", "-o", "own")
    detach("train", "--resume", "own")
    wait_for(lambda: RunFolder(home / "runs" / "own").read_state()["complete"])
    assert last_checkpoint(home / "runs" / "own").keys()
    assert_same(home / "runs" / "own", home / "runs" / "unbroken")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["lstm", "--hidden", "0"], 2, "--hidden must be at least 1, not 0."),
        (["lstm", "--tied"], 2, "--tied needs --embedding 128, as --hidden is 128."),
        (["lstm", "-o", "-x"], 2, "-o '-x' cannot be the name of a run."),
        (["nnlm", "--from", "nosuch"], 3, "There is no run at"),
    ],
)
def test_what_keeps_it_from_beginning_is_said_here(seqterm, corpus, home, words, code, says):
    done = seqterm("train", *words, corpus, "--detach")
    assert (done.returncode, done.stdout) == (code, b"")
    assert says in stderr_lines(done)[-1]
    assert not list((home / "runs").glob("*"))


def test_standard_input_stays_behind(seqterm):
    done = seqterm("train", "lstm", "-", "--detach", input=b"the hen")
    assert (done.returncode, stderr_lines(done)) == (
        2,
        ["seqterm: --detach leaves standard input behind: name a file instead of -."],
    )


def test_a_name_that_is_taken_is_refused_and_its_log_left_alone(detach, seqterm, corpus, home):
    detach("train", "lstm", corpus, *ENDLESS, "-o", "own")
    log = log_path(home / "runs" / "own")
    before = log.read_bytes()
    for words in (["train", "lstm", corpus, "-o", "own"], ["train", "--resume", "own"]):
        done = seqterm(*words, "--detach")
        assert done.returncode == 1
        assert stderr_lines(done)[-1].startswith("seqterm: Another process is training own")
    seqterm("stop", "own")
    wait_for(lambda: not trains(home / "runs" / "own"))
    done = seqterm("train", "lstm", corpus, "-o", "own", "--detach")
    assert (done.returncode, stderr_lines(done)[-1].endswith("remove it (`seqterm runs rm`).")) == (2, True)
    assert log.read_bytes().startswith(before)


def test_watching_shows_what_a_failed_training_said_and_how_to_go_on(detach, seqterm, corpus, home):
    detach("train", "elman", corpus, *SMALL, "--activation", "relu", "--optimizer", "sgd", "--lr", "1e30", "--clip-norm", "0",
           "-o", "own")  # fmt: skip
    run = home / "runs" / "own"
    wait_for(lambda: not trains(run))
    last = json_events(seqterm("watch", "own", "--once", "--jsonl").stdout)[-1]
    assert last["failure"].startswith("Training diverged at step 2")
    assert last["resume"] == "seqterm train --resume own"
    shown = seqterm("watch", "own").stdout.decode()
    assert "Training diverged at step 2" in shown
    assert "go on with: seqterm train --resume own" in shown
    assert seqterm("runs", "rm", "own").returncode == 0
    assert not log_path(run).exists()


def test_a_training_that_left_no_run_is_told_by_its_log(seqterm, home):
    for place in ("own", home / "elsewhere" / "own"):
        done = seqterm("train", "lstm", "nosuch", "-o", place, "--detach")
        assert done.returncode == 3
        watched = seqterm("watch", place)
        assert watched.returncode == 3
        assert stderr_lines(watched)[-1].startswith(f"seqterm: {place} could not be trained: There is no file nosuch")
