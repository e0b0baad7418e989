"""Pieces that several screens are made of."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Button, DataTable, Footer, Static

Draw = Callable[[int, int], RenderableType]


class Picture(Widget, can_focus=False):
    """What a view of seqterm.render draws for the room that there is."""

    DEFAULT_CSS = "Picture { height: 1fr; }"
    draw: reactive[Draw | None] = reactive(None)

    def render(self) -> RenderableType:
        width, height = self.size
        return self.draw(width, height) if self.draw and width > 0 and height > 0 else ""


class Empty(Static, can_focus=True):
    """What to do where there is nothing yet."""

    DEFAULT_CSS = "Empty { padding: 1 2; height: 1fr; }"


def _width(cell: RenderableType) -> int:
    return cell.cell_len if isinstance(cell, Text) else cell_len(str(cell))


class Table(DataTable[str]):
    """A table of rows, with the keys of vi too; `fill` leaves the cursor on the row where it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open"),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("h", "cursor_left", "Left", show=False),
        Binding("l", "cursor_right", "Right", show=False),
        Binding("g", "scroll_top", "First row", show=False),
        Binding("G", "scroll_bottom", "Last row", show=False),
    ]

    def __init__(self, *columns: str, id: str | None = None, classes: str | None = None):
        super().__init__(id=id, classes=classes, cursor_type="row", zebra_stripes=True)
        self._names = columns
        self._shown: Mapping[str, Sequence[RenderableType]] = {}

    def on_mount(self) -> None:
        self.add_columns(*self._names)

    @property
    def current(self) -> str | None:
        """The key of the row under the cursor."""
        if not self.row_count:
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def fill(self, rows: Mapping[str, Sequence[RenderableType]]) -> None:
        """{key: cells}"""
        if rows == self._shown:
            return
        self._shown = rows
        current, old = self.current, self.cursor_row
        place = self.scroll_offset
        self.clear()
        # The table fits columns only when it is idle, and keeps what it has painted before as that was.
        for column, below in zip(self.ordered_columns, zip(*rows.values(), strict=True), strict=False):
            column.content_width = max(column.label.cell_len, *map(_width, below))
        for key, cells in rows.items():
            self.add_row(*cells, key=key)  # type: ignore[arg-type]
        if rows:
            place_of = {key: number for number, key in enumerate(rows)}
            self.move_cursor(row=place_of.get(current or "", min(old, len(rows) - 1)), scroll=False)
        self.scroll_to(*place, animate=False)


class Keys(Footer):
    """The keys at the bottom, with that of the help at the right end, however many there are.

    Laid out anew only where others can be pressed: every move of the focus asks for that.
    """

    DEFAULT_CSS = """
    Keys > Static {
        dock: right; width: auto; background: $footer-background; color: $footer-description-foreground;
        link-style: not underline; link-color: $footer-description-foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._pressable: list[tuple[Binding, bool]] = []

    def bindings_changed(self, screen: Screen) -> None:
        pressable = [(one.binding, one.enabled) for one in self.screen.active_bindings.values() if one.binding.show]
        if pressable != self._pressable:
            self._pressable = pressable
            super().bindings_changed(screen)

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Static(" [bold $footer-key-foreground]f1[/] [@click=app.help]Help[/] ")


class Question(ModalScreen[bool]):
    """Yes or no, where no is what Escape and Enter say."""

    DEFAULT_CSS = """
    Question { align: center middle; }
    Question > Vertical { width: 60; max-width: 90%; height: auto; border: round $warning; padding: 1 2; background: $surface; }
    Question Horizontal { height: auto; margin-top: 1; }
    Question Button { margin-right: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
    ]

    def __init__(self, text: str, yes: str):
        super().__init__()
        self._text, self._yes = text, yes

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._text, markup=False)
            with Horizontal():
                yield Button("No", id="no", compact=True)
                yield Button(self._yes, id="yes", variant="error", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)


def panel(title: str, *children: Widget, id: str | None = None) -> Vertical:
    """A frame with a title."""
    frame = Vertical(*children, id=id, classes="panel")
    frame.border_title = title
    return frame
