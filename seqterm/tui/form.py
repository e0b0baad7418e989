"""Every `train` command as a form, made from its fields."""

import shlex
from collections.abc import Iterator
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, ItemGrid, Vertical
from textual.events import DescendantFocus, Resize
from textual.message import Message
from textual.widgets import Button, Select, Static

from seqterm.app import settings_files
from seqterm.app.arguments import line
from seqterm.app.commands import COMMANDS
from seqterm.app.commands.training import Train
from seqterm.app.parsing import option_flags, parse
from seqterm.errors import SeqtermError, UsageError
from seqterm.faces.names import known_names
from seqterm.faces.notes import sentence
from seqterm.models.catalogue import CATALOGUE
from seqterm.models.settings import MODEL
from seqterm.options import Parameter, parameters
from seqterm.training.settings import GUARD, RATE, TEXT, TRAINING
from seqterm.tui.field import ABSENT, Choice, Field, Line, Pasted, read, shown
from seqterm.tui.field_group import Fields, Group, Menu

FIRST, CORPUS = "lstm", "tales"  # what a newcomer trains
ORDER = ("Options", MODEL, TRAINING, RATE, TEXT, GUARD)
COLUMN, WITH_HELP = 46, 96  # characters of a group, without help beside its fields and with it
SOON = 0.05  # seconds in which changes are looked at together


def read_command(text: str) -> tuple[Train, str | None]:
    """A line of a shell that trains a model -> its command, and the profile that it names."""
    try:
        words = shlex.split(text.replace("\\\n", " "))
    except ValueError as error:
        raise UsageError(f"This is no line of a shell: {error}.") from error
    words = [word for word in words if word not in ("$", "--quiet", "-q", "--jsonl", "--debug", "--detach")]
    profile = None
    if "--profile" in words[:-1]:
        place = words.index("--profile")
        profile = words[place + 1]
        del words[place : place + 2]
    if words[:1] != ["seqterm"] or len(words) < 2 or not isinstance(command := parse(words[1:]), Train):
        raise UsageError("This is no command that trains a model: `seqterm train lstm tales` is one.")
    return command, profile


