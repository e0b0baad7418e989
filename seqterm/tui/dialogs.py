"""Small windows that ask: for a line, for a branch."""

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from seqterm.app.tree import Tree
from seqterm.render.plain import plain
from seqterm.store.files import write_whole
from seqterm.tui.widgets import Table

SHOWN = 120  # letters of a branch


class Ask(ModalScreen[str]):
    """One line of text; Escape gives none."""

    DEFAULT_CSS = """
    Ask { align: center middle; }
    Ask > Vertical { width: 60; max-width: 95%; height: auto; border: round $primary; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Leave")]

    def __init__(self, title: str, value: str, hint: str = ""):
        super().__init__()
        self._title, self._value, self._hint = title, value, hint

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = self._title
            yield Input(self._value, compact=True)
            yield Static(self._hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Static).display = bool(self._hint)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class Branches(ModalScreen[str]):
    """All branches of a story, what they share once; -> the number of a text."""

    DEFAULT_CSS = """
    Branches { align: center middle; }
    Branches > Vertical { width: 100; max-width: 95%; height: 80%; border: round $primary; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Leave")]

    def __init__(self, tree: Tree):
        super().__init__()
        self._tree = tree

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = "Branches"
            frame.border_subtitle = "Enter goes back to one"
            yield Table("", "text")

    def on_mount(self) -> None:
        rows = {}
        for depth, node, text in self._tree.branches():
            one_line = plain(text.replace("\n", "↵"))
            shown = one_line if len(one_line) <= SHOWN else f"{one_line[: SHOWN // 2]} … {one_line[-SHOWN // 2 :]}"
            rows[str(node.number)] = [Text("▸" if node is self._tree.current else " ", "cyan"), Text("  " * depth + shown)]
        table = self.query_one(Table)
        table.fill(rows)
        if str(self._tree.current.number) in rows:
            table.move_cursor(row=list(rows).index(str(self._tree.current.number)))

    def on_data_table_row_selected(self, event: Table.RowSelected) -> None:
        self.dismiss(event.row_key.value)


def ask_for_file(app: App[None], name: str, text: str) -> None:
    """Write a text into a file, whole, once its name is confirmed."""

    def write(chosen: str | None) -> None:
        if chosen:
            path = Path(chosen).expanduser()
            try:
                write_whole(path, text.encode("utf-8", "surrogateescape"))
            except OSError as error:
                app.notify(f"Cannot write {path}: {error.strerror}.", severity="error", markup=False)
            else:
                app.notify(f"{len(text):,} letters are in {path}.", markup=False)

    app.push_screen(Ask("Write the text to", name), write)
