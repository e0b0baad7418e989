"""Runs a command and shows its events, the same in every face that writes to a terminal or a pipe."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

from seqterm.app.commands import Command, Compare, Duel, EvaluateVectors, Forecast, Resume, Sample, Score, TrainAr, TrainNgram
from seqterm.app.commands.training import Train
from seqterm.app.session import Session
from seqterm.errors import INTERRUPTED
from seqterm.events import Event

WITH_JSON = (Score, Compare, EvaluateVectors, Forecast)  # have one JSON object for all events


@dataclass(frozen=True)
class View:
    """How events are shown: see the command line's options.  shown: letters of a prompt that are on the screen already."""

    quiet: bool = False
    jsonl: bool = False
    echo: bool = True
    json: bool = False
    chart: bool | None = None
    shown: int = 0


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

    return show_events(command, run(command, session), session, view)


def show_events(command: Command, events: Iterator[Event], session: Session, view: View) -> int:
    """The events of a command -> exit code."""
    from seqterm.faces import forecast, show

    if view.jsonl:
        gone = False

        def stop() -> None:
            nonlocal gone
            session.stop = gone = True

        code = show.jsonl(events, stop) or (INTERRUPTED if session.stop else 0)
        return 0 if gone else code
    if view.json:
        shown = {
            Score: show.one_object,
            Compare: show.one_comparison,
            EvaluateVectors: show.one_evaluation,
            Forecast: forecast.one_forecast,
        }
        shown[type(command)](events)
        return INTERRUPTED if session.stop else 0
    if isinstance(command, Train | Resume):
        return show.training(events, view.quiet, isinstance(command, TrainAr | TrainNgram))
    if isinstance(command, Sample):
        show.sampling(events, view.echo, view.shown)
    elif isinstance(command, Duel):
        show.duel(events)
    elif isinstance(command, Forecast):
        forecast.forecast(events, view.quiet, view.chart)
    else:
        show.listing(events, view.quiet, isinstance(command, Score) and (command.summary or command.stream))
    return INTERRUPTED if session.stop else 0
