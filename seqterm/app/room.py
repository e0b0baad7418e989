"""What is done where the memory of a GPU is full."""

from collections.abc import Callable, Iterator

from seqterm.app.commands import Command
from seqterm.app.session import Session
from seqterm.errors import DeviceError, DeviceMemoryError
from seqterm.events import Event, Note
from seqterm.text.corpus import streams_read

FLAGS = "batch", "steps", "hidden", "dim", "samples", "contexts"  # that take memory, of whatever command has them
Begin = Callable[[], Iterator[Event]]


def with_room(
    command: Command, session: Session, begin: Begin, saved: Callable[[], Iterator[Event] | None] | None = None
) -> Iterator[Event]:
    """What `begin` gives; where a GPU that nobody insisted on has not enough memory, the processor goes on.

    It begins anew, which cannot be done after a stream has been read, nor after something has been given, unless a run is what is
    made: `saved` gives what goes on from that, None as long as there is nothing to go on from.
    """
    given, read = False, streams_read()
    try:
        for event in begin():
            given = True
            yield event
        return
    except DeviceError as error:
        if isinstance(error, DeviceMemoryError):
            error.flags = tuple(f"--{name}" for name in FLAGS if hasattr(command, name))
        if session.insists:
            raise
        session.device = "cpu"
        events = saved() if saved else None
        if events is None:
            if streams_read() > read or (given and not saved):
                raise
            events = begin()
        note = Note(f"{error} The processor goes on.")
    yield note
    yield from events
