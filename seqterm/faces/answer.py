"""Runs a command and shows its events, the same in every face that writes to a terminal or a pipe."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import TYPE_CHECKING

from seqterm.app.commands import (
    Command,
    Compare,
    CompareRuns,
    DecodeHmm,
    Duel,
    EvaluateVectors,
    Forecast,
    MapVectors,
    Neurons,
    Resume,
    Sample,
    Score,
    ShowHmm,
    TrainAr,
    TrainNgram,
    Watch,
)
from seqterm.app.commands.training import Train
from seqterm.app.session import Session
from seqterm.errors import INTERRUPTED, UsageError
from seqterm.faces.views import Screen, is_live

if TYPE_CHECKING:
    from seqterm.events import Event  # dozens of dataclasses, which the first prompt does not wait for

WITH_JSON = (Score, Compare, EvaluateVectors, Forecast)  # have one JSON object for all events
DRAWN = (Sample, Score, Watch, CompareRuns, Neurons, Forecast, MapVectors, ShowHmm, DecodeHmm)  # commands that draw


@dataclass(frozen=True)
class View:
    """How events are shown: see the command line's options.  shown: letters of a prompt that are on the screen already."""

    quiet: bool = False
    jsonl: bool = False
    echo: bool = True
    json: bool = False
    chart: bool | None = None
    shown: int = 0
    screen: Screen = field(default_factory=Screen)


def interruptible(session: Session) -> None:
    """The first Ctrl-C (or SIGTERM) asks for a clean stop where there is something to stop cleanly, the second aborts."""

    def ask(signum: int, frame: FrameType | None) -> None:
        if session.stop or not session.stoppable:
            raise KeyboardInterrupt
        session.stop = True

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)


def answer(command: Command, session: Session, view: View) -> int:
    """-> exit code."""
    from seqterm.app.run import run

    return show_events(command, run(settled(command, view), session), session, view)


def settled(command: Command, view: View) -> Command:
    """A run is watched once where nothing can be drawn over."""
    is_endless = isinstance(command, Watch) and not (is_live() or view.jsonl)
    return replace(command, once=True) if is_endless else command  # type: ignore[call-arg]


def show_events(command: Command, events: Iterator["Event"], session: Session, view: View) -> int:
    """The events of a command -> exit code."""
    from seqterm.faces import as_json, forecast, show, training

    screen = view.screen
    if (view.jsonl or view.json) and (screen.svg or screen.html):
        raise UsageError("--svg and --html keep what is drawn: leave --json and --jsonl out.")
    if view.jsonl:
        gone = False

        def stop() -> None:
            nonlocal gone
            session.stop = gone = True

        code = as_json.jsonl(events, stop) or (INTERRUPTED if session.stop else 0)
        return 0 if gone else code
    if isinstance(command, Sample) and not command.time_machine and (screen.svg or screen.html):
        raise UsageError("--svg and --html go with --time-machine: a sample is plain text.")
    if view.json and isinstance(command, Score) and command.heat:
        raise UsageError("--heat is drawn, or read by --jsonl: leave --json out.")
    if view.json:
        shown = {
            Score: as_json.one_object,
            Compare: as_json.one_comparison,
            EvaluateVectors: as_json.one_evaluation,
            Forecast: forecast.one_forecast,
        }
        shown[type(command)](events)
        return INTERRUPTED if session.stop else 0
    if isinstance(command, Train | Resume):
        return training.training(events, view.quiet, isinstance(command, TrainAr | TrainNgram))
    if isinstance(command, Sample) and not command.time_machine:
        show.sampling(events, view.echo, view.shown)
    elif isinstance(command, Duel):
        show.duel(events, command.runs, screen)
    elif isinstance(command, Forecast):
        forecast.forecast(events, view.quiet, view.chart, screen)
    elif isinstance(command, CompareRuns):
        show.comparing(events, screen)
    elif isinstance(command, Watch):
        training.watching(events, screen, live=is_live() and not command.once)
    else:
        show.listing(events, view.quiet, screen, isinstance(command, Score) and (command.summary or command.stream))
    return INTERRUPTED if session.stop else 0
