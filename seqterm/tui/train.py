"""A form for a new training, and trainings live."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Paste
from textual.widget import Widget
from textual.widgets import Button, ContentSwitcher

from seqterm.app.arguments import line
from seqterm.app.commands import Command, Stop, Watch
from seqterm.app.parsing import parse
from seqterm.errors import UsageError
from seqterm.events import Detached, Event
from seqterm.faces.notes import sentence
from seqterm.tui.dialogs import Ask
from seqterm.tui.field import COMMAND
from seqterm.tui.form import Form
from seqterm.tui.job import Job
from seqterm.tui.live import Live
from seqterm.tui.work_screen import WorkScreen

OF_FORM = ("start", "copy", "paste_command", "live")
OF_LIVE = ("stop", "resume", "next_chart", "form", "play")


class Train(WorkScreen):
    NAME = "train"
    CSS = """
    Train ContentSwitcher { height: 1fr; }
    Train #form, Train #live { height: 100%; }
    Train.-short #explain { display: none; }
    Train.-narrow #top .name { display: none; }
    Train.-wide.-tall #upper { height: 3fr; min-height: 13; }
    Train.-wide.-tall #below { height: 2fr; }
    Train.-short #below { display: none; }
    Train.-short #upper, Train.-narrow #upper { height: 1fr; }
    Train.-narrow #side { display: none; }
    Train.-narrow #summary { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start"),
        Binding("ctrl+y", "copy", "Copy the command"),
        Binding("ctrl+o", "paste_command", "From a command"),
        Binding("escape", "live", "Live"),
        Binding("s", "stop", "Stop"),
        Binding("r", "resume", "Resume"),
        Binding("v", "next_chart", "Next chart"),
        Binding("f", "form", "Form"),
        Binding("p", "play", "Play"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._watching: Job | None = None
        self._starting: Job | None = None

    def content(self) -> Iterator[Widget]:
        with ContentSwitcher(initial="form"):
            yield Form("form")
            yield Live("live")

    @property
    def _form(self) -> Form:
        return self.query_one(Form)

    @property
    def _live(self) -> Live:
        return self.query_one(Live)

    def _show(self, which: str) -> None:
        self.query_one(ContentSwitcher).current = which
        if which == "form":
            self._form.focus_first()
        else:
            self._live.focus_samples()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of what is shown."""
        current = self.query_one(ContentSwitcher).current if self.is_mounted else "form"
        if action in OF_FORM:
            return current == "form" and (action != "live" or bool(self._live.run))
        return action not in OF_LIVE or current == "live"

    # The form

    def on_form_start(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        """Train what the form says, in a process of its own."""
        if self._starting:
            return
        try:
            command = self._form.command()
        except UsageError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self._launch(replace(command, detach=True, given=command.given | {"detach"}), self._form.blame)

    def _launch(self, command: Command, blame: Callable[[BaseException], None]) -> None:
        """Start a process, and watch what it trains."""
        begun: list[Event] = []

        def end(error: BaseException | None) -> None:
            self._starting = None
            self.query_one("#start", Button).disabled = False
            if error:
                blame(error)
            for event in begun:
                if isinstance(event, Detached):
                    self.show_run(event.run)

        self.query_one("#start", Button).disabled = True
        self._starting = self.do(command, begun.extend, end, quiet=True)

    def action_copy(self) -> None:
        """Copy the shell's line."""
        try:
            text = line(self._form.command())
        except UsageError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.app.copy_to_clipboard(text)
        self.notify(text, title="Copied", markup=False)

    def action_paste_command(self) -> None:
        """Fill the form from a shell's line."""

        async def fill(text: str | None) -> None:
            if text:
                await self._form.fill(text)

        self.app.push_screen(Ask("From a command", "", f"A line of a shell, as `{COMMAND} gru tales --hidden 64`"), fill)

    async def on_paste(self, event: Paste) -> None:
        if event.text.lstrip("$ ").startswith(COMMAND):
            self._show("form")
            await self._form.fill(event.text)

    def action_form(self) -> None:
        """Go to the form."""
        self._show("form")

    # Live

    def show_run(self, run: str) -> None:
        """Watch a run from its beginning on."""
        self.drop(self._watching)
        self._show("live")
        self._live.attach(run)
        self._watching = self.do(Watch(run=run), self._live.take, self._watched, quiet=True)

    def _watched(self, error: BaseException | None) -> None:
        self._watching = None
        if error:
            self._live.fail(sentence(error))

    def action_live(self) -> None:
        self._show("live")

    def action_next_chart(self) -> None:
        self._live.next_chart()

    def action_stop(self) -> None:
        """Save and end the training."""
        self.do(Stop(run=self._live.run), lambda events: None)

    def action_resume(self) -> None:
        """Go on, in a process of its own; a complete training with more epochs."""
        if self._starting:
            return
        if (epochs := self._live.epochs) is None:
            self._resume([])
        else:
            question = Ask("Go on", str(2 * epochs), f"Epochs in all; it has had {epochs}")
            self.app.push_screen(question, lambda text: self._resume(["--epochs", text]) if text else None)

    def _resume(self, words: list[str]) -> None:
        try:
            command = parse(["train", f"--resume={self._live.run}", *words, "--detach"])
        except UsageError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self._launch(command, self.workbench.report)

    def action_play(self) -> None:
        self.workbench.open_run("playground", self._live.run)
