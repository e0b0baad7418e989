"""Shows the events of a command: data on standard output, notes on standard error."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from seqterm.events import (
    AnalogyAccuracy,
    Answer,
    Checked,
    Choice,
    Compared,
    CorpusCounts,
    CorpusEntry,
    Corrected,
    Decoded,
    Device,
    DueledPiece,
    Event,
    Exported,
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
    TotalScore,
    TrainingSample,
    Transitions,
    Trellis,
    UnitTracks,
    WordMap,
)
from seqterm.faces import forecast as forecasts
from seqterm.faces import notes, output, text
from seqterm.faces.views import Screen

PLAIN_SECONDS = 5.0  # between two step lines off a terminal
FRAME_SECONDS = 0.1  # between two frames of the live view


def comparing(events: Iterable[Event], screen: Screen) -> None:
    """One picture, then a table."""
    from seqterm.render.run_comparison import curves, settings

    found = list(events)
    runs = [event for event in found if isinstance(event, RunCurves)]
    screen.draw(curves(runs, *screen.size))
    screen.draw(settings(runs, [event for event in found if isinstance(event, SettingDiffers)]))


def sampling(events: Iterable[Event], echo: bool, shown: int = 0) -> None:
    """Prompt and continuation as they are drawn, or a line a choice; samples separated by a line ---, a line end after each.

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
            case Choice():
                write(("" if not written or written.endswith("\n") else "\n") + text.choice(event) + "\n")
            case Sampled():
                begin(event.sample, event.prompt)
                if not written.endswith("\n"):
                    write("\n")


def duel(events: Iterable[Event], runs: Sequence[str], screen: Screen) -> None:
    """Samples of several runs beside each other, a row as soon as it is whole."""
    from seqterm.render.columns import Columns

    drawn: dict[int, Columns] = {}
    shown = 0  # samples that are on the screen whole
    for event in events:
        match event:
            case Note():
                screen.rows([], [])
                notes.note(event.text)
            case DueledPiece():
                if event.sample not in drawn:
                    drawn[event.sample] = Columns(list(runs), screen.size[0], event.prompt)
                drawn[event.sample].add(event.side, event.text)
                if event.last:
                    drawn[event.sample].end(event.side)
                done: list[str] = []
                while (top := drawn.get(shown)) and not top.grow:
                    done += top.take()
                    shown += 1
                screen.rows(done + top.take() if top else done, top.rest() if top else [])


def listing(events: Iterable[Event], quiet: bool, screen: Screen, summary_only: bool = False) -> None:
    """Commands that answer with lines."""
    headings: set[str] = set()
    draw = _drawer(screen)

    def under(heading: str, line: str) -> None:
        """A line of a table, after its heading the first time."""
        screen.write(("" if quiet or heading in headings else heading + "\n") + line + "\n")
        headings.add(heading)

    with _meter(quiet) as meter:
        for event in events:
            match event:
                case Note():
                    notes.note(event.text)
                case Progress():
                    meter(event)
                case RunSummary():
                    under(text.RUNS_HEADING, event.run if quiet else text.run_summary(event))
                case Setting():
                    under(f"[{event.table}]", text.setting(event))
                case _ if type(event) in TABLES:
                    heading, row = TABLES[type(event)]
                    under(heading, row(event))
                case TotalScore():
                    screen.write((text.total_score(event) if summary_only else text.total_row(event)) + "\n")
                case Removed() if not quiet:
                    notes.note(f"{event.run} is removed.")
                case _ if type(event) in LINES:
                    screen.write(LINES[type(event)](event) + "\n")
                case _:
                    draw(event)


def _drawer(screen: Screen) -> Callable[[Event], None]:
    """Draws what depends on the screen's width, or on what was drawn before it."""
    from seqterm.render.heat_text import heat_text, legend
    from seqterm.render.training import at_step
    from seqterm.render.trellis import trellis

    width = screen.size[0]
    most, painting = 0.0, None

    def draw(event: Event) -> None:
        nonlocal most, painting
        match event:
            case WordMap():
                _draw_map(event, screen)
            case Painting():
                painting = event
                screen.draw(legend(event))
            case Painted():
                assert painting
                screen.draw(heat_text(painting, event, width))
            case Trellis():
                screen.draw(trellis(event, *screen.size))
            case TrainingSample():
                screen.draw(at_step(event))
            case Transitions():
                screen.write(text.transitions(event, width) + "\n")
            case CorpusCounts():
                screen.write(text.corpus_counts(event, width) + "\n")
            case NextToken():
                most = most or event.probability
                screen.write(text.next_token(event, most, width) + "\n")

    return draw


LINES: dict[type[Event], Callable[[Any], str]] = {
    RunInfo: text.run_info,
    Place: text.place,
    Device: text.device,
    Line: lambda event: event.text,
    Corrected: lambda event: event.text,
    Exported: lambda event: event.run,
    Imported: lambda event: event.run,
    NextSummary: text.next_summary,
    Ranked: text.ranked,
    CorpusEntry: text.corpus_entry,
    OddOneOut: text.odd_one_out,
    HiddenState: text.hidden_state,
    Decoded: text.decoded,
    Checked: text.checked,
    LoggedSample: text.logged_sample,
    Fitted: lambda event: "\n" + forecasts.fitted(event),
}
TABLES: dict[type[Event], tuple[str, Callable[[Any], str]]] = {
    LineScore: (text.SCORES_HEADING, text.line_score),
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
