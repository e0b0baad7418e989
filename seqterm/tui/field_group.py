"""Groups of fields under headings, and how one gets from field to field."""

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Select, Static

from seqterm.options import Parameter
from seqterm.tui.field import Field, field_of


class Menu(Select[str], inherit_bindings=False):
    """A list that opens; arrows go on to the next field."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "show_overlay", "Choose", show=False)]


class Fields(VerticalScroll, inherit_bindings=False, can_focus=False):
    """Arrows go from field to field."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "Field before", show=False),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
    ]


class Group(Horizontal):
    """Fields under a heading, their names beside them; a sentence stands under a field that is wrong."""

    DEFAULT_CSS = """
    Group { height: auto; }
    Group Static { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    Group .names { width: 18; }
    Group .fields { width: 1fr; height: auto; }
    Group .helps { width: 3fr; margin-left: 2; color: $text-muted; }
    Group .wrong { color: $text-error; }
    """

    def __init__(self, title: str, found: list[Parameter]):
        super().__init__(classes="panel")
        self.border_title = title
        self.fields = [field_of(parameter) for parameter in found]
        self.wrong: dict[Field, str] = {}
        self._with_help = False

    def compose(self) -> ComposeResult:
        yield Static(self._names(), classes="names")
        yield Vertical(*self.fields, classes="fields")
        yield Static(classes="helps")

    def _names(self) -> Text:
        return self._beside(lambda field: Text(field.parameter.flag, self._style(field)))

    def _style(self, field: Field) -> str:
        return "bold red" if field in self.wrong else "bold" if field.has_focus else "dim"

    def _helps(self) -> Text:
        why = self.wrong.get
        return self._beside(lambda field: Text(why(field) or field.parameter.option.help, "red" if why(field) else ""))

    def _beside(self, what: Callable[[Field], Text]) -> Text:
        """A line beside each field, and an empty one beside what is said under it."""
        under = set() if self._with_help else self.wrong.keys()
        lines = [line for field in self.fields for line in (what(field), *([Text()] if field in under else []))]
        return Text("\n").join(lines)

    def draw(self, layout: bool = False) -> None:
        self.query_one(".names", Static).update(self._names(), layout=layout)

    def mark(self, wrong: dict[Field, str], with_help: bool) -> None:
        """Say what is wrong with which fields: under them, or, where there is help beside them, in its place."""
        if (wrong, with_help) == (self.wrong, self._with_help):
            return
        self.wrong, self._with_help = wrong, with_help
        self.query(".wrong").remove()
        for field, why in wrong.items() if not with_help else ():
            self.query_one(".fields").mount(Static(Text(why), classes="wrong"), after=field)
        helps = self.query_one(".helps", Static)
        helps.display = with_help
        helps.update(self._helps())
        self.draw(layout=True)

    def on_mount(self) -> None:
        self.query_one(".helps").display = False

    def on_descendant_focus(self) -> None:
        self.draw()

    def on_descendant_blur(self) -> None:
        self.draw()