class Form(Vertical):
    """`command` is what its fields say."""

    HELP = """## A new training

Every field is an option of `seqterm train`; what is grey counts where nothing is typed. **Enter** starts the training, in a
process of its own. The shell's line for it stands at the bottom: **Ctrl-Y** copies it, and one that is pasted fills the form.

Arrows and Tab go from field to field, left and right through choices, Backspace takes a choice back.

*size* is a profile: tiny, small and medium are there, a settings file may have others.
"""
    DEFAULT_CSS = """
    Form #top { height: 1; }
    Form #top .name { width: auto; padding: 0 1; color: $text-muted; }
    Form #model, Form #size { width: 1fr; max-width: 24; }
    Form #start { margin-left: 2; min-width: 9; }
    Form Fields { height: 1fr; }
    Form ItemGrid { height: auto; grid-gutter: 0 1; keyline: none; }
    Form #explain { height: 2; padding: 0 1; color: $text-muted; }
    Form #line { height: 1; max-height: 4; padding: 0 1; }
    """

    class Start(Message):
        """Somebody wants to train what the form says."""

    def __init__(self, id: str):
        super().__init__(id=id)
        self._layers: list[settings_files.Layer] = []
        self._defaults: dict[str, settings_files.Default] = {}
        self._soon = False
        self._built: tuple[str, str] | None = None  # the command whose fields there are
        self._blamed: tuple[str, str] | None = None  # a field, and what was said of it when it was tried

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Static("model", classes="name")
            yield Menu([(name, name) for name in CATALOGUE], value=FIRST, allow_blank=False, compact=True, id="model")
            yield Static("size", classes="name")
            yield Menu([(name, name) for name in known_names("profile")], prompt="as set", compact=True, id="size")
            yield Button("Start", id="start", variant="primary", compact=True)
        with Fields():
            yield ItemGrid(min_column_width=COLUMN, stretch_height=False)
        yield Static(id="explain", markup=False)
        yield Static(id="line", markup=False)

    async def on_mount(self) -> None:
        await self.rebuild({})
        if "corpus" not in self._defaults:
            self._field("corpus").text = CORPUS
        self.focus_first()

    def focus_first(self) -> None:
        next(self._fields()).focus()

    # What is trained

    @property
    def path(self) -> tuple[str, str]:
        return "train", str(self.query_one("#model", Menu).value)

    def _fields(self) -> Iterator[Field]:
        for group in self.query(Group):
            yield from group.fields

    def _field(self, name: str) -> Field:
        return next(field for field in self._fields() if field.parameter.name == name)

    async def rebuild(self, texts: dict[str, str]) -> None:
        """The fields of the model that is chosen, with these texts in them."""
        self._built = self.path
        groups: dict[str, list[Parameter]] = {name: [] for name in ORDER}
        for parameter in parameters(COMMANDS[self.path]):
            if parameter.name != "detach":
                groups.setdefault(parameter.option.group, []).append(parameter)
        grid = self.query_one(ItemGrid)
        with self.app.batch_update():
            await grid.remove_children()
            made = [
                Group(name, sorted(found, key=lambda one: not one.option.positional)) for name, found in groups.items() if found
            ]
            await grid.mount(*made)
            for field in self._fields():
                field.text = texts.get(field.parameter.name, "")
            self._take_profile()

    def _take_profile(self) -> None:
        """What settings files and the profile say is what fields expect."""
        size = self.query_one("#size", Menu).value
        try:
            self._layers = settings_files.layers(None if size == Select.NULL else str(size))
            self._defaults = settings_files.find(self.path, self._layers)
        except SeqtermError as error:
            self._layers, self._defaults = [], {}
            self.screen.notify(sentence(error), severity="error", markup=False)
        for field in self._fields():
            default = self._defaults.get(field.parameter.name)
            field.expect(shown(field.parameter, default.value if default else field.parameter.default))
        self._look_soon()

    def command(self) -> Train:
        """What the fields say, checked; UsageError for the first that is wrong."""
        given: dict[str, Any] = {}
        for field in self._fields():
            if (value := read(field.parameter, field.text)) is not ABSENT:
                given[field.parameter.name] = value
        found = {name: default for name, default in self._defaults.items() if name not in given}
        command = settings_files.configured(self.path, given, found)
        assert isinstance(command, Train)
        return command

    def _why_wrong(self, field: Field) -> str:
        try:
            read(field.parameter, field.text)
        except UsageError as error:
            return str(error)
        return self._blamed[1] if self._blamed and self._blamed[0] == field.parameter.name else ""

    def mark(self) -> None:
        """Say under fields what is wrong with them."""
        for group in self.query(Group):
            group.mark({field: why for field in group.fields if (why := self._why_wrong(field))}, self._with_help)

    def blame(self, error: BaseException) -> None:
        """Mark the field that a failed start is about: that of an option that it names, or what is trained on."""
        flags = option_flags(COMMANDS[self.path])
        named = [flags[word.rstrip(":,.")].name for word in str(error).split() if word.rstrip(":,.") in flags]
        name = named[0] if named else next(self._fields()).parameter.name
        self._blamed = name, sentence(error)
        self._field(name).focus()
        self._look_soon()

    async def fill(self, text: str) -> None:
        """Say what a shell's line says."""
        try:
            command, profile = read_command(text)
            if profile is not None and profile not in known_names("profile"):
                raise UsageError(f"There is no profile {profile!r}.")
        except UsageError as error:
            self.screen.notify(str(error), severity="error", markup=False)
            return
        self.query_one("#model", Menu).value = command.model
        self.query_one("#size", Menu).value = profile or Select.NULL
        given = {p.name: shown(p, getattr(command, p.name)) for p in parameters(type(command)) if p.name in command.given}
        await self.rebuild(given)
        self.focus_first()

    # Looking at what is typed

    def _look_soon(self) -> None:
        if not self._soon:
            self._soon = True
            self.set_timer(SOON, self._look)

    def _look(self) -> None:
        """Mark what is wrong; show the line."""
        self._soon = False
        self.mark()
        if self._blamed:
            self._show_line(Text(self._blamed[1], "red"))
            return
        try:
            self._show_line(Text(f"$ {line(self.command())}", "bold"))
        except UsageError as error:
            self._show_line(Text(str(error), "red"))

    def _show_line(self, text: Text) -> None:
        """In as many lines as it needs, as far as there are."""
        shown_line = self.query_one("#line", Static)
        height = max(1, len(text.wrap(self.app.console, max(1, self.size.width - 2)))) if self.size.width else 1
        if shown_line.styles.height is None or shown_line.styles.height.value != height:
            shown_line.styles.height = height
        shown_line.update(text, layout=False)

    def on_resize(self, event: Resize) -> None:
        self.query_one(ItemGrid).min_column_width = WITH_HELP if self._with_help else COLUMN
        self._look_soon()

    @property
    def _with_help(self) -> bool:
        return self.size.width >= WITH_HELP

    @on(Line.Changed)
    @on(Choice.Changed)
    def changed(self) -> None:
        self._blamed = None
        self._look_soon()

    @on(Select.Changed, "#model")
    async def model_changed(self) -> None:
        if self.path != self._built:
            await self.rebuild({field.parameter.name: field.text for field in self._fields()})

    @on(Select.Changed, "#size")
    def size_changed(self) -> None:
        self._take_profile()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        if not isinstance(event.widget, Line | Choice):
            return
        parameter = event.widget.parameter
        default = self._defaults.get(parameter.name)
        choices = f" [{'|'.join(parameter.option.choices)}]" if parameter.option.choices else ""
        origin = f"  ({default.origin})" if default else ""
        self.query_one("#explain", Static).update(f"{parameter.option.help}{choices}{origin}", layout=False)

    @on(Line.Submitted)
    @on(Choice.Submitted)
    @on(Button.Pressed, "#start")
    def start(self) -> None:
        self.post_message(self.Start())

    async def on_pasted(self, message: Pasted) -> None:
        await self.fill(message.text)
