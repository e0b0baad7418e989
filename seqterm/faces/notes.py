"""The only module that writes to standard error, and the owner of exit codes.

0 ok, 1 failure, 2 usage, 3 data or model file, 4 training diverged, 130 interrupted.
"""

import contextlib
import errno
import os
import sys
import traceback
from typing import NoReturn

from seqterm.errors import INTERRUPTED, SeqtermError, UsageError

HINT = "`--debug` shows where it happened."


def note(text: str) -> None:
    """A note that nobody can read any more is no reason to stop."""
    if sys.stderr is not None:
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


def is_terminal() -> bool:
    """Whether standard error is a terminal that can move its cursor."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def code_of(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return error.exit_code if isinstance(error, SeqtermError) else 1


def sentence(error: BaseException) -> str:
    """One clear sentence for an error of any kind."""
    if isinstance(error, SeqtermError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        what = error.strerror + (f" ({error.filename})" if error.filename else "")
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        return f"{what}: free some space; a run goes on from its last save with `seqterm train --resume`." if full else f"{what}."
    if isinstance(error, MemoryError):
        return "Out of memory: lower --batch, --steps or --hidden."
    return f"{type(error).__name__}: {error}. {HINT}"


def fail(error: BaseException, debug: bool) -> NoReturn:
    """Say what went wrong and end the process."""
    if debug:
        traceback.print_exception(error)
    note("interrupted" if isinstance(error, KeyboardInterrupt) else f"seqterm: {sentence(error)}")
    sys.exit(code_of(error))


def usage(error: Exception, message: str, debug: bool) -> NoReturn:
    """A command line that Click does not understand."""
    fail(UsageError(message).with_traceback(error.__traceback__), debug)
