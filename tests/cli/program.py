"""The program as a user starts it, sizes for its trainings, and what to read from its results."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pexpect
import safetensors.numpy

PROGRAM = [sys.executable, "-m", "seqterm"]
SCRIPT = Path(sys.executable).with_name("seqterm")  # what installing puts beside the interpreter
SMALL = ("--hidden", "12", "--embedding", "8", "--batch", "4", "--steps", "16", "--threads", "2", "--sample-length", "20")
# Some seconds of training in which a stop has everything to lose: dropout, moments, a carried state.
LONG = (
    *("--hidden", "24", "--layers", "2", "--dropout", "0.3", "--batch", "8", "--steps", "16", "--threads", "2"),
    *("--epochs", "200", "--validate-every", "50", "--sample-length", "0"),
)
ENDLESS = (*SMALL, "--epochs", "100000000", "--validate-every", "100")
SCREEN_VARIABLES = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE")


def last_checkpoint(path):
    """{name: tensor} of a run's last checkpoint, the optimiser's moments and the carried state among them."""
    state = json.loads((path / "state.json").read_bytes())
    return safetensors.numpy.load_file(path / "checkpoints" / state["last"])


def json_events(output):
    """The objects on the lines of an output."""
    return [json.loads(line) for line in output.decode().splitlines()]


def stderr_lines(done):
    return done.stderr.decode().splitlines()


def popen(*words, **details):
    """A process in pipes, whose output is read as text."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*PROGRAM, *map(str, words)], **{**pipes, **details})


def under_way(process):
    """Wait for a training's first validation, after which it has done one step in many; -> the process."""
    for line in process.stderr:
        if "validation" in line:
            return process
    raise AssertionError(f"training ended early with {process.wait()}")


def kill(process):
    process.kill()
    process.communicate()


def spawn(words, env=None, cwd=None, columns=120):
    """A process on a pseudo-terminal of 40 lines."""
    variables = {name: value for name, value in os.environ.items() if name not in SCREEN_VARIABLES}
    variables |= {"TERM": "xterm-256color", **(env or {})}
    return pexpect.spawn(words[0], words[1:], env=variables, cwd=cwd, dimensions=(40, columns), timeout=60)


def rest_of_screen(child):
    """All that a child on a terminal writes up to its end, with line ends as in a pipe; -> bytes, exit code."""
    child.expect(pexpect.EOF)
    child.close()
    return child.before.replace(b"\r\n", b"\n"), child.exitstatus
