"""All runs in a table, and the curves of those that are chosen over each other."""

import time
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from rich.console import Group
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.events import ScreenResume
from textual.widget import Widget
from textual.widgets import Input

from seqterm.app.commands import CompareRuns, ListRuns, RemoveRuns, Resume, Stop, Watch
from seqterm.events import Event, RunCurves, RunSummary, SettingDiffers
from seqterm.faces.notes import sentence
from seqterm.render.plain import plain
from seqterm.tui.job import Job
from seqterm.tui.widgets import Draw, Empty, Picture, Question, Table
from seqterm.tui.work_screen import WorkScreen

if TYPE_CHECKING:
    from seqterm.render.training import TrainingView

LOOK_AGAIN = 2.0  # seconds
STATES = {"training": "bold green", "complete": "", "stopped": "yellow"}
EMPTY = """[b]There is no run yet.[/b]

Press [b]t[/b] and then [b]Enter[/b]: an LSTM learns from the bundled tales, live.
Or in a shell:  [b]seqterm train lstm tales -o tales-lstm[/b]

[b]F1[/b] explains what has the focus, [b]Ctrl-P[/b] finds any action, [b]Ctrl-Q[/b] or [b]F10[/b] leaves."""
HELP = """## Runs

Every trained model is a *run*. The table shows all of them, the newest first, and looks again every two seconds.

- **Space** chooses a run for the chart; the curves of all chosen lie over each other.
- **Enter** watches a run, also one that another process trains.
- **p** plays with it, **s** stops it, **r** resumes it, **d** deletes it.
- **/** filters by name, model or corpus; Escape ends that.
"""


