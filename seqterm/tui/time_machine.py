"""The same prompt and seed over the checkpoints that training kept, one at a time, with a slider."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.events import Click
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from seqterm.app.commands import Sample
from seqterm.events import Event, TrainingSample
from seqterm.render.plain import plain
from seqterm.tui.work_screen import WorkScreen


class Slider(Widget):
    """`place` of `steps`, each a step of training."""

    DEFAULT_CSS = "Slider { height: 2; }"
    steps: reactive[tuple[int, ...]] = reactive(())
    place: reactive[int] = reactive(0)

    def render(self) -> Text:
        width, last = self.size.width, len(self.steps) - 1
        if last < 0:
            return Text("Drawing ...", "dim")
        place = self._column(self.place, width)
        line = Text("─" * width, "dim")
        for number in range(last + 1):
            line.stylize("not dim", (at := self._column(number, width)), at + 1)
        line = line[:place] + Text("●", "bold cyan") + line[place + 1 :]
        label = f"step {self.steps[self.place]:,}  ({self.place + 1} of {last + 1})"
        return line + Text("\n" + " " * max(0, min(place, width - len(label))) + label, "bold")

    def _column(self, number: int, width: int) -> int:
        return round(number / max(1, len(self.steps) - 1) * (width - 1))

    def on_click(self, event: Click) -> None:
        if self.steps:
            self.place = round(event.x / max(1, self.size.width - 1) * (len(self.steps) - 1))


class TimeMachine(ModalScreen[None]):
    """`home`: the screen that runs the command."""

    DEFAULT_CSS = """
    TimeMachine { align: center middle; }
    TimeMachine > Vertical { width: 95%; height: 90%; border: round $primary; padding: 0 1; background: $surface; }
    TimeMachine VerticalScroll { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", "Earlier", priority=True),
        Binding("right,l", "move(1)", "Later", priority=True),
        Binding("home,g", "move(-1000)", "First", show=False, priority=True),
        Binding("end,G", "move(1000)", "Last", show=False, priority=True),
        Binding("escape,c", "leave", "Leave"),
    ]

    def __init__(self, home: WorkScreen, command: Sample):
        super().__init__()
        self._home, self._command = home, command
        self._samples: list[TrainingSample] = []

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = f"{plain(self._command.run)}: checkpoints, seed {self._command.seed}"
            frame.border_subtitle = "left and right: earlier and later · Escape leaves"
            with VerticalScroll():
                yield Static(markup=False)
            yield Slider()

    def on_mount(self) -> None:
        self._job = self._home.do(self._command, self._take, self._end)
        self.query_one(VerticalScroll).focus()
        self.watch(self.query_one(Slider), "place", self._show)

    def _take(self, events: list[Event]) -> None:
        self._samples += [event for event in events if isinstance(event, TrainingSample)]
        slider = self.query_one(Slider)
        slider.steps = tuple(sample.step for sample in self._samples)
        self._show()

    def _end(self, error: BaseException | None) -> None:
        if error:
            self.dismiss()

    def _show(self) -> None:
        if self._samples:
            prompt, text = self._command.prompt or "", self._samples[self.query_one(Slider).place].text
            shown = Text(plain(prompt), "bold").append(plain(text.removeprefix(prompt)), "not bold")
            self.query_one(Static).update(shown)

    def action_move(self, by: int) -> None:
        slider = self.query_one(Slider)
        slider.place = max(0, min(len(self._samples) - 1, slider.place + by))

    def action_leave(self) -> None:
        self._home.drop(self._job)
        self.dismiss()
