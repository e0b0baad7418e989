"""Stopping and going on: Ctrl-C, signals, time limits, stop from elsewhere, kill -9."""

import os
import re
import shlex
import signal
import subprocess
import time

import numpy as np
import pytest

from tests.cli.program import ENDLESS, LONG, SCRIPT, SMALL, json_events, kill, last_checkpoint, stderr_lines, under_way

# One update that takes minutes: each error goes back 6000 of 12000 steps, in a backward pass of its own.
SLOW = ("--hidden", "32", "--batch", "1", "--steps", "12000", "--bptt-truncate", "6000", "--validation", "0", "--threads", "1")


@pytest.fixture
def type_line(tmp_path):
    """Run a printed line as a person would who pastes it into a shell; `seqterm` is the installed program."""

    def call(line):
        path = f"{SCRIPT.parent}{os.pathsep}{os.environ['PATH']}"
        variables = {**os.environ, "PATH": path}
        return subprocess.run(line, shell=True, capture_output=True, env=variables, cwd=tmp_path, timeout=120, check=False)

    return call


def resume_line(notes):
    """The command that a stopped training printed."""
    return re.search(r"Go on with: (.+)", notes)[1]


def assert_same(tensors, expected):
    assert tensors.keys() == expected.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(tensor, expected[name], err_msg=name)


@pytest.fixture
def train(start, corpus):
    """A training that is under way."""
    return lambda *words: under_way(start("train", "gru", corpus, *words))


def test_ctrl_c_ends_with_130_and_a_line_that_completes_the_run_bit_for_bit(train, type_line, home, unbroken):
    process = train(*LONG, "-o", "long")
    process.send_signal(signal.SIGINT)
    output, notes = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output == "long\n"
    done = type_line(resume_line(notes))
    assert done.returncode == 0
    assert_same(last_checkpoint(home / "runs" / "long"), unbroken)


def test_a_killed_training_goes_on_from_its_last_checkpoint(train, seqterm, home, unbroken):
    kill(train(*LONG, "--save-every", "0.05s", "-o", "long"))
    done = seqterm("train", "--resume", "long")
    assert done.returncode == 0
    assert_same(last_checkpoint(home / "runs" / "long"), unbroken)


def test_terminate_is_like_ctrl_c(train):
    process = train(*ENDLESS, "-o", "ended")
    process.send_signal(signal.SIGTERM)
    output, notes = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, "ended\n")
    assert resume_line(notes) == "seqterm train --resume ended"


def test_stop_from_another_process_ends_training_with_0(train, seqterm):
    process = train(*ENDLESS, "-o", "asked")
    assert seqterm("stop", "asked").returncode == 0
    _, notes = process.communicate(timeout=60)
    assert process.returncode == 0
    assert resume_line(notes) == "seqterm train --resume asked"


def test_a_wish_to_stop_ends_with_the_training_that_it_stopped(seqterm, corpus):
    seqterm("train", "lstm", corpus, *ENDLESS, "--time-limit", "0.001s", "-o", "asked")
    seqterm("stop", "asked")
    done = seqterm("train", "--resume", "asked", "--time-limit", "1s")
    assert "time limit" in stderr_lines(done)[-1]


def test_a_time_limit_stops_with_0_and_a_line_to_go_on(seqterm, corpus):
    done = seqterm("train", "lstm", corpus, *ENDLESS, "--time-limit", "1s", "-o", "limited")
    assert done.returncode == 0
    assert done.stdout == b"limited\n"
    assert resume_line(done.stderr.decode()) == "seqterm train --resume limited"


def test_the_line_to_go_on_works_for_a_path_with_a_space(seqterm, type_line, corpus, tmp_path):
    done = seqterm("train", "lstm", corpus, *SMALL, "--epochs", "1", "--time-limit", "0.001s", "-o", "my run/one", cwd=tmp_path)
    line = resume_line(done.stderr.decode())
    assert shlex.split(line) == ["seqterm", "train", "--resume", "my run/one"]
    assert type_line(line).returncode == 0


def test_quiet_still_says_how_to_go_on(start, corpus):
    process = start("train", "lstm", corpus, *ENDLESS, "--quiet", "--time-limit", "0.5s", "-o", "limited")
    _, notes = process.communicate(timeout=60)
    assert resume_line(notes) == "seqterm train --resume limited"


def test_jsonl_ends_with_the_line_to_go_on(start, corpus):
    process = start("train", "lstm", corpus, *ENDLESS, "--jsonl", "-o", "events")
    next(line for line in process.stdout if '"validation"' in line)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    last = json_events(output.splitlines()[-1].encode())[0]
    assert (last["event"], last["reason"], last["resume"]) == ("stopped", "interrupted", "seqterm train --resume events")


def test_a_second_ctrl_c_does_not_wait_for_the_step(start, corpus, home):
    corpus.write_text(corpus.read_text() * 20)
    process = start("train", "lstm", corpus, *SLOW, "--jsonl", "-o", "slow")
    next(line for line in process.stdout if '"saved"' in line)
    for _ in range(2):
        time.sleep(1.0)  # the step begins right after what was saved
        process.send_signal(signal.SIGINT)
    _, notes = process.communicate(timeout=15)  # the step takes far longer
    assert process.returncode == 130
    assert notes == "interrupted\n"
    assert [path.name for path in (home / "runs" / "slow" / "checkpoints").iterdir()] == ["0.safetensors"]


def test_ctrl_c_while_a_sample_is_drawn_ends_with_130(start, trained):
    process = start("sample", trained, "--length", str(10**9), bufsize=0, text=False)
    assert process.stdout.read(10)
    process.send_signal(signal.SIGINT)
    _, notes = process.communicate(timeout=60)
    assert (process.returncode, notes) == (130, b"")
