"""Choosing a text: a corpus by name, a file, or what a person types or pastes."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import ClassVar, NamedTuple

from rich.console import RenderableType
from rich.text import Text as Shown
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import TextArea

from seqterm.app.commands import ListCorpora
from seqterm.events import CorpusEntry, Event
from seqterm.render.plain import plain
from seqterm.text.corpus import given_input
from seqterm.tui.chooser import Chooser
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
        corpora = [event for event in found if isinstance(event, CorpusEntry) and Path(event.path).is_file()]
        screen.app.push_screen(TextChooser(corpora), chosen)

    screen.do(ListCorpora(), found.extend, ask)


def type_text(screen: WorkScreen, text: str, then: Callable[[str], None]) -> None:
    """Let a person write; `then` is not called where they leave it."""

    def typed(text: str | None) -> None:
        if text:
            then(text)

    screen.app.push_screen(TextEditor(text), typed)


class TextChooser(Chooser):
    """The path of a corpus or of a file; what is typed filters corpora, or is a path."""

    HELP = "Type the path of a file, or a part of a corpus's name; arrows go through the corpora, Enter takes one, Escape none."
    COLUMNS = "corpus", "from", "kB"
    PLACEHOLDER = "path of a file, or name of a corpus"

    def __init__(self, corpora: list[CorpusEntry]):
        super().__init__("A text to read")
        self._corpora = corpora

    def rows(self, wanted: str) -> dict[str, list[RenderableType]]:
        fitting = [one for one in self._corpora if wanted.casefold() in one.name.casefold()]
        return {one.path: [Shown(plain(one.name)), one.origin, f"{one.size / 1000:,.0f}".rjust(7)] for one in fitting}

    def hint(self, wanted: str) -> str:
        return "Enter reads this file." if Path(wanted).expanduser().is_file() else "There is no such file."

    def typed(self, text: str) -> str | None:
        file = Path(text).expanduser()
        return str(file) if text and file.is_file() else None


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
