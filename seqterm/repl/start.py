"""Starts a session: at a terminal with an editor, in a pipe as a script."""

import signal
import sys
from types import FrameType

from seqterm.app.commands.session import Repl
from seqterm.app.session import Session
from seqterm.errors import INTERRUPTED
from seqterm.faces import notes, output
from seqterm.faces.answer import interruptible
from seqterm.repl.lines import family
from seqterm.repl.talk import Talk

TERMINATED = 128 + signal.SIGTERM


def start(command: Repl) -> int:
    """-> exit code: 1 where a line of a script failed."""
    talk = Talk(Session(holds=True))
    for run in command.runs:
        family(run)  # a run that is not there ends the program
    talk.runs, talk.run = list(command.runs), next(iter(command.runs), None)
    talk.script = [*(f"/load {run}" for run in command.runs), *([f"/with {talk.run}"] if len(command.runs) > 1 else [])]
    interruptible(talk.session)
    _leave_when_terminated(talk)
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty():
        from seqterm.repl.screen import converse

        return converse(talk, command.keys)
    return script(talk, command.strict)


def _leave_when_terminated(talk: Talk) -> None:
    """What runs stops cleanly, where it can, and the session ends."""

    def ask(signum: int, frame: FrameType | None) -> None:
        if talk.leaving or not talk.session.stoppable:
            raise SystemExit(TERMINATED)
        talk.session.stop = talk.leaving = True

    signal.signal(signal.SIGTERM, ask)


def attempt(talk: Talk, line: str, where: str = "") -> bool | None:
    """Do a line, say what went wrong; -> whether it went well, None where it was interrupted."""
    try:
        return None if talk.do(line) == INTERRUPTED else True
    except KeyboardInterrupt:
        notes.note("interrupted")
        return None
    except BrokenPipeError:
        raise
    except Exception as error:
        notes.note(f"seqterm: {where}{notes.sentence(error)}")
        return False
    finally:
        talk.session.stop = talk.session.stoppable = False


def script(talk: Talk, strict: bool) -> int:
    """Every line of standard input, blank ones too."""
    code = 0
    try:
        for number, raw in enumerate(sys.stdin.buffer if sys.stdin is not None else (), 1):
            line = raw.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
            done = attempt(talk, line, f"line {number}: ")
            if done is None:
                return INTERRUPTED
            code = code if done else 1
            if talk.leaving or (strict and not done):
                break
    except BrokenPipeError:
        output.close_quietly()
    return code
