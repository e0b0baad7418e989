"""Choosing a text: a corpus by name, a file, or what a person types or pastes."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import ClassVar, NamedTuple

from rich.text import Text as Shown
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea

from seqterm.app.commands import ListCorpora
from seqterm.events import CorpusEntry, Event
from seqterm.render.plain import plain
from seqterm.text.corpus import given_input
from seqterm.tui.widgets import Table
from seqterm.tui.work_screen import WorkScreen


class Text(NamedTuple):
    """A file, or, where `typed` is not None, a text that stands in none; and its name."""

    source: str
    name: str
    typed: str | None = None

    @classmethod
    def of(cls, typed: str, name: str = "typed text") -> "Text":
        return cls("-", name, typed)

    @classmethod
    def of_file(cls, path: str) -> "Text":
        return cls(path, Path(path).name)

    def given(self) -> AbstractContextManager[None]:
        """In this block a job that reads `source` reads the text."""
        return nullcontext() if self.typed is None else given_input(self.typed.encode("utf-8", "surrogateescape"))


def choose_text(screen: WorkScreen, then: Callable[[Text], None]) -> None:
    """Let a person choose a corpus or a file; `then` is not called where they leave it."""
    found: list[Event] = []

    def chosen(file: str | None) -> None:
        if file is not None:
            then(Text.of_file(file))

    def ask(error: BaseException | None) -> None:
        corpora = {event.name: event for event in found if isinstance(event, CorpusEntry)}
        screen.app.push_screen(TextChooser({name: one for name, one in corpora.items() if Path(one.path).is_file()}), chosen)

    screen.do(ListCorpora(), found.extend, ask)


def type_text(screen: WorkScreen, text: str, then: Callable[[str], None]) -> None:
    """Let a person write; `then` is not called where they leave it."""

    def typed(text: str | None) -> None:
        if text:
            then(text)

    screen.app.push_screen(TextEditor(text), typed)


class TextChooser(ModalScreen[str | None]):
    """The path of a corpus or of a file; what is typed filters corpora, or is a path."""

    DEFAULT_CSS = """
    TextChooser { align: center middle; }
    TextChooser > Vertical { width: 76; max-width: 96%; height: 20; max-height: 90%; padding: 0 1; background: $surface; }
    TextChooser > Vertical { border: round $primary; border-title-color: $text; }
    """
    HELP = "Type the path of a file, or a part of a corpus's name; arrows go through the corpora, Enter takes one, Escape none."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "None of them"),
        Binding("down", "move(1)", "Next corpus", show=False),
        Binding("up", "move(-1)", "Previous corpus", show=False),
    ]

    def __init__(self, corpora: dict[str, CorpusEntry]):
        super().__init__()
        self._corpora = corpora

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = "A text to read"
            yield Input(placeholder="path of a file, or name of a corpus", compact=True)
            yield Table("corpus", "from", "kB")
            yield Static("", id="none", classes="hint", markup=False)

    def on_mount(self) -> None:
        self._fill("")
        self.query_one(Input).focus()

    def _fill(self, wanted: str) -> None:
        shown = {name: one for name, one in self._corpora.items() if wanted.casefold() in name.casefold()}
        kilobytes = {name: f"{one.size / 1000:,.0f}".rjust(7) for name, one in shown.items()}
        self.query_one(Table).fill({name: [Shown(plain(name)), one.origin, kilobytes[name]] for name, one in shown.items()})
        hint = self.query_one("#none", Static)
        hint.update(
            "" if shown else "Enter reads this file." if Path(wanted).expanduser().is_file() else "There is no such file."
        )

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        file = Path(event.value).expanduser()
        if event.value and file.is_file():
            self.dismiss(str(file))
        else:
            self.on_data_table_row_selected()

    def on_data_table_row_selected(self) -> None:
        if name := self.query_one(Table).current:
            self.dismiss(self._corpora[name].path)

    def action_move(self, rows: int) -> None:
        table = self.query_one(Table)
        table.move_cursor(row=max(0, table.cursor_row + rows))

    def action_leave(self) -> None:
        self.dismiss(None)


class TextEditor(ModalScreen[str | None]):
    """What a person types or pastes."""

    DEFAULT_CSS = """
    TextEditor { align: center middle; }
    TextEditor > Vertical { width: 100; max-width: 96%; height: 20; max-height: 90%; background: $surface; }
    TextEditor > Vertical { border: round $primary; border-title-color: $text; border-subtitle-color: $text-muted; }
    TextEditor TextArea { height: 1fr; border: none; }
    """
    HELP = "Type or paste a text; Ctrl-S takes it, Escape leaves things as they were."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "take", "Take it", priority=True),
        Binding("escape", "leave", "Leave it", priority=True),
    ]

    def __init__(self, text: str):
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title, frame.border_subtitle = "Type or paste a text", "Ctrl-S takes it, Escape leaves"
            yield TextArea(self._text, compact=True)

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        area.focus()
        area.move_cursor(area.document.end)

    def action_take(self) -> None:
        self.dismiss(self.query_one(TextArea).text)

    def action_leave(self) -> None:
        self.dismiss(None)
