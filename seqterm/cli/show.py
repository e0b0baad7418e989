"""Shows the events of a command: data on standard output, notes on standard error."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from seqterm.cli import notes, output, text
from seqterm.errors import INTERRUPTED
from seqterm.events import (
    Event,
    Finished,
    Note,
    Piece,
    Place,
    Removed,
    RunInfo,
    RunSummary,
    Sampled,
    Started,
    Step,
    Stopped,
    TrainingSample,
    Validation,
)
from seqterm.render.training import TrainingView, duration

PLAIN_SECONDS = 5.0  # between two step lines off a terminal
FRAME_SECONDS = 0.1  # between two frames of the live view


def jsonl(events: Iterable[Event]) -> int:
    """Every event but pieces as an object on a line; notes stay on standard error."""
    code = 0
    for event in events:
        if isinstance(event, Note):
            notes.note(event.text)
        elif not isinstance(event, Piece):
            output.write_json(event)
        if isinstance(event, Stopped) and event.reason == "interrupted":
            code = INTERRUPTED
    return code


def training(events: Iterable[Event], quiet: bool) -> int:
    """Progress on standard error, the name of the run on standard output; -> exit code."""
    code = 0
    with _progress(quiet) as show:
        for event in events:
            show(event)
            if isinstance(event, Stopped | Finished):
                end = event
                code = INTERRUPTED if isinstance(event, Stopped) and event.reason == "interrupted" else 0
    if isinstance(end, Stopped):
        notes.note(text.stopped(end))
    elif not quiet:
        notes.note(text.finished(end))
    output.write(end.run + "\n")
    return code


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[Event], None]]:
    if quiet:
        yield lambda event: None
    elif notes.is_terminal():
        with _live() as show:
            yield show
    else:
        yield _plain()


def _plain() -> Callable[[Event], None]:
    """A line for each validation, and for a step every few seconds."""
    view = TrainingView()
    last = time.monotonic()

    def show(event: Event) -> None:
        nonlocal last
        view.take(event)
        match event:
            case Started():
                notes.note(text.started(event))
            case Step() if time.monotonic() - last >= PLAIN_SECONDS or event.step == 1:
                notes.note(text.step(event, duration(view.eta() or 0.0)))
                last = time.monotonic()
            case Validation():
                notes.note(text.validation(event))
                last = time.monotonic()
            case TrainingSample():
                notes.note("\n".join(f"  | {line}" for line in event.text.split("\n")))
            case Note():
                notes.note(event.text)

    return show


@contextmanager
def _live() -> Iterator[Callable[[Event], None]]:
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    height = min(16, max(10, console.height - 14))
    view = TrainingView()
    drawn = 0.0
    with Live(view.render(console.width, height), console=console, auto_refresh=False) as live:

        def show(event: Event) -> None:
            nonlocal drawn
            view.take(event)
            if time.monotonic() - drawn >= FRAME_SECONDS or not isinstance(event, Step):
                live.update(view.render(console.width, height), refresh=True)
                drawn = time.monotonic()

        yield show


def sampling(events: Iterable[Event], echo: bool) -> None:
    """Prompt and continuation as they are drawn, samples separated by a line ---, a line end after each."""
    begun = -1
    written = ""

    def write(piece: str) -> None:
        nonlocal written
        output.write(piece)
        written = piece or written

    def begin(number: int, prompt: str) -> None:
        nonlocal begun, written
        if number != begun:
            begun, written = number, ""
            write(("---\n" if number else "") + (prompt if echo else ""))

    for event in events:
        match event:
            case Note():
                notes.note(event.text)
            case Piece():
                begin(event.sample, event.prompt)
                write(event.text)
            case Sampled():
                begin(event.sample, event.prompt)
                if not written.endswith("\n"):
                    write("\n")


def listing(events: Iterable[Event], quiet: bool) -> None:
    """Commands that answer with lines."""
    headed = False
    for event in events:
        match event:
            case Note():
                notes.note(event.text)
            case RunSummary():
                if not headed and not quiet:
                    output.write(text.RUNS_HEADING + "\n")
                headed = True
                output.write((event.run if quiet else text.run_summary(event)) + "\n")
            case RunInfo():
                output.write(text.run_info(event) + "\n")
            case Place():
                output.write(text.place(event) + "\n")
            case Removed() if not quiet:
                notes.note(f"{event.run} is removed.")