class Runs(WorkScreen):
    NAME = "runs"
    HELP = HELP
    CSS = """
    Runs #both { height: 1fr; layout: vertical; }
    Runs #list { height: 1fr; }
    Runs #chart { height: 1fr; min-height: 14; }
    Runs.-wide #both { layout: horizontal; }
    Runs.-wide #list { width: 1fr; height: 100%; }
    Runs.-wide #chart { width: 1fr; height: 100%; }
    Runs.-short #chart, Runs.-empty #chart { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", "Choose"),
        Binding("enter", "watch", "Watch"),
        Binding("t", "train", "Train"),
        Binding("p", "play", "Play"),
        Binding("s", "stop", "Stop"),
        Binding("r", "resume", "Resume"),
        Binding("d", "delete", "Delete"),
        Binding("slash", "filter", "Filter"),
        Binding("escape", "no_filter", "No filter", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._runs: dict[str, RunSummary] = {}
        self._chosen: list[str] = []
        self._drawn: list[tuple[str, str, int]] = []
        self._reading: Job | None = None
        self._looking = False

    def content(self) -> Iterator[Widget]:
        table = Table("", "run", "model", "corpus", "loss", "age", "state", id="table")
        yield Input(placeholder="name, model or corpus", id="filter", compact=True)
        with Container(id="both"):
            with Vertical(id="list", classes="panel"):
                yield table
                yield Empty(EMPTY, id="empty")
            yield Container(Picture(id="curves"), id="chart")

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self.query_one("#list").border_title = "Runs"
        self.set_interval(LOOK_AGAIN, self._look_again)
        self._look_again()

    def on_screen_resume(self, event: ScreenResume) -> None:
        self._focus_list()
        self._draw()

    def _focus_list(self) -> None:
        self.query_one(Table if self.query_one(Table).display else Empty).focus()

    # The table

    def _look_again(self) -> None:
        """Ask for all runs, unless the answer to the last question is still to come or nobody looks."""
        if self._looking or not self.is_current:
            return
        self._looking = True
        found: list[Event] = []

        def end(error: BaseException | None) -> None:
            self._looking = False
            if error:
                self.workbench.report(error)
                return
            self._runs = {event.run: event for event in found if isinstance(event, RunSummary)}
            self._chosen = [run for run in self._chosen if run in self._runs]
            self._fill()

        self.do(ListRuns(), found.extend, end, quiet=True)

    def _fill(self) -> None:
        wanted = self.query_one("#filter", Input).value.casefold()
        shown = [run for run in self._runs.values() if wanted in f"{run.run} {run.model} {run.corpus}".casefold()]
        self.query_one(Table).fill({run.run: self._row(run) for run in shown})
        empty = not self._runs
        self.query_one("#empty").display, self.query_one("#table").display = empty, not empty
        self.set_class(empty, "-empty")
        if self.focused is None:
            self._focus_list()
        self._draw()

    def _row(self, run: RunSummary) -> list[Text]:
        done = f" {run.step / run.steps:.0%}" if run.status == "training" and run.steps else ""
        loss = "-" if run.validation_loss is None else f"{run.validation_loss:.3f}"
        chosen = "●" if run.run in self._chosen else " "
        state = Text(run.status + done, STATES[run.status])
        corpus = " ".join(PurePath(source).name for source in run.corpus.split())
        return [Text(chosen, "cyan"), Text(plain(run.run)), Text(run.model), Text(plain(corpus)), Text(loss), age(run), state]

    @property
    def _current(self) -> str | None:
        return self.query_one(Table).current

    def on_data_table_row_highlighted(self) -> None:
        self._draw()

    # The chart

    def _draw(self) -> None:
        """The run under the cursor as it goes on, or the curves of the chosen ones, where they are not drawn yet."""
        runs = tuple(self._chosen) or ((self._current,) if self._current else ())
        known = [self._runs[run] for run in runs if run in self._runs]
        state = [(run.run, run.status, run.step if len(runs) > 1 else 0) for run in known]
        if not state or state == self._drawn:
            return
        self._drop_picture()
        self._drawn = state
        self._reading = self._compare(runs) if len(runs) > 1 else self._follow(runs[0])

    def _drop_picture(self) -> None:
        self.drop(self._reading)
        self._reading, self._drawn = None, []

    def on_screen_suspend(self) -> None:
        self._drop_picture()

    def _follow(self, run: str) -> Job:
        """The picture of `seqterm watch`."""
        view: TrainingView | None = None

        def take(events: list[Event]) -> None:
            nonlocal view
            from seqterm.render.training import TrainingView

            view = view or TrainingView()
            for event in events:
                view.take(event)
            self._show(view.render)

        return self.do(Watch(run=run), take, self._say, quiet=True)

    def _compare(self, runs: tuple[str, ...]) -> Job:
        """The pictures of `seqterm runs compare`."""
        found: list[Event] = []

        def end(error: BaseException | None) -> None:
            if error:
                self._say(error)
            else:
                self._show(_over_each_other(found))

        return self.do(CompareRuns(runs=runs), found.extend, end, quiet=True)

    def _show(self, draw: Draw) -> None:
        picture = self.query_one("#curves", Picture)
        picture.draw = draw
        picture.refresh()

    def _say(self, error: BaseException | None) -> None:
        if error:
            text = Text(sentence(error), "dim")
            self._show(lambda width, height: text)

    # Keys

    def action_choose(self) -> None:
        """Take the run under the cursor into the chart, or out of it."""
        if run := self._current:
            self._chosen = [one for one in self._chosen if one != run] if run in self._chosen else [*self._chosen, run]
            self._fill()
            self.query_one(Table).action_cursor_down()

    def action_watch(self) -> None:
        self._open("train")

    def on_data_table_row_selected(self) -> None:
        self._open("train")

    def action_play(self) -> None:
        self._open("playground")

    def action_train(self) -> None:
        self.workbench.action_go("train")

    def _open(self, place: str) -> None:
        if run := self._current:
            self.workbench.open_run(place, run)

    def action_stop(self) -> None:
        if run := self._current:
            self.do(Stop(run=run), ignore)

    def action_resume(self) -> None:
        """Train on in a process of its own, and watch."""
        if run := self._current:
            self.do(Resume(run=run, detach=True), ignore, lambda error: None if error else self._open("train"))

    def action_delete(self) -> None:
        """Ask first."""
        runs = tuple(self._chosen) or ((self._current,) if self._current else ())
        if not runs:
            return
        names = runs[0] if len(runs) == 1 else f"{len(runs)} runs ({', '.join(runs)})"

        def delete(yes: bool | None) -> None:
            if yes:
                self.do(RemoveRuns(runs=runs), ignore, lambda error: self._look_again())

        self.app.push_screen(Question(f"Delete {names} with all files? Nothing brings them back.", "Delete"), delete)

    def action_filter(self) -> None:
        box = self.query_one("#filter")
        box.display = True
        box.focus()

    def action_no_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.value, box.display = "", False
        self._focus_list()

    def on_input_changed(self) -> None:
        self._fill()

    def on_input_submitted(self) -> None:
        self._focus_list()


def _over_each_other(found: list[Event]) -> Draw:
    from seqterm.render.run_comparison import curves, settings

    runs = [event for event in found if isinstance(event, RunCurves)]
    differing = [event for event in found if isinstance(event, SettingDiffers)]

    def draw(width: int, height: int) -> Group:
        return Group(curves(runs, width, max(12, height - len(differing) - 3)), settings(runs, differing))

    return draw


def ignore(events: list[Event]) -> None:
    """What a command says in notes is enough."""


def age(run: RunSummary) -> Text:
    """How long ago its last checkpoint was written."""
    seconds = max(0.0, time.time() - run.modified)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return Text(f"{seconds // size:.0f} {unit}")
    return Text("now")
