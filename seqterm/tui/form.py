"""Every `train` command as a form, made from its fields."""

import shlex
from collections.abc import Iterator
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, ItemGrid, Vertical, VerticalScroll
from textual.events import DescendantFocus
from textual.message import Message
from textual.widgets import Button, Checkbox, Input, Select, Static

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
from seqterm.tui.field import ABSENT, Choice, Field, Pasted, shown
from seqterm.tui.widgets import panel

FIRST, CORPUS = "lstm", "tales"  # what a newcomer trains
ORDER = ("Options", MODEL, TRAINING, RATE, TEXT, GUARD)
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
    if words[:1] != ["seqterm"] or not isinstance(command := parse(words[1:] or [""]), Train):
        raise UsageError("This is no command that trains a model: `seqterm train lstm tales` is one.")
    return command, profile


class Fields(VerticalScroll, inherit_bindings=False, can_focus=False):
    """Arrows go from field to field."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "Field before", show=False),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
    ]


class Form(Vertical):
    """`command` is what its fields say."""

    HELP = """## A new training

Every field is an option of `seqterm train`; what is grey counts where nothing is typed. **Enter** starts the training, in a
process of its own. The shell's line for it stands at the bottom: **Ctrl-Y** copies it, and one that is pasted fills the form.

*size* is a profile: tiny, small and medium are there, a settings file may have others.
"""
    DEFAULT_CSS = """
    Form #top { height: 1; }
    Form #top .name { width: auto; padding: 0 1; color: $text-muted; }
    Form #model, Form #size { width: 1fr; max-width: 24; }
    Form #start { margin-left: 2; min-width: 9; }
    Form Fields { height: 1fr; }
    Form ItemGrid { height: auto; grid-gutter: 0 1; keyline: none; }
    Form .panel { height: auto; }
    Form #explain { height: 2; padding: 0 1; color: $text-muted; }
    Form #line { height: auto; max-height: 3; padding: 0 1; }
    .-short Form #explain { display: none; }
    .-narrow Form #size-name, .-narrow Form #model-name { display: none; }
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
            yield Static("model", id="model-name", classes="name")
            yield Choice([(name, name) for name in CATALOGUE], value=FIRST, allow_blank=False, compact=True, id="model")
            yield Static("size", id="size-name", classes="name")
            yield Choice([(name, name) for name in known_names("profile")], prompt="as set", compact=True, id="size")
            yield Button("Start", id="start", variant="primary", compact=True)
        with Fields():
            yield ItemGrid(min_column_width=46, stretch_height=False)
        yield Static(id="explain", markup=False)
        yield Static(id="line", markup=False)

    async def on_mount(self) -> None:
        await self.rebuild({})
        if "corpus" not in self._defaults:
            self._field("corpus").text = CORPUS
        self.focus_first()

    def focus_first(self) -> None:
        next(iter(self._fields())).control.focus()

    # What is trained

    @property
    def path(self) -> tuple[str, str]:
        return "train", str(self.query_one("#model", Choice).value)

    def _fields(self) -> Iterator[Field]:
        return iter(self.query(Field))

    def _field(self, name: str) -> Field:
        return next(field for field in self._fields() if field.parameter.name == name)

    async def rebuild(self, texts: dict[str, str]) -> None:
        """The fields of the model that is chosen, with these texts in them."""
        groups: dict[str, list[Parameter]] = {name: [] for name in ORDER}
        for parameter in parameters(COMMANDS[self.path]):
            if parameter.name != "detach":
                groups.setdefault(parameter.option.group, []).append(parameter)
        panels = [
            panel(name, *(Field(one) for one in sorted(found, key=lambda one: not one.option.positional)))
            for name, found in groups.items()
            if found
        ]
        self._built = self.path
        grid = self.query_one(ItemGrid)
        with self.app.batch_update():
            await grid.remove_children()
            await grid.mount(*panels)
            for field in self._fields():
                field.text = texts.get(field.parameter.name, "")
            self._take_profile()

    def _take_profile(self) -> None:
        """What settings files and the profile say is what fields expect."""
        size = self.query_one("#size", Choice).value
        try:
            self._layers = settings_files.layers(None if size == Select.NULL else str(size))
            self._defaults = settings_files.find(self.path, self._layers)
        except SeqtermError as error:
            self._layers, self._defaults = [], {}
            self.screen.notify(sentence(error), severity="error", markup=False)
        for field in self._fields():
            default = self._defaults.get(field.parameter.name)
            field.expect(default.value if default else field.parameter.default)
        self._look_soon()

    def command(self) -> Train:
        """What the fields say, checked; marks the fields that are wrong, and raises UsageError for the first."""
        given: dict[str, Any] = {}
        errors: list[UsageError] = []
        for field in self._fields():
            wrong = ""
            try:
                if (value := field.given()) is not ABSENT:
                    given[field.parameter.name] = value
            except UsageError as error:
                errors.append(error)
                wrong = str(error)
            if not wrong and self._blamed and self._blamed[0] == field.parameter.name:
                wrong = self._blamed[1]
            field.mark(wrong)
        if errors:
            raise errors[0]
        found = {name: default for name, default in self._defaults.items() if name not in given}
        command = settings_files.configured(self.path, given, found)
        assert isinstance(command, Train)
        return command

    def blame(self, error: BaseException) -> None:
        """Mark the field that a failed start is about: that of an option that it names, or what is trained on."""
        flags = option_flags(COMMANDS[self.path])
        named = [flags[word.rstrip(":,.")].name for word in str(error).split() if word.rstrip(":,.") in flags]
        name = named[0] if named else next(iter(self._fields())).parameter.name
        self._blamed = name, sentence(error)
        field = self._field(name)
        field.mark(sentence(error))
        field.control.focus()

    async def fill(self, text: str) -> None:
        """Say what a shell's line says."""
        try:
            command, profile = read_command(text)
            if profile is not None and profile not in known_names("profile"):
                raise UsageError(f"There is no profile {profile!r}.")
        except UsageError as error:
            self.screen.notify(str(error), severity="error", markup=False)
            return
        self.query_one("#model", Choice).value = command.model
        self.query_one("#size", Choice).value = profile or Select.NULL
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
        shown_line = self.query_one("#line", Static)
        try:
            shown_line.update(Text(f"$ {line(self.command())}", "bold"))
        except UsageError as error:
            shown_line.update(Text(str(error), "red"))

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    async def changed(self, event: Message) -> None:
        self._blamed = None
        control = event.control
        if control is not None and control.id == "model":
            texts = {field.parameter.name: field.text for field in self._fields()}
            if self.path != self._built:
                await self.rebuild(texts)
        elif control is not None and control.id == "size":
            self._take_profile()
        self._look_soon()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        field = next((node for node in event.widget.ancestors if isinstance(node, Field)), None)
        if field is None:
            return
        option = field.parameter.option
        default = self._defaults.get(field.parameter.name)
        what = option.help + (f" [{'|'.join(option.choices)}]" if option.choices else field.parameter.default_text)
        origin = f"  ({shown(field.parameter, default.value)} by {default.origin})" if default else ""
        self.query_one("#explain", Static).update(f"{what}{origin}")

    @on(Input.Submitted)
    @on(Button.Pressed, "#start")
    def start(self) -> None:
        self.post_message(self.Start())

    async def on_pasted(self, message: Pasted) -> None:
        await self.fill(message.text)
