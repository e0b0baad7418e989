"""A list to choose a run from."""

from collections.abc import Callable, Collection
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from seqterm.app.commands import ListRuns
from seqterm.events import Event, RunSummary
from seqterm.models.catalogue import CATALOGUE
from seqterm.render.plain import plain
from seqterm.tui.widgets import Table
from seqterm.tui.work_screen import WorkScreen


def models_of(*families: str) -> frozenset[str]:
    """The names of all models of these families."""
    return frozenset(name for name, entry in CATALOGUE.items() if entry.family in families)


LANGUAGE = models_of("network", "ngram", "hmm")  # that speak, but for a hidden Markov model of numbers


def fitting_runs(screen: WorkScreen, models: Collection[str], then: Callable[[list[RunSummary]], None]) -> None:
    """Find the runs of these models, the newest first, beside the screen."""
    found: list[Event] = []

    def end(error: BaseException | None) -> None:
        if error:
            screen.workbench.report(error)
        then([event for event in found if isinstance(event, RunSummary) and event.model in models])

    screen.do(ListRuns(), found.extend, end, quiet=True)


def choose_run(screen: WorkScreen, title: str, models: Collection[str], then: Callable[[str], None]) -> None:
    """Let a person choose one of the runs of these models; `then` is not called where they leave it."""

    def chosen(run: str | None) -> None:
        if run is not None:
            then(run)

    def ask(runs: list[RunSummary]) -> None:
        screen.app.push_screen(RunChooser(title, runs), chosen)

    fitting_runs(screen, models, ask)


class RunChooser(ModalScreen[str | None]):
    """Letters filter, arrows go through the list, Enter takes a run, Escape none."""

    DEFAULT_CSS = """
    RunChooser { align: center middle; }
    RunChooser > Vertical { width: 76; max-width: 96%; height: 20; max-height: 90%; padding: 0 1; background: $surface; }
    RunChooser > Vertical { border: round $primary; border-title-color: $text; }
    """
    HELP = "Type a part of a run's name, model or corpus; arrows go through the list, Enter takes a run, Escape none."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "None of them"),
        Binding("down", "move(1)", "Next run", show=False),
        Binding("up", "move(-1)", "Previous run", show=False),
    ]

    def __init__(self, title: str, runs: list[RunSummary]):
        super().__init__()
        self._title, self._runs = title, runs

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = self._title
            yield Input(placeholder="name, model or corpus", compact=True)
            yield Table("run", "model", "corpus", "loss")
            yield Static("", id="none", classes="hint")

    def on_mount(self) -> None:
        self._fill("")
        self.query_one(Input).focus()

    def _fill(self, wanted: str) -> None:
        shown = [run for run in self._runs if wanted.casefold() in f"{run.run} {run.model} {run.corpus}".casefold()]
        table = self.query_one(Table)
        table.fill({run.run: _row(run) for run in shown})
        table.display = bool(self._runs)
        none = self.query_one("#none", Static)
        none.update("No run of that name fits here." if self._runs else "No run fits here. On the screen of runs, t trains one.")
        none.display = not shown

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_input_submitted(self) -> None:
        if run := self.query_one(Table).current:
            self.dismiss(run)

    def on_data_table_row_selected(self) -> None:
        self.dismiss(self.query_one(Table).current)

    def action_move(self, rows: int) -> None:
        table = self.query_one(Table)
        table.move_cursor(row=max(0, table.cursor_row + rows))

    def action_leave(self) -> None:
        self.dismiss(None)


def _row(run: RunSummary) -> list[Text]:
    loss = "-" if run.validation_loss is None else f"{run.validation_loss:.3f}"
    return [Text(plain(text)) for text in (run.run, run.model, run.corpus, loss)]
