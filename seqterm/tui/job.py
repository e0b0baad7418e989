"""A command that runs beside the screen, in a thread of its own; its events are fetched in bunches."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import copy_context

from seqterm.app.commands import Command
from seqterm.app.session import Session
from seqterm.events import Event

MOST = 2_000  # events that wait to be fetched; then the command waits


class Job:
    """`ready` is called from the thread when something waits to be fetched after all had been.

    Pulling an event is what makes a command go on: a paused job does nothing, and `step` lets it come to its next event.
    `delay`: seconds from one event to the next.  A job made in a block of `text.corpus.given_input` has it for its own.
    """

    def __init__(self, command: Command, session: Session, ready: Callable[["Job"], None], delay: float = 0.0):
        self.command, self.session, self.delay = command, session, delay
        self.error: BaseException | None = None
        self.ended = False  # and nothing will come any more
        self._ready, self._waiting = ready, deque[Event]()
        self._changed = threading.Condition()
        self._stopped = self._told = False
        self._allowed: float = float("inf")  # events that may be pulled
        self._thread = threading.Thread(target=copy_context().run, args=(self._work,), name=type(command).__name__, daemon=True)

    def start(self) -> "Job":
        self._thread.start()
        return self

    def fetch(self, most: int = MOST) -> list[Event]:
        """What has come since, or the first of it."""
        with self._changed:
            events = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._told = bool(self._waiting)
            self._changed.notify_all()
        return events

    @property
    def has_more(self) -> bool:
        """Whether something waits to be fetched, which is not told again."""
        return bool(self._waiting)

    @property
    def paused(self) -> bool:
        return self._allowed < float("inf")

    def pause(self) -> None:
        with self._changed:
            self._allowed = 0

    def go_on(self) -> None:
        self._allow(float("inf"))

    def step(self, events: int = 1) -> None:
        self._allow(events)

    def _allow(self, events: float) -> None:
        with self._changed:
            self._allowed = events
            self._changed.notify_all()

    def stop(self) -> None:
        """Ask the command to end cleanly."""
        with self._changed:
            self._stopped = self.session.stop = True
            self._changed.notify_all()

    def join(self, seconds: float) -> bool:
        """Whether the thread has ended by then."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        from seqterm.app.run import run

        try:
            events = run(self.command, self.session)
            while self._may_go_on() and (event := next(events, None)) is not None:
                self._add(event)
            if self._stopped:
                self._finish(events)
        except BaseException as error:
            self.error = error
        self.ended = True
        self._tell()

    def _may_go_on(self) -> bool:
        """Waits while the job is paused or too far ahead; whether there is still somebody who wants to know."""
        with self._changed:
            if self.delay and self._allowed == float("inf"):
                self._changed.wait_for(lambda: self._stopped, self.delay)
            self._changed.wait_for(lambda: self._stopped or (self._allowed >= 1 and len(self._waiting) < MOST))
            self._allowed -= 1
            return not self._stopped

    def _finish(self, events: Iterator[Event]) -> None:
        """A command that has been asked to stop says how it ends, if it is one that listens."""
        self.session.stop = True  # whatever a command that was only just begun has made of it
        while self.session.stoppable and (event := next(events, None)) is not None:
            self._add(event)

    def _add(self, event: Event) -> None:
        with self._changed:
            self._waiting.append(event)
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            tell, self._told = not self._told, True
        if tell:
            self._ready(self)
