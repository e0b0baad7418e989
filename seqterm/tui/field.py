"""One field of a command as a line of a form."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Paste
from textual.message import Message
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Select, Static

from seqterm.app.arguments import convert, word
from seqterm.errors import UsageError
from seqterm.faces.names import known_names
from seqterm.options import Parameter, check_value

ABSENT = object()  # the value of a field that says nothing
COMMAND = "seqterm train"  # how a pasted command begins


class Pasted(Message):
    """A whole command was pasted."""

    def __init__(self, text: str):
        super().__init__()
        self.text = text


class Line(Input):
    """A line to type into, which leaves a pasted command to the form."""

    def _on_paste(self, event: Paste) -> None:
        if event.text.lstrip("$ ").startswith(COMMAND):
            event.prevent_default().stop()
            self.post_message(Pasted(event.text))


class Choice(Select[str], inherit_bindings=False):
    """A list to choose from; arrows go on to the next field."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "show_overlay", "Choose", show=False)]


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
        return "yes" if value else "no"
    return word(value) + ("s" if parameter.option.duration else "")


class Field(Vertical):
    """A field's name and its value, and a sentence where that is wrong."""

    DEFAULT_CSS = """
    Field { height: auto; }
    Field > Horizontal { height: 1; }
    Field .name { width: 18; color: $text-muted; }
    Field:focus-within .name { color: $text-primary; text-style: bold; }
    Field Input, Field Select { width: 1fr; }
    Field .wrong { color: $text-error; padding-left: 2; height: auto; }
    Field.-wrong .name { color: $text-error; }
    """

    def __init__(self, parameter: Parameter):
        super().__init__()
        self.parameter = parameter
        self._default: Any = parameter.default
        self.control = self._made()

    def _made(self) -> Widget:
        details = self.parameter.option
        if details.choices:
            return Choice([(choice, choice) for choice in details.choices], prompt="", compact=True)
        if self.parameter.type is bool:
            return Checkbox(value=self._default, compact=True)
        return Line(suggester=Names(details.complete) if details.complete else None, select_on_focus=False, compact=True)

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(self.parameter.flag, classes="name", markup=False)
            yield self.control

    @property
    def text(self) -> str:
        """What stands there; "" where that is the default."""
        if isinstance(self.control, Checkbox):
            return "" if self.control.value == self._default else shown(self.parameter, self.control.value)
        assert isinstance(self.control, Select | Input)
        return str(self.control.value) if self.control.value != Select.NULL else ""

    @text.setter
    def text(self, text: str) -> None:
        if isinstance(self.control, Checkbox):
            self.control.value = text == "yes" if text else self._default
        elif isinstance(self.control, Choice):
            self.control.value = text or Select.NULL
        elif isinstance(self.control, Input):
            self.control.value = text

    def expect(self, value: Any) -> None:
        """What is the case where nothing is said."""
        text, self._default = self.text, value
        if isinstance(self.control, Checkbox):
            self.text = text
        elif isinstance(self.control, Choice):
            self.control.prompt = shown(self.parameter, value)
        elif isinstance(self.control, Input):
            self.control.placeholder = shown(self.parameter, value)

    def given(self) -> Any:
        """The value, or ABSENT; UsageError for what makes no sense."""
        parameter, text = self.parameter, self.text
        if not text.strip() and not (text and parameter.type is str):
            return ABSENT
        if parameter.type is bool:
            return text == "yes"
        try:
            words = shlex.split(text) if parameter.many else [text if parameter.type is str else text.strip()]
        except ValueError as error:
            raise UsageError(f"A quotation mark is open in {text!r}.") from error
        values = [convert(parameter, one) for one in words]
        for value in values:
            check_value(parameter, value, f"--{parameter.flag}")
        return tuple(values) if parameter.many else values[0]

    def mark(self, sentence: str) -> None:
        """Say what is wrong, or that nothing is."""
        self.set_class(bool(sentence), "-wrong")
        for old in self.query(".wrong"):
            old.remove()
        if sentence:
            self.mount(Static(sentence, classes="wrong", markup=False))
