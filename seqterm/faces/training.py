"""Shows a training: a live picture or plain lines on standard error, the run's name on standard output."""

import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from seqterm.errors import INTERRUPTED
from seqterm.events import (
    CaughtUp,
    Detached,
    Event,
    Finished,
    Fitted,
    ForecastErrors,
    NgramOrder,
    Note,
    Progress,
    Started,
    Step,
    Stopped,
    TrainingSample,
    Validation,
)
from seqterm.faces import forecast as forecasts
from seqterm.faces import notes, output
from seqterm.faces.text import number
from seqterm.faces.views import Screen

PLAIN_SECONDS = 5.0  # between two step lines off a terminal
FRAME_SECONDS = 0.1  # between two frames of the live view


def training(events: Iterable[Event], quiet: bool, one_step: bool = False) -> int:
    """Progress on standard error, the name of the run on standard output; -> exit code.

    one_step: there is no progress to watch, but a table to read.
    """
    code, errors = 0, []
    with _progress(quiet, live=notes.is_terminal() and not one_step) as show:
        for event in events:
            show(event)
            if isinstance(event, ForecastErrors):
                errors.append(event)
            if isinstance(event, Stopped | Finished | Detached):
                end = event
                code = INTERRUPTED if isinstance(event, Stopped) and event.reason == "interrupted" else 0
    if isinstance(end, Stopped):
        notes.note(stopped(end))
    elif isinstance(end, Detached):
        if not quiet:
            notes.note(detached(end))
    elif not quiet and (one_step or not notes.is_terminal()):
        notes.note(finished(end))
    if errors and not quiet:
        notes.note("\n" + forecasts.forecast_errors(errors))
    output.write(end.run + "\n")
    return code


@contextmanager
def _progress(quiet: bool, live: bool) -> Iterator[Callable[[Event], None]]:
    if quiet:
        yield lambda event: None
    elif live:
        with _live() as show:
            yield show
    else:
        yield _plain()


def _plain() -> Callable[[Event], None]:
    """A line for each validation, and for a step every few seconds."""
    from seqterm.render.plain import duration
    from seqterm.render.training import TrainingView

    view = TrainingView()
    last = time.monotonic()

    def show(event: Event) -> None:
        nonlocal last
        view.take(event)
        match event:
            case Started():
                notes.note(started(event))
            case Step() if time.monotonic() - last >= PLAIN_SECONDS or event.step == 1:
                eta = view.eta()
                reads = view.started.reads if view.started else "tokens"
                notes.note(step(event, None if eta is None else duration(eta), reads))
                last = time.monotonic()
            case Progress() if time.monotonic() - last >= PLAIN_SECONDS:
                notes.note(progress(event))
                last = time.monotonic()
            case NgramOrder():
                notes.note(ngram_order(event))
            case Validation() if event.training_loss is not None or event.validation_loss is not None:
                notes.note(validation(event))
                last = time.monotonic()
            case TrainingSample():
                notes.note("\n".join(f"  | {line}" for line in event.text.split("\n")))
            case Fitted():
                notes.note(forecasts.fitted(event))
            case Note():
                notes.note(event.text)

    return show


@contextmanager
def _live() -> Iterator[Callable[[Event], None]]:
    from rich.console import Console
    from rich.live import Live

    from seqterm.render.training import TrainingView

    console = Console(stderr=True)
    view = TrainingView()
    drawn = 0.0
    with Live(view.render(console.width, console.height - 1), console=console, auto_refresh=False, transient=True) as live:

        def show(event: Event) -> None:
            nonlocal drawn
            view.take(event)
            live.transient = view.started is None  # an error while the text is read leaves no view behind
            if time.monotonic() - drawn >= FRAME_SECONDS or not isinstance(event, Step):
                live.update(view.render(console.width, console.height - 1), refresh=True)
                drawn = time.monotonic()

        yield show


def watching(events: Iterable[Event], screen: Screen, live: bool) -> None:
    """A picture wherever the log's end is reached, one over the other; in a pipe, or into a file, the last alone."""
    from rich.console import Console
    from rich.live import Live

    from seqterm.render.training import TrainingView

    view = TrainingView()
    if not live:
        for event in events:
            view.take(event)
        screen.draw(view.render(screen.size[0]))
        return
    console = Console()
    with Live(view.render(console.width, console.height - 1), console=console, auto_refresh=False) as picture:
        for event in events:
            view.take(event)
            if isinstance(event, CaughtUp):
                picture.update(view.render(console.width, console.height - 1), refresh=True)
    screen.keep(view.render(screen.size[0]))


# Lines


def started(event: Started) -> str:
    goes_on = f", from step {event.step:,}" if event.step else ""
    kinds = f"{event.vocabulary_size:,} kinds, " if event.vocabulary_size else ""
    return (
        f"{event.run}: {event.model}, {event.parameters:,} parameters, {event.training_tokens:,} {event.reads} to train on, "
        f"{event.validation_tokens:,} held out, {kinds}{event.steps:,} steps{goes_on}"
    )


def step(event: Step, eta: str | None, reads: str = "tokens") -> str:
    gradient = "" if event.gradient_norm is None else f"gradient {event.gradient_norm:.3g}  "
    rate = "" if event.learning_rate is None else f"rate {event.learning_rate:.3g}  "
    return (
        f"epoch {event.epoch}  step {event.step:,}  loss {event.loss:.4f}  {gradient}"
        f"{rate}{event.tokens_per_second:,.0f} {reads}/s" + (f"  {eta} left" if eta else "")
    )


def validation(event: Validation) -> str:
    held_out = (
        f"  validation {number(event.validation_loss)}{' best' if event.best else ''}"
        if event.validation_loss is not None
        else ""
    )
    return f"epoch {event.epoch}  step {event.step:,}  training {number(event.training_loss)}{held_out}"


def progress(event: Progress) -> str:
    return f"counted {event.done:,} of {event.total:,} tokens"


def ngram_order(event: NgramOrder) -> str:
    pruned = f", {event.kept:,} kept" if event.kept != event.ngrams else ""
    discounts = f"  discounts {' '.join(f'{value:.5g}' for value in event.discounts)}" if event.discounts else ""
    instead = f"\n  {event.instead}" if event.instead else ""
    return f"order {event.order}  {event.ngrams:,} n-grams{pruned}{discounts}{instead}"


def stopped(event: Stopped) -> str:
    return f"Stopped at step {event.step:,} ({event.reason}). Go on with: {event.resume}"


def detached(event: Detached) -> str:
    run = shlex.quote(event.run)
    return (
        f"Process {event.process} trains {event.run}: `seqterm watch {run}` shows it, `seqterm stop {run}` saves and ends it. "
        f"What it says is in {event.log}."
    )


def finished(event: Finished) -> str:
    best = f", best validation {number(event.best_validation_loss)}" if event.best_validation_loss is not None else ""
    if event.training_loss is None:
        return f"Complete in {event.seconds:.1f} s{best}."
    return f"Complete after {event.step:,} steps in {event.seconds:.1f} s: training {number(event.training_loss)}{best}."
