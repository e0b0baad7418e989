"""A training that `--detach` has started in this process: what it says goes to standard error, which is its log."""

import contextlib
import sys
from collections.abc import Iterator

from seqterm.app import arguments
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.errors import SeqtermError
from seqterm.events import Event, Started
from seqterm.faces import notes, output
from seqterm.faces.answer import interruptible
from seqterm.faces.training import training


def _telling(events: Iterator[Event]) -> Iterator[Event]:
    """Whoever waits at the other end of standard output is told that training has begun; nothing else goes there."""
    for event in events:
        if isinstance(event, Started):
            with contextlib.suppress(BrokenPipeError):
                output.write("begun\n")
            output.close_quietly()
        yield event


def main() -> int:
    """Train as the only argument says, a command in JSON; -> exit code."""
    session = Session()
    interruptible(session)
    try:
        command = arguments.from_json(sys.argv[1])
        notes.note(f"$ {arguments.line(command)}")
        return training(_telling(run(command, session)), quiet=False)
    except (Exception, KeyboardInterrupt) as error:
        notes.fail(error, debug=not isinstance(error, SeqtermError | KeyboardInterrupt))


if __name__ == "__main__":
    sys.exit(main())
