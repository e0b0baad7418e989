"""A training as it goes on, here or in any other process: curves, figures, samples."""

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import RichLog, Static

from seqterm.events import Event, Started, TrainingSample
from seqterm.tui.widgets import Picture, panel
from seqterm.tui.work_screen import SIDE

if TYPE_CHECKING:
    from seqterm.render.training import TrainingView

FRAME = 0.25  # seconds between two pictures
AT_ONCE = 20  # samples that are laid out between two pictures
MOST_SAMPLES = 1000
CHART = 45  # characters of one, at least
CHARTS = ("losses", "gradients", "rates")


class Samples(RichLog):
    """All samples so far, the newest at the end, where it stays if it stands there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("g", "scroll_home", "First sample", show=False),
        Binding("G", "scroll_end", "Newest sample", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(min_width=10, wrap=True, id="samples")
        self._samples: deque[TrainingSample] = deque(maxlen=MOST_SAMPLES)
        self._waiting: deque[TrainingSample] = deque(maxlen=MOST_SAMPLES)
        self._width = 0

    def add(self, sample: TrainingSample) -> None:
        self._samples.append(sample)
        self._waiting.append(sample)

    def forget(self, after: int = 0) -> None:
        """All samples, or those after a step, from which a training goes on."""
        self._samples = deque((sample for sample in self._samples if sample.step <= after), MOST_SAMPLES)
        self._again()

    def _again(self) -> None:
        self.clear()
        self._waiting = self._samples.copy()

    def lay_out(self) -> None:
        """Some of those that wait."""
        from seqterm.render.training import at_step

        if not self._waiting or not self._width:
            return
        at_end = self.is_vertical_scroll_end
        for _ in range(min(AT_ONCE, len(self._waiting))):
            self.write(at_step(self._waiting.popleft()), expand=True, scroll_end=False)
        if at_end:
            self.call_after_refresh(self.scroll_end, animate=False)

    def on_resize(self, event: Resize) -> None:
        if event.size.width != self._width:
            self._width = event.size.width
            self._again()


class Live(Vertical):
    """Takes the events of Watch."""

    HELP = """## A training, live

What is drawn comes from the run's log of events, so it may be trained by any process, also on another machine that shares the
folder. Leaving this screen, or the workbench, does not stop it.

- **s** stops it, so that it can go on; **r** goes on with it, also after a failure.
- **v** shows another chart: losses, gradient norms by layer, learning rate. A wide window shows several.
- **f** is the form for a new training, **p** plays with the model as it is now.
"""
    DEFAULT_CSS = """
    Live #heading, Live #summary { height: 1; }
    Live #upper { height: 13; }
    Live #losses, Live #gradients, Live #rates { width: 1fr; height: 1fr; }
    Live #below { height: 1fr; min-height: 4; }
    Live #remarks { height: auto; max-height: 4; padding: 0 1; }
    Live #none { height: 1; }
    Live Samples { background: transparent; height: 1fr; }
    Live #summary { display: none; }
    """

    def __init__(self, id: str):
        super().__init__(id=id)
        self.run = ""
        self._view: TrainingView | None = None
        self._stale = False
        self._failure = ""  # why nothing more will come
        self._chart = CHARTS[0]

    def compose(self) -> ComposeResult:
        yield Static(id="heading")
        yield Static(id="summary", markup=False)
        with Horizontal(id="upper"):
            for name in CHARTS:
                yield panel("", Picture(), id=name)
            yield panel("figures", Picture(), id="side")
        yield panel("samples", Static("None yet: they come with validations.", id="none", classes="hint"), Samples(), id="below")
        yield Static(id="remarks", markup=False)

    def on_mount(self) -> None:
        self.set_interval(FRAME, self._draw_stale)
        self._arrange()

    def attach(self, run: str) -> None:
        """Begin anew with a run."""
        from seqterm.render.training import TrainingView

        self.run, self._view, self._stale, self._failure = run, TrainingView(), True, ""
        self.query_one(Samples).forget()

    def focus_samples(self) -> None:
        self.query_one(Samples).focus()

    def take(self, events: list[Event]) -> None:
        if self._view is None:
            return
        for event in events:
            self._view.take(replace(event, run=self.run) if isinstance(event, Started) else event)  # it may have been moved
            if isinstance(event, TrainingSample):
                self.query_one(Samples).add(event)
            elif isinstance(event, Started):
                self.query_one(Samples).forget(event.step)
        self._stale = True

    def fail(self, sentence: str) -> None:
        """Nothing more will come."""
        self._failure, self._stale = sentence, True

    @property
    def epochs(self) -> int | None:
        """How many a complete training has had."""
        view = self._view
        return view.started.epochs if view and view.started and view.complete else None

    def next_chart(self) -> None:
        self._chart = CHARTS[(CHARTS.index(self._chart) + 1) % len(CHARTS)]
        self._arrange()

    # Drawing

    def _shown(self) -> tuple[str, ...]:
        """As many charts as have room beside the figures, from that on which was asked for."""
        first = CHARTS.index(self._chart)
        return (CHARTS + CHARTS)[first : first + max(1, (self.size.width - SIDE) // CHART)][: len(CHARTS)]

    def _arrange(self) -> None:
        shown = self._shown()
        order = {name: place for place, name in enumerate(shown)}
        self.query_one("#upper").sort_children(key=lambda child: order.get(child.id or "", len(CHARTS)))
        for name in CHARTS:
            self.query_one(f"#{name}").display = name in shown
        self._stale = True

    def on_resize(self) -> None:
        self._arrange()

    def _draw_stale(self) -> None:
        """Some times a second, if anybody looks."""
        if not (self.screen.is_current and self.display):
            return
        self.query_one(Samples).lay_out()
        if self._stale and self._view:
            self._stale = False
            self._draw(self._view)

    def _draw(self, view: "TrainingView") -> None:
        begun = view.started is not None
        waiting = None if self._failure else view.render
        self.query_one("#heading", Static).update(view.heading() if begun else Text(f" {self.run}", "bold"))
        self.query_one("#summary", Static).update(view.summary())
        draws = {"losses": view.losses, "gradients": view.gradients, "rates": view.rates}
        titles = {"losses": view.legend, "gradients": view.gradient_legend, "rates": lambda: Text("learning rate")}
        for name in self._shown():
            self.query_one(f"#{name}").border_title = Content.from_rich_text(titles[name]())
            self.query_one(f"#{name} Picture", Picture).draw = draws[name] if begun else waiting
            self.query_one(f"#{name} Picture").refresh()
        side = self.query_one("#side Picture", Picture)
        side.draw = view.figures if begun else None
        side.refresh()
        self.query_one("#none").display = view.sample is None
        said = [*view.said(), *([self._failure] if self._failure else [])]
        remarks = self.query_one("#remarks", Static)
        remarks.display = bool(said)
        remarks.update(Text("\n".join(said), "red" if view.failed or self._failure else "dim"))
