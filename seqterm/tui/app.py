"""The workbench itself: places to go to, one session, what is remembered, how errors appear."""

import contextlib
import gc
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from seqterm.app.session import Session
from seqterm.faces.notes import sentence
from seqterm.models.catalogue import resolve
from seqterm.tui import memory
from seqterm.tui.job import Job
from seqterm.tui.places import PLACES
from seqterm.tui.work_screen import WorkScreen

THEMES = ("textual-dark", "textual-light", "ansi-dark", "ansi-light")  # that one key goes through
LAST_WORDS = 1.0  # seconds in which jobs may end by themselves


def _made(screen: str) -> Callable[[], Screen[None]]:
    return lambda: resolve(screen)()


class Workbench(App[None]):
    """`session` has the loaded models; every job has one beside it."""

    TITLE = "seqterm"
    CSS_PATH = "workbench.tcss"
    MODES = {place.name: _made(place.screen) for place in PLACES}
    HELP = "Number keys, or F2 to F8, go to screens, Ctrl-P finds any action, Tab moves on, Ctrl-Q or F10 leaves."
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(i), f"go('{place.name}')", place.title, show=False) for i, place in enumerate(PLACES, 1)),
        *(
            Binding(f"f{i + 1},alt+{i}", f"go('{place.name}')", place.title, show=False, priority=True)
            for i, place in enumerate(PLACES, 1)
        ),
        Binding("f1", "help", "Help", show=False, priority=True),
        Binding("ctrl+p", "command_palette", "Actions", priority=True),
        Binding("f9", "next_theme", "Next theme", show=False, priority=True),
        Binding("f10", "quit", "Quit", priority=True),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(holds=False)
        self.memory = memory.recall()
        self.jobs: set[Job] = set()
        self.run_chosen: str | None = None
        self._settled = False

    def on_mount(self) -> None:
        if self.memory.get("theme") in self.available_themes:
            self.theme = self.memory["theme"]
        known = [place.name for place in PLACES]
        last = self.memory.get("screen")
        self.switch_mode(last if last in known else known[0])

    # Places

    def action_go(self, name: str) -> None:
        """Go to a screen."""
        self.memory["screen"] = name
        self.switch_mode(name)

    def open_run(self, name: str, run: str) -> None:
        """Go to a screen with a run."""
        self.run_chosen = run
        self.action_go(name)
        self.call_after_refresh(self._show_run, run)

    def _show_run(self, run: str) -> None:
        if isinstance(self.screen, WorkScreen):
            self.screen.show_run(run)

    # What every screen offers

    def get_system_commands(self, screen: Screen) -> Iterable[SystemCommand]:
        """Every key of the screen and of what has the focus, every place, and what Textual offers."""
        for place in PLACES:
            yield SystemCommand(place.title, place.help, partial(self.action_go, place.name))
        offered = {"Theme", "Quit", *(place.title for place in PLACES)}
        for node in (screen.focused or screen).ancestors_with_self:  # active_bindings lacks what an Input would take as a letter
            for _, binding in node._bindings:
                name = binding.description
                if name and name not in offered and self._check_action_state(binding.action, node):
                    offered.add(name)
                    yield SystemCommand(
                        name, f"key: {self.get_key_display(binding)}", partial(self.run_action, binding.action, node)
                    )
        yield SystemCommand("Theme", "Choose a theme", self.action_change_theme)
        yield SystemCommand("Quit", "Leave the workbench; trainings go on", self.action_quit)

    def action_help(self) -> None:
        """Show or hide help for what has the focus."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_next_theme(self) -> None:
        now = THEMES.index(self.theme) if self.theme in THEMES else -1
        self.theme = THEMES[(now + 1) % len(THEMES)]

    def report(self, error: BaseException) -> None:
        """Say what went wrong; the log file has the rest."""
        text = sentence(error).replace("`--debug` shows where it happened.", f"{memory.log_path()} says where.")
        self.notify(text, title="That did not work", severity="error", timeout=10, markup=False)
        with contextlib.suppress(OSError):  # a full disk is no reason for a second message
            memory.log(error)

    def _fatal_error(self) -> None:
        """After an error that nobody foresaw: the log has all of it, the terminal a sentence."""
        error = sys.exc_info()[1]
        assert error
        with contextlib.suppress(OSError):
            memory.log(error)
        self.panic(Text(f"seqterm: {type(error).__name__}: {error}.  {memory.log_path()} says where; trainings go on."))

    def settle(self) -> None:
        """Once there are kernels, a look for garbage among all that they brought would take a tenth of a second each time."""
        if not self._settled and "numba" in sys.modules:
            self._settled = True
            gc.freeze()

    # The end

    async def action_quit(self) -> None:
        """Leave; trainings in processes of their own go on."""
        self.leave()

    def leave(self) -> None:
        self.memory["theme"] = self.theme
        with contextlib.suppress(OSError):  # what was remembered before stays
            memory.remember(self.memory)
        for job in list(self.jobs):
            job.stop()
        self.exit()
