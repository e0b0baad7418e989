"""The hidden states behind a text or a series, and forecasts of a series: the screen is what the run is."""

from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, ScrollableContainer, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from seqterm.app.commands import Command, DecodeHmm, Forecast, Info, ShowHmm
from seqterm.events import ComparedPoint, Event, Fitted, ForecastErrors, ForecastPoint, Note, RunInfo, RunSummary, Trellis
from seqterm.faces import forecast
from seqterm.faces.notes import sentence
from seqterm.render.plain import plain
from seqterm.tui.job import Job
from seqterm.tui.line import Line
from seqterm.tui.run_chooser import choose_run, fitting_runs, models_of
from seqterm.tui.sequence_views import EMPTY, HELP, KINDS, Tall, chart, kind_of, model, trellises
from seqterm.tui.text_chooser import Text as ToRead
from seqterm.tui.text_chooser import choose_text, type_text
from seqterm.tui.widgets import Empty, Picture
from seqterm.tui.work_screen import WorkScreen

SEQUENCES = models_of("hmm", "forecast")
EXAMPLE = "the king rode out to the old mill, and the queen went away"
MOST = 100  # lines of a text that are drawn
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)


class Sequences(WorkScreen):
    NAME = "sequences"
    HELP = HELP
    CSS = """
    Sequences #both { height: 1fr; layout: horizontal; }
    Sequences #shown { width: 1fr; height: 100%; }
    Sequences #side { height: 100%; display: none; }
    Sequences.-wide #side, Sequences.-model #side { display: block; }
    Sequences.-wide.-model #side { display: none; }
    Sequences.-model #shown { display: none; }
    Sequences.-wide.-model #shown { display: block; }
    Sequences.-middle #side { min-width: 100%; }
    Sequences Picture { text-wrap: nowrap; text-overflow: clip; }
    Sequences #model { width: auto; }
    Sequences #said { padding: 1 1; height: auto; }
    Sequences #errors { height: auto; padding-top: 1; }
    Sequences.-short #errors, Sequences.-narrow #errors { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "ask", "Enter"),
        Binding("o", "run", "Run"),
        Binding("f", "open_text", "Open text"),
        Binding("i", "type_text", "Type text"),
        Binding("p", "posterior", "Path or each alone"),
        Binding("plus", "steps(1)", "More rows"),
        Binding("minus", "steps(-1)", "Fewer rows"),
        Binding("right_square_bracket", "level(1)", "Wider", show=False),
        Binding("left_square_bracket", "level(-1)", "Narrower", show=False),
        Binding("c", "compare", "Compare"),
        Binding("s", "model", "Model"),
        Binding("escape", "leave_line", "Leave the line", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._run: str | None = None
        self._kind = ""  # text, numbers (of a hidden Markov model), or forecast
        self._data = ""  # the file of numbers that is decoded where no other is named
        self._text: ToRead | None = None  # that is decoded where none is typed in the line
        self._posterior = self._compare = False
        self._steps: int | None = None  # as many as the command forecasts by itself
        self._shown = 0
        self._level = LEVELS.index(0.95)
        self._job: Job | None = None

    def content(self) -> Iterator[Widget]:
        yield Line("text", "a text to decode")
        yield Line("rows", "a CSV file to read instead of the rows that the run was trained on")
        with Container(id="both"):
            with VerticalScroll(id="shown", classes="panel"):
                yield Static(id="said", markup=False)
                yield Tall(id="trellis")
                yield Picture(id="chart")
                yield Static(id="errors", markup=False)
            with ScrollableContainer(id="side", classes="panel"):
                yield Tall(id="model")
        yield Empty(EMPTY, id="empty")

    def on_mount(self) -> None:
        self.query_one("#side").border_title = "Model"
        self._say("")
        self._arrange()
        fitting_runs(self, SEQUENCES, self._begin)

    # The run

    def _begin(self, runs: list[RunSummary]) -> None:
        """With the run of the last time, else with the newest."""
        last = self.workbench.memory.get(self.NAME)
        names = [run.run for run in runs]
        if self._run is None and names:
            self.show_run(last if last in names else names[0])

    def show_run(self, run: str) -> None:
        self._run = self.workbench.memory[self.NAME] = run
        self._kind = ""
        found: list[Event] = []
        self.drop(self._job)
        self._job = self.do(Info(run=run), found.extend, lambda error: self._take_run(found, error), quiet=True)

    def _take_run(self, found: list[Event], error: BaseException | None) -> None:
        infos = [event for event in found if isinstance(event, RunInfo)]
        if error or not infos:
            self._fail(error or LookupError(self._run))
            return
        [info] = infos
        self._kind = kind_of(info)
        self._arrange()
        self.query_one("#shown").border_title = f"{plain(str(self._run))}  {info.model}"
        if not self._kind:
            self._say(
                f"{info.run} is a run of {info.model}: here hidden Markov models and forecasters are shown. o chooses another."
            )
            return
        self._text, self._data = None, next(iter(info.corpus.get("sources", ())), "")
        self._posterior = self._compare = False
        self._steps = None
        self._model([event for event in found if isinstance(event, Fitted)] or [info])
        if self._kind != "forecast":
            states: list[Event] = []
            self.do(ShowHmm(run=info.run), states.extend, lambda error: self._model(states))
        self.action_leave_line()
        self._redo()

    def _model(self, found: list[Event]) -> None:
        """Beside: what there is to say of the model."""
        self.query_one("#model", Tall).draw = partial(model, found)

    def _arrange(self) -> None:
        """What fits the kind of run."""
        for name, shown in (
            ("#text", self._kind == "text"),
            ("#rows", self._kind in ("numbers", "forecast")),
            ("#trellis", self._kind == "text"),
            ("#chart", self._kind in ("numbers", "forecast")),
            ("#both", self._run is not None),
            ("#empty", self._run is None),
        ):
            self.query_one(name).display = shown
        for line in self.query(Line):
            line.value = ""
        self.query_one("#errors", Static).update("")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that say nothing to this kind of run are not there."""
        kinds = {"posterior": ("text", "numbers"), "ask": KINDS, "model": KINDS, "open_text": ("text",), "type_text": ("text",)}
        kinds |= dict.fromkeys(("steps", "level", "compare"), ("forecast",))
        return self._kind in kinds[action] if action in kinds else True

    def action_run(self) -> None:
        """Choose a run."""
        choose_run(self, "A hidden Markov model, or a forecaster", SEQUENCES, self.show_run)

    # What is shown

    def _redo(self) -> None:
        """Ask anew, with what was typed and the keys have set."""
        if not self._kind:
            return
        self.drop(self._job)
        self.query_one("#shown").border_subtitle = "reading ..."
        found: list[Event] = []

        def take(events: list[Event]) -> None:
            found.extend(events)
            if sum(isinstance(event, Trellis) for event in found) > MOST:
                self.drop(self._job)
                self.notify(f"The first {MOST} lines are drawn.")
                drawn: list[Event] = [event for event in found if isinstance(event, Trellis)]
                self._show(drawn[:MOST], None)

        with self._read.given() if self._kind == "text" else nullcontext():
            self._job = self.do(self._command(), take, lambda error: self._show(found, error), quiet=True)

    @property
    def _typed(self) -> str:
        return self.query_one("#text" if self._kind == "text" else "#rows", Line).value

    @property
    def _read(self) -> ToRead:
        """The text that is decoded."""
        return self._text or ToRead.of(self._typed or EXAMPLE)

    def _command(self) -> Command:
        assert self._run is not None
        file = str(Path(self._typed).expanduser()) if self._typed.strip() else None
        if self._kind == "forecast":
            return Forecast(run=self._run, data=file, steps=self._steps, level=LEVELS[self._level], compare=self._compare)
        source = self._read.source if self._kind == "text" else file or self._data
        return DecodeHmm(run=self._run, source=source, posterior=self._posterior, trellis=True)

    def _show(self, found: list[Event], error: BaseException | None) -> None:
        if error:
            self._fail(error)
            return
        self._say("")
        for note in found:
            if isinstance(note, Note):
                self.notify(note.text, markup=False)
        frame = self.query_one("#shown")
        if self._kind == "forecast":
            self._shown = sum(isinstance(event, ForecastPoint | ComparedPoint) for event in found)
            frame.border_subtitle = f"{self._shown} rows, {LEVELS[self._level]:.0%} interval"
            self.query_one("#chart", Picture).draw = partial(chart, found)
            errors = [event for event in found if isinstance(event, ForecastErrors)]
            self.query_one("#errors", Static).update(Text(forecast.forecast_errors(errors) if errors else "", no_wrap=True))
        else:
            path = "each by itself" if self._posterior else "most probable path"
            frame.border_subtitle = f"{plain(self._text.name)}, {path}" if self._text else path
            drawn = self.query_one("#trellis" if self._kind == "text" else "#chart", Picture)
            drawn.draw = partial(trellises, found)

    def _say(self, message: str) -> None:
        """A message in the place of a picture."""
        said = self.query_one("#said", Static)
        said.update(message)
        said.display = bool(message)

    def _fail(self, error: BaseException) -> None:
        for picture in self.query(Picture):
            picture.draw = None
        self.query_one("#errors", Static).update("")
        self.query_one("#both").display = True
        self._say(sentence(error))

    # Keys

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if isinstance(event.input, Line):
            event.input.keep(event.value)
            self._text = None
            self.action_leave_line()
            self._redo()

    def action_ask(self) -> None:
        """To the line."""
        self.query_one("#text" if self._kind == "text" else "#rows").focus()

    def action_leave_line(self) -> None:
        """To what is drawn."""
        self.query_one("#shown").focus()

    def action_open_text(self) -> None:
        """Decode a file or a corpus."""
        choose_text(self, self._decode)

    def action_type_text(self) -> None:
        """Type or paste several lines, or change what was typed."""
        type_text(self, self._read.typed or "", lambda text: self._decode(ToRead.of(text)))

    def _decode(self, text: ToRead) -> None:
        self._text = text
        self.action_leave_line()
        self._redo()

    def action_posterior(self) -> None:
        """Each token's most probable state, or the most probable path."""
        self._posterior = not self._posterior
        self._redo()

    def action_steps(self, direction: int) -> None:
        """More rows of forecast, or fewer."""
        if steps := self._steps or self._shown:
            self._steps = max(1, steps + direction * max(1, steps // 4))
            self._redo()

    def action_level(self, direction: int) -> None:
        """A wider interval, or a narrower one."""
        self._level = max(0, min(len(LEVELS) - 1, self._level + direction))
        self._redo()

    def action_compare(self) -> None:
        """Beside the real values of rows that training did not see."""
        self._compare, self._steps = not self._compare, None
        self._redo()

    def action_model(self) -> None:
        """Show the model, or hide it."""
        self.toggle_class("-model")
