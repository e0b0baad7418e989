"""A list to choose from, which what is typed filters."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.console import RenderableType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from seqterm.tui.widgets import Table


class Chooser(ModalScreen[str | None]):
    """-> the key of the row that is taken; letters filter, arrows go through the list, Enter takes a row, Escape none.

    COLUMNS: of `rows`; PLACEHOLDER: what can be typed.
    """

    COLUMNS: ClassVar[tuple[str, ...]]
    PLACEHOLDER: ClassVar[str]
    DEFAULT_CSS = """
    Chooser { align: center middle; }
    Chooser > Vertical { width: 76; max-width: 96%; height: 20; max-height: 90%; padding: 0 1; background: $surface; }
    Chooser > Vertical { border: round $primary; border-title-color: $text; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "None of them"),
        Binding("down", "move(1)", "Next row", show=False),
        Binding("up", "move(-1)", "Row before", show=False),
    ]

    def __init__(self, title: str):
        super().__init__()
        self._title = title

    def rows(self, wanted: str) -> Mapping[str, Sequence[RenderableType]]:
        """{key: cells} of what fits a text that was typed."""
        raise NotImplementedError

    def hint(self, wanted: str) -> str:
        """What to say where nothing fits."""
        raise NotImplementedError

    def typed(self, text: str) -> str | None:
        """The key that a text stands for by itself, whatever the rows are."""
        return None

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = self._title
            yield Input(placeholder=self.PLACEHOLDER, compact=True)
            yield Table(*self.COLUMNS)
            yield Static("", id="none", classes="hint", markup=False)

    def on_mount(self) -> None:
        self._fill("")
        self.query_one(Input).focus()

    def _fill(self, wanted: str) -> None:
        rows = self.rows(wanted)
        self.query_one(Table).fill(rows)
        self.query_one(Table).display = bool(rows)
        hint = self.query_one("#none", Static)
        hint.update("" if rows else self.hint(wanted))
        hint.display = not rows

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._take(self.typed(event.value) or self.query_one(Table).current)

    def on_data_table_row_selected(self) -> None:
        self._take(self.query_one(Table).current)

    def _take(self, key: str | None) -> None:
        if key:
            self.dismiss(key)

    def action_move(self, rows: int) -> None:
        table = self.query_one(Table)
        table.move_cursor(row=max(0, table.cursor_row + rows))

    def action_leave(self) -> None:
        self.dismiss(None)
