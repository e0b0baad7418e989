"""The workbench on a pseudo-terminal, from its start to its end."""

import os
import pty
import signal
import time

import pexpect
import pytest

from tests.cli.program import PROGRAM, spawn

KEYS = {"Ctrl-Q": "\x11", "F10": "\x1b[21~"}


@pytest.fixture
def child(home):
    child = spawn(PROGRAM, {"SEQTERM_HOME": str(home)})
    child.expect("There is no run yet")
    yield child
    child.close(force=True)


@pytest.mark.parametrize("key", KEYS)
def test_both_keys_leave_and_give_the_terminal_back(child, key):
    child.send(KEYS[key])
    child.expect(pexpect.EOF)
    assert b"\x1b[?1049l" in child.before  # the other screen
    child.close()
    assert child.exitstatus == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_gives_the_terminal_back(child, number):
    child.kill(number)
    child.expect(pexpect.EOF)
    assert b"\x1b[?1049l" in child.before
    child.close()
    assert child.exitstatus == 0


def test_a_terminal_that_is_closed_ends_the_process(home):
    pid, terminal = pty.fork()
    if not pid:
        os.execvpe(PROGRAM[0], PROGRAM, {**os.environ, "SEQTERM_HOME": str(home), "TERM": "xterm-256color"})
    while b"no run yet" not in os.read(terminal, 1 << 16):
        pass
    os.close(terminal)
    end = time.monotonic() + 30
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_command_tui_opens_it_too(home):
    child = spawn([*PROGRAM, "tui"], {"SEQTERM_HOME": str(home)})
    child.expect("There is no run yet")
    child.send(KEYS["F10"])
    child.expect(pexpect.EOF)


def test_without_a_terminal_there_is_no_workbench(seqterm):
    for words in ([], ["tui"]):
        done = seqterm(*words)
        assert done.returncode == 2
        assert done.stdout == b""
    assert b"terminal" in done.stderr
