"""The training view: loss curve, figures, progress, a fresh sample; drawn by this one piece of code for every face."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from seqterm.events import CaughtUp, Event, Finished, Note, Started, Step, Stopped, TrainingSample, Validation
from seqterm.render.bars import bar
from seqterm.render.braille import Labels, Series, line_chart
from seqterm.render.plain import duration, plain
from seqterm.render.thinning import STRETCHES, extremes

FIGURES_WIDTH, FIGURES_HEIGHT = 30, 12
MOST = 4 * STRETCHES  # steps that are kept
LAYERS = ("cyan", "magenta", "green", "yellow", "blue", "red")  # colours, in turn
TRAINING, HELD_OUT = "cyan", "bold magenta"


def _log10(value: float | None) -> float:
    return math.log10(value) if value else math.nan


def layer_label(name: str) -> str:
    """What a layer is called beside others: recurrent ones have numbers for names."""
    return f"layer {name}" if name.isdecimal() else name


def at_step(sample: TrainingSample) -> RenderableType:
    """A whole sample under the step that it is of."""
    rule = Rule(Text(f"step {sample.step:,}", "bold"), align="left", style="dim")
    return Group(rule, Text(plain(sample.text), overflow="fold"))


def _thin(events: list[Any], name: str) -> None:
    """Of very many events keep what a chart needs."""
    if len(events) > MOST:
        events[:] = [events[i] for i in extremes([e.step for e in events], [getattr(e, name) for e in events])]


@dataclass
class TrainingView:
    """Takes events, gives a renderable, and its parts."""

    started: Started | None = None
    steps: list[Step] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    sample: TrainingSample | None = None
    remarks: list[str] = field(default_factory=list)
    ended: bool = False
    complete: bool = False
    began: float = 0.0
    caught_up: CaughtUp | None = None  # where a log is watched

    def take(self, event: Event) -> None:
        match event:
            case Started():
                self._begin(event)
            case CaughtUp():
                self.caught_up = event
            case Step():
                self.began = self.began if self.steps else time.monotonic()
                self.steps.append(event)
                _thin(self.steps, "loss")
            case Validation():
                self.validations.append(event)
                _thin(self.validations, "validation_loss")
            case TrainingSample():
                self.sample = event
            case Stopped():
                self.remarks, self.ended = [f"stopped: {event.reason}"], True
            case Finished():
                self.remarks, self.ended = [*self.remarks, f"complete in {duration(event.seconds)}"], True
                self.complete = True
            case Note():
                self.remarks.append(event.text)

    def _begin(self, event: Started) -> None:
        """A training goes on from a checkpoint, and what came after that is no more."""
        if self.ended:
            self.remarks, self.ended, self.complete = [], False, False
        self.started = event
        self.steps = [step for step in self.steps if step.step <= event.step]
        self.validations = [validation for validation in self.validations if validation.step <= event.step]

    def eta(self) -> float | None:
        """Seconds left at the pace since the first step."""
        if self.caught_up:
            return self.caught_up.left
        if not self.started or not self.steps:
            return None
        done = self.steps[-1].step - self.steps[0].step  # the first steps wait for compilers
        if not done:
            return None
        return (time.monotonic() - self.began) / done * (self.started.steps - self.steps[-1].step)

    def render(self, width: int, rows: int = 34) -> RenderableType:
        """At most `width` characters wide and, from 20 rows on, `rows` lines high."""
        if self.started is None:
            reads = self.caught_up is None or self.caught_up.training
            return Text("reading the text ..." if reads else "nothing is logged yet", "dim")
        beside = width >= 2 * FIGURES_WIDTH
        chart_width = width - FIGURES_WIDTH if beside else width
        remarks = self.said()
        remark_lines = sum(-(-(1 + cell_len(remark)) // width) for remark in remarks)
        free = rows - 1 - remark_lines - (0 if beside else FIGURES_HEIGHT)  # for chart and sample
        least = FIGURES_HEIGHT if beside else 7
        sample_lines = max(0, min(8, free - least - 2))
        chart_height = max(least, min(18, free - (sample_lines + 2 if sample_lines else 0)))
        curve = self.losses(chart_width - 4, chart_height - 2)
        chart = Panel(curve, title=self.legend(), title_align="left", width=chart_width, height=chart_height, border_style="dim")
        figures_height = chart_height if beside else FIGURES_HEIGHT
        figures_width = width - chart_width or width
        figures = Panel(
            self.figures(figures_width - 4, figures_height - 2), width=figures_width, height=figures_height, border_style="dim"
        )
        lines = [Text(f" {remark}", "dim") for remark in remarks]
        sample = self._sample_panel(width, sample_lines)
        if not beside:
            return Group(self.heading(), chart, figures, *sample, *lines)
        across = Table.grid()
        across.add_row(chart, figures)
        return Group(self.heading(), across, *sample, *lines)

    @property
    def failed(self) -> bool:
        return self.caught_up is not None and bool(self.caught_up.failure) and not self.ended

    def said(self) -> list[str]:
        """Lines about how it goes, the last ones."""
        return [plain(remark) for remark in (*self.remarks[-2:], *self._unattended())]

    def summary(self) -> str:
        """The most important figures in one line."""
        if not self.steps or not self.started:
            return ""
        step, held_out, eta = self.steps[-1], self._held_out(), self.eta()
        figures = [f"{step.step / max(1, self.started.steps):.0%}", f"loss {step.loss:.3f}"]
        figures += [f"held out {held_out[-1]:.3f}"] if held_out else []
        return "  ".join([*figures, *([duration(eta)] if eta is not None and not self.ended else [])])

    def _held_out(self) -> list[float]:
        return [v.validation_loss for v in self.validations if v.validation_loss is not None]

    def _unattended(self) -> list[str]:
        at = self.caught_up
        if at is None or at.training or self.ended:
            return []
        return [at.failure or "no process on this machine trains it", *([f"go on with: {at.resume}"] if at.resume else [])]

    def heading(self) -> Text:
        assert self.started
        s = self.started
        text = Text(f" {s.run} ", "bold", no_wrap=True, overflow="ellipsis")
        kinds = f" of {s.vocabulary_size:,} kinds" if s.vocabulary_size else ""
        figures = f" {s.model}, {s.parameters:,} parameters, {s.training_tokens:,} {s.reads}{kinds}"
        return text.append(figures, "dim")

    def legend(self) -> Text:
        legend = Text(f"{self.started.unit if self.started else 'loss'}: ", "default")
        legend.append("training", TRAINING)
        if any(v.validation_loss is not None for v in self.validations):
            legend.append("  held out", HELD_OUT)
        return legend

    def losses(self, width: int, height: int) -> Text:
        if not self.steps:
            return self._no_steps("losses")
        lines = [Series([s.step for s in self.steps], [s.loss for s in self.steps], TRAINING)]
        held_out = [(v.step, v.validation_loss) for v in self.validations if v.validation_loss is not None]
        if held_out:
            lines.append(Series([step for step, _ in held_out], [loss for _, loss in held_out], HELD_OUT))
        return line_chart(lines, width, height)

    def _no_steps(self, what: str) -> Text:
        waits = not self.steps and not self.ended and (self.caught_up is None or self.caught_up.training)
        return Text("compiling kernels ..." if waits else f"no {what} were logged on the way", "dim")

    def gradients(self, width: int, height: int) -> Text:
        """The norm of each layer's gradient, on a logarithmic scale."""
        steps = [s for s in self.steps if s.layer_norms]
        lines = [
            Series([s.step for s in steps], [_log10(s.layer_norms.get(layer)) for s in steps], style, mark=layer[0])
            for layer, style in self._layers()
        ]
        if not lines:
            return self._no_steps("gradients of layers")
        return line_chart(lines, width, height, labels=Labels(y="exponent"))

    def gradient_legend(self) -> Text:
        legend = Text("gradients: ", "default")
        return legend.append_text(Text("  ").join(Text(layer_label(name), style) for name, style in self._layers()))

    def _layers(self) -> list[tuple[str, str]]:
        """Names and colours."""
        names = self.steps[-1].layer_norms if self.steps else {}
        return [(name, LAYERS[number % len(LAYERS)]) for number, name in enumerate(names)]

    def rates(self, width: int, height: int) -> Text:
        """The learning rate, step by step."""
        rates = [(s.step, s.learning_rate) for s in self.steps if s.learning_rate is not None]
        if not rates:
            return self._no_steps("learning rates")
        line = Series([step for step, _ in rates], [rate for _, rate in rates], TRAINING)
        return line_chart([line], width, height, labels=Labels(y=".2g"))

    def figures(self, width: int, height: int) -> RenderableType:
        assert self.started
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(style="dim")
        table.add_column(justify="right")
        step = self.steps[-1] if self.steps else None
        held_out = self._held_out()
        eta = self.eta()
        table.add_row("epoch", f"{step.epoch if step else 0} of {self.started.epochs}")
        table.add_row("step", f"{step.step if step else self.started.step:,} of {self.started.steps:,}")
        table.add_row("loss", f"{step.loss:.4f}" if step else "")
        table.add_row("held out", f"{held_out[-1]:.4f}" if held_out else "")
        table.add_row("gradient", f"{step.gradient_norm:.3g}" if step and step.gradient_norm is not None else "")
        norms = step.layer_norms if step else {}
        if FIGURES_HEIGHT - 2 + len(norms) <= height:
            for layer, norm in norms.items():
                table.add_row(f"  {layer_label(layer)}", f"{norm:.3g}")
        table.add_row("rate", f"{step.learning_rate:.3g}" if step and step.learning_rate is not None else "")
        table.add_row(f"{self.started.reads}/s", f"{step.tokens_per_second:,.0f}" if step else "")
        table.add_row("left", duration(eta) if eta is not None and not self.ended else "")
        done = (step or self.started).step / max(1, self.started.steps)
        return Group(table, Text(), Text(bar(done, width), TRAINING))

    def _sample_panel(self, width: int, n_lines: int) -> list[RenderableType]:
        """The first lines of the newest sample, in a box that keeps its height."""
        if self.sample is None or n_lines == 0:
            return []
        text = Text("\n".join(plain(self.sample.text).split("\n")[:n_lines]), overflow="fold")
        title = f"sample at step {self.sample.step:,}"
        return [Panel(text, title=title, title_align="left", width=width, height=n_lines + 2, border_style="dim")]
