"""The value of one field of a command, as a line to type into or a choice; each is one widget, so that many are light."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click, Paste
from textual.message import Message
from textual.reactive import reactive
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from seqterm.app.arguments import convert, word
from seqterm.errors import UsageError
from seqterm.faces.names import known_names
from seqterm.options import Parameter, check_value

ABSENT = object()  # the value of a field that says nothing
COMMAND = "seqterm train"  # how a pasted command begins
YES_NO = ("yes", "no")


class Pasted(Message):
    """A whole command was pasted."""

    def __init__(self, text: str):
        super().__init__()
        self.text = text


class Names(Suggester):
    """Completes the last word with names of a kind, and with files."""

    def __init__(self, kind: str):
        super().__init__(use_cache=False, case_sensitive=True)
        self._kind = kind

    async def get_suggestion(self, value: str) -> str | None:
        begun = value.rpartition(" ")[2]
        if not begun:
            return None
        found = next((name for name in self._names(begun) if name.startswith(begun) and name != begun), None)
        return None if found is None else value + found[len(begun) :]

    def _names(self, begun: str) -> Iterator[str]:
        yield from known_names(self._kind)
        if self._kind in ("corpus", "file"):
            folder, name = os.path.split(begun)
            try:
                entries = sorted(Path(folder or ".").expanduser().iterdir())
            except OSError:
                return
            fitting = (entry for entry in entries if entry.name.startswith(name))
            yield from (os.path.join(folder, entry.name) + "/" * entry.is_dir() for entry in fitting)


def shown(parameter: Parameter, value: Any) -> str:
    """A value as a person would type it; "" for none."""
    if value is None or value == ():
        return ""
    if parameter.many:
        return shlex.join(map(str, value))
    if parameter.type is bool:
        return YES_NO[not value]
    short = f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, float) and (float(short) != value or (parameter.option.duration and "e" in short)):
        short = word(value)
    return short + ("s" if parameter.option.duration else "")


def read(parameter: Parameter, text: str) -> Any:
    """The value, or ABSENT; UsageError for what makes no sense."""
    if not text.strip() and not (text and parameter.type is str):
        return ABSENT
    if parameter.type is bool:
        return text == YES_NO[0]
    try:
        words = shlex.split(text) if parameter.many else [text if parameter.type is str else text.strip()]
    except ValueError as error:
        raise UsageError(f"A quotation mark is open in {text!r}.") from error
    values = [convert(parameter, one) for one in words]
    for value in values:
        check_value(parameter, value, f"--{parameter.flag}")
    return tuple(values) if parameter.many else values[0]


class Line(Input):
    """A line to type into, which leaves a pasted command to the form; what is expected stands there in grey."""

    def __init__(self, parameter: Parameter):
        kind = parameter.option.complete
        super().__init__(suggester=Names(kind) if kind else None, select_on_focus=False, compact=True)
        self.parameter = parameter

    @property
    def text(self) -> str:
        return self.value

    @text.setter
    def text(self, text: str) -> None:
        self.value = text

    def expect(self, text: str) -> None:
        self.placeholder = text

    def _on_paste(self, event: Paste) -> None:
        if event.text.lstrip("$ ").startswith(COMMAND):
            event.prevent_default().stop()
            self.post_message(Pasted(event.text))


class Choice(Widget, can_focus=True):
    """One of some words; none of them: what is expected, in grey."""

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; background: $surface; }
    Choice:focus { background-tint: $foreground 5%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,space", "turn(1)", "Next choice", show=False),
        Binding("left,h", "turn(-1)", "Choice before", show=False),
        Binding("backspace,delete", "turn(0)", "As set", show=False),
        Binding("enter", "submit", "Start", show=False),
    ]
    text: reactive[str] = reactive("")
    expected: reactive[str] = reactive("")

    class Changed(Message):
        """Another word."""

    class Submitted(Message):
        """Enter was pressed."""

    def __init__(self, parameter: Parameter):
        super().__init__()
        self.parameter = parameter
        self._words = parameter.option.choices or YES_NO

    def expect(self, text: str) -> None:
        self.expected = text

    def watch_text(self) -> None:
        self.post_message(self.Changed())

    def render(self) -> Text:
        value = Text(self.text or self.expected, "" if self.text else "dim")
        return value.append("  ◂ ▸", "bold") if self.has_focus else value

    def action_turn(self, by: int) -> None:
        """The next word, the one before, or none."""
        now = self._words.index(self.text or self.expected) if (self.text or self.expected) in self._words else -1
        self.text = self._words[(now + by) % len(self._words)] if by else ""

    def action_submit(self) -> None:
        self.post_message(self.Submitted())

    def on_click(self, event: Click) -> None:
        self.action_turn(1)


Field = Line | Choice


def field_of(parameter: Parameter) -> Field:
    return Choice(parameter) if parameter.option.choices or parameter.type is bool else Line(parameter)
