"""What every screen of the workbench has: the bar of screens, keys at the bottom, commands that run beside it."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from seqterm.app.commands import Command
from seqterm.events import Event, Note
from seqterm.tui.job import MOST, Job
from seqterm.tui.places import PLACES
from seqterm.tui.widgets import Keys

if TYPE_CHECKING:
    from seqterm.tui.app import Workbench

FRAME = 0.05  # seconds from one look at what has come to the next
BUSY = 0.02  # in which a screen takes what has come; then keys are answered
FIRST_BUNCH = 64  # events that it gets at first; then as many as it can take in that time
SIDE = 34  # columns of what stands beside, until somebody changes it
LEAST_SIDE = 20

Take = Callable[[list[Event]], None]
End = Callable[[BaseException | None], None]


class JobReady(Message):
    """Events wait."""

    def __init__(self, job: Job):
        super().__init__()
        self.job = job


class Bar(Static):
    """The screens by number and name, the names of the others only where there is room."""

    def __init__(self, current: str):
        super().__init__(id="bar")
        self._current = current

    def on_mount(self) -> None:
        self.on_resize()

    def on_resize(self) -> None:
        wide = self.app.size.width >= sum(len(f" {n} {place.title} ") for n, place in enumerate(PLACES, 1))
        parts = []
        for number, place in enumerate(PLACES, 1):
            name = f" {number} {place.title} " if wide or place.name == self._current else f" {number} "
            style = "bold reverse" if place.name == self._current else "$text-muted"
            parts.append(f"[{style} @click=app.go('{place.name}')]{name}[/]")
        self.update(Content.from_markup("".join(parts)))


class WorkScreen(Screen[None]):
    """A screen with `content`; NAME is its place's.

    `do` runs a command in a thread.  What it gives comes in lists, some times a second, however fast it is; notes and errors
    are shown, and errors written to the log file too.
    """

    NAME: ClassVar[str]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-middle"), (120, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("less_than_sign", "widen(-4)", "Narrower side", show=False),
        Binding("greater_than_sign", "widen(4)", "Wider side", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._jobs: dict[Job, tuple[Take, End]] = {}
        self._looked: dict[Job, float] = {}
        self._bunches: dict[Job, int] = {}
        self._quiet: set[Job] = set()

    @property
    def workbench(self) -> "Workbench":
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        yield Bar(self.NAME)
        yield from self.content()
        yield Keys()

    def content(self) -> Iterator[Widget]:
        raise NotImplementedError

    def on_mount(self) -> None:
        self.action_widen(0)

    def show_run(self, run: str) -> None:
        """Called when somebody chose this run, here or on another screen."""

    # Commands

    def do(
        self,
        command: Command,
        take: Take,
        end: End = lambda error: None,
        delay: float = 0.0,
        paused: bool = False,
        quiet: bool = False,
    ) -> Job:
        """Run a command; take(events) and end(error) are called here, and only while the screen stands.

        quiet: notes and errors are the caller's to show.
        """
        job = Job(command, self.workbench.session.beside(), self._ready, delay)
        if paused:
            job.pause()
        self._jobs[job] = take, end
        if quiet:
            self._quiet.add(job)
        self.workbench.jobs.add(job)
        return job.start()

    def drop(self, job: Job | None) -> None:
        """Stop a job whose events nobody wants any more."""
        if job is not None:
            self._jobs.pop(job, None)
            job.stop()

    def _ready(self, job: Job) -> None:
        with contextlib.suppress(RuntimeError):  # the workbench has been left
            self.post_message(JobReady(job))

    def on_job_ready(self, message: JobReady) -> None:
        wait = self._looked.get(message.job, 0.0) + FRAME - time.monotonic()
        if wait > 0:
            self.set_timer(wait, lambda: self._look(message.job))
        else:
            self._look(message.job)

    def _look(self, job: Job) -> None:
        self._looked[job] = time.monotonic()
        ended = job.ended  # asked first: what comes before the end is then among the events
        bunch = self._bunches.get(job, FIRST_BUNCH)
        events = job.fetch(bunch)
        take, end = self._jobs.get(job, (None, None))
        for event in events:
            if isinstance(event, Note) and take and job not in self._quiet:
                self.notify(event.text, markup=False)
        if take and events:
            self.workbench.settle()
            began = time.monotonic()
            take(events)
            each = max(1e-6, time.monotonic() - began) / len(events)
            self._bunches[job] = max(1, min(MOST, 2 * bunch, int(BUSY / each)))
        if job.has_more:
            self.set_timer(FRAME, lambda: self._look(job))
        elif ended:
            for of_jobs in (self._jobs, self._looked, self._bunches):
                of_jobs.pop(job, None)
            self.workbench.jobs.discard(job)
            if job.error and end and job not in self._quiet:
                self.workbench.report(job.error)
            self._quiet.discard(job)
            if end:
                end(job.error)

    def on_unmount(self) -> None:
        for job in list(self._jobs):
            self.drop(job)

    # The side

    def action_widen(self, columns: int) -> None:
        """Give what stands beside more columns, or fewer."""
        sides = self.query("#side")
        if sides:
            sizes = self.workbench.memory.setdefault("sides", {})
            most = max(LEAST_SIDE, self.app.size.width * 2 // 3)
            sizes[self.NAME] = max(LEAST_SIDE, min(most, sizes.get(self.NAME, SIDE) + columns))
            sides.first().styles.width = sizes[self.NAME]
