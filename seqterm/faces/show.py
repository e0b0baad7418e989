"""Shows the events of a command: data on standard output, notes on standard error."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from seqterm.errors import INTERRUPTED
from seqterm.events import (
    AnalogyAccuracy,
    Answer,
    CaughtUp,
    Checked,
    Compared,
    CorpusCounts,
    CorpusEntry,
    Corrected,
    Decoded,
    Dueled,
    Event,
    Exported,
    Finished,
    Fitted,
    ForecastErrors,
    HiddenState,
    Imported,
    Line,
    LineScore,
    LoggedSample,
    LoggedSummary,
    Neighbour,
    NextSummary,
    NextToken,
    NgramOrder,
    Note,
    OddOneOut,
    Painted,
    Painting,
    PairCorrelation,
    Piece,
    Place,
    Progress,
    Ranked,
    Removed,
    RunCurves,
    RunInfo,
    RunSummary,
    Sampled,
    Setting,
    SettingDiffers,
    Started,
    Step,
    Stopped,
    TotalScore,
    TrainingSample,
    Transitions,
    Trellis,
    UnitTracks,
    Validation,
    WordMap,
)
from seqterm.faces import forecast as forecasts
from seqterm.faces import notes, output, text
from seqterm.faces.views import Screen

PLAIN_SECONDS = 5.0  # between two step lines off a terminal
FRAME_SECONDS = 0.1  # between two frames of the live view


def jsonl(events: Iterable[Event], stop: Callable[[], None]) -> int:
    """Every event but pieces as an object on a line; notes stay on standard error.

    When the reader is gone, `stop()` asks for a clean end, and what still happens is not shown.
    """
    code = 0
    for event in events:
        try:
            if isinstance(event, Note):
                notes.note(event.text)
            elif not isinstance(event, Piece | Progress):
                output.write_object(event.to_json())
        except BrokenPipeError:
            output.close_quietly()
            stop()
        if isinstance(event, Stopped) and event.reason == "interrupted":
            code = INTERRUPTED
    return code


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
            if isinstance(event, Stopped | Finished):
                end = event
                code = INTERRUPTED if isinstance(event, Stopped) and event.reason == "interrupted" else 0
    if isinstance(end, Stopped):
        notes.note(text.stopped(end))
    elif not quiet and (one_step or not notes.is_terminal()):
        notes.note(text.finished(end))
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
    from seqterm.render.training import TrainingView, duration

    view = TrainingView()
    last = time.monotonic()

    def show(event: Event) -> None:
        nonlocal last
        view.take(event)
        match event:
            case Started():
                notes.note(text.started(event))
            case Step() if time.monotonic() - last >= PLAIN_SECONDS or event.step == 1:
                eta = view.eta()
                reads = view.started.reads if view.started else "tokens"
                notes.note(text.step(event, None if eta is None else duration(eta), reads))
                last = time.monotonic()
            case Progress() if time.monotonic() - last >= PLAIN_SECONDS:
                notes.note(text.progress(event))
                last = time.monotonic()
            case NgramOrder():
                notes.note(text.ngram_order(event))
            case Validation() if event.training_loss is not None or event.validation_loss is not None:
                notes.note(text.validation(event))
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


def comparing(events: Iterable[Event], screen: Screen) -> None:
    """One picture, then a table."""
    from seqterm.render.run_comparison import curves, settings

    found = list(events)
    runs = [event for event in found if isinstance(event, RunCurves)]
    screen.draw(curves(runs, *screen.size))
    screen.draw(settings(runs, [event for event in found if isinstance(event, SettingDiffers)]))


def sampling(events: Iterable[Event], echo: bool, shown: int = 0) -> None:
    """Prompt and continuation as they are drawn, samples separated by a line ---, a line end after each.

    shown: so many letters of the prompt are on the screen already.
    """
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
            write(("---\n" if number else "") + (prompt[shown:] if echo else ""))

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


def duel(events: Iterable[Event]) -> None:
    """Samples of several runs beside each other, as wide as the terminal."""
    from seqterm.render.columns import columns

    drawn: dict[int, list[Dueled]] = {}
    for event in events:
        match event:
            case Note():
                notes.note(event.text)
            case Dueled():
                drawn.setdefault(event.sample, []).append(event)
    for row in drawn.values():
        texts = [event.prompt + event.text for event in row]
        output.write(columns([event.run for event in row], texts, shutil.get_terminal_size((100, 30)).columns) + "\n")


def listing(events: Iterable[Event], quiet: bool, screen: Screen, summary_only: bool = False) -> None:
    """Commands that answer with lines."""
    from seqterm.render.heat_text import heat_text, legend
    from seqterm.render.training import at_step
    from seqterm.render.trellis import trellis

    headings: set[str] = set()

    def under(heading: str, line: str) -> None:
        """A line of a table, after its heading the first time."""
        screen.write(("" if quiet or heading in headings else heading + "\n") + line + "\n")
        headings.add(heading)

    most, painting = 0.0, None
    with _meter(quiet) as meter:
        for event in events:
            match event:
                case Note():
                    notes.note(event.text)
                case Progress():
                    meter(event)
                case RunSummary():
                    under(text.RUNS_HEADING, event.run if quiet else text.run_summary(event))
                case LineScore():
                    under(text.SCORES_HEADING, text.line_score(event))
                case Setting():
                    under(f"[{event.table}]", text.setting(event))
                case _ if type(event) in TABLES:
                    heading, row = TABLES[type(event)]
                    under(heading, row(event))
                case WordMap():
                    _draw_map(event, screen)
                case Painting():
                    painting = event
                    screen.draw(legend(event))
                case Painted():
                    assert painting
                    screen.draw(heat_text(painting, event, screen.size[0]))
                case Trellis():
                    screen.draw(trellis(event, *screen.size))
                case TrainingSample():
                    screen.draw(at_step(event))
                case TotalScore():
                    screen.write((text.total_score(event) if summary_only else text.total_row(event)) + "\n")
                case NextToken():
                    most = most or event.probability
                    screen.write(text.next_token(event, most) + "\n")
                case NextSummary():
                    screen.write(text.next_summary(event) + "\n")
                case Line() | Corrected():
                    screen.write(event.text + "\n")
                case Exported() | Imported():
                    screen.write(event.run + "\n")
                case Removed() if not quiet:
                    notes.note(f"{event.run} is removed.")
                case _ if type(event) in LINES:
                    screen.write(LINES[type(event)](event) + "\n")


LINES: dict[type[Event], Callable[[Any], str]] = {
    RunInfo: text.run_info,
    Place: text.place,
    Ranked: text.ranked,
    CorpusEntry: text.corpus_entry,
    CorpusCounts: text.corpus_counts,
    OddOneOut: text.odd_one_out,
    Transitions: text.transitions,
    HiddenState: text.hidden_state,
    Decoded: text.decoded,
    Checked: text.checked,
    LoggedSample: text.logged_sample,
    Fitted: lambda event: "\n" + forecasts.fitted(event),
}
TABLES: dict[type[Event], tuple[str, Callable[[Any], str]]] = {
    Neighbour: (text.SIMILAR_HEADING, text.neighbour),
    Answer: (text.ANSWERS_HEADING, text.answer),
    AnalogyAccuracy: (text.ACCURACY_HEADING, text.accuracy),
    PairCorrelation: (text.PAIRS_HEADING, text.correlation),
    UnitTracks: (text.TRACKS_HEADING, text.unit_tracks),
    Compared: (text.COMPARED_HEADING, text.compared),
    LoggedSummary: (text.LOG_HEADING, text.logged_summary),
    ForecastErrors: (forecasts.ERRORS_HEADING, forecasts.error_row),
}


def _draw_map(event: WordMap, screen: Screen) -> None:
    """As large as the terminal, or as a page where there is none."""
    from seqterm.render.word_map import word_map

    columns, lines = screen.size
    screen.draw(word_map(event.words, event.points, event.arrows, columns, max(10, lines - 4)))
    notes.note("The plane shows {:.0%} and {:.0%} of the variance.".format(*event.shares))


@contextmanager
def _meter(quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """A progress bar on standard error where that is a terminal."""
    if quiet or not notes.is_terminal():
        yield lambda event: None
        return
    with ExitStack() as stack:
        bars: Any = None

        def show(event: Progress) -> None:
            nonlocal bars
            if bars is None:  # nothing is drawn for commands that have no progress
                from rich.console import Console
                from rich.progress import BarColumn, DownloadColumn, TransferSpeedColumn
                from rich.progress import Progress as Bars

                columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
                bars = stack.enter_context(Bars(*columns, console=Console(stderr=True), transient=True))
                bars.add_task("")
            bars.update(bars.task_ids[0], completed=event.done, total=event.total or None)

        yield show


def one_evaluation(events: Iterable[Event]) -> None:
    """{"analogy_accuracy": ..., "semantic": ..., "syntactic": ..., "sections": [...], "pairs": [...]}"""
    found: dict[str, Any] = {"sections": [], "pairs": []}
    for event in events:
        fields = {key: value for key, value in event.to_json().items() if key != "event"}
        match event:
            case AnalogyAccuracy(section=None):
                found |= {key: value for key, value in fields.items() if key != "section"}
            case AnalogyAccuracy():
                found["sections"].append({key: value for key, value in fields.items() if key not in ("semantic", "syntactic")})
            case PairCorrelation():
                found["pairs"].append(fields)
            case Note():
                notes.note(event.text)
    output.write_object(found)


def one_object(events: Iterable[Event]) -> None:
    """Scores as one JSON object: {"lines": [...], "total": {...}}, or the total alone where no line is scored."""
    lines: list[dict[str, Any]] = []
    for event in events:
        fields = {key: value for key, value in event.to_json().items() if key != "event"}
        if isinstance(event, LineScore):
            lines.append(fields)
        elif isinstance(event, TotalScore):
            output.write_object({"lines": lines, "total": fields} if lines else fields)


def one_comparison(events: Iterable[Event]) -> None:
    """{"runs": [...]}"""
    runs: list[dict[str, Any]] = []
    for event in events:
        match event:
            case Compared():
                runs.append({key: value for key, value in event.to_json().items() if key != "event"})
            case Note():
                notes.note(event.text)
    output.write_object({"runs": runs})
