"""The settings of sampling, and how long and fast it goes on, each a row that is moved with the arrow keys."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from seqterm.app.arguments import convert
from seqterm.options import check, option, parameters
from seqterm.sampling.settings import STEERED, STRATEGIES, SamplingSettings, with_change

SPEED, LENGTH, SEED = "speed", "length", "seed"
NAME_WIDTH, VALUE_WIDTH = 12, 11
SHORT = {"repetition_penalty": "repetition"}


@dataclass(frozen=True)
class Knob:
    """`stops`: the values that the keys go through."""

    name: str
    stops: Sequence[Any]

    @property
    def label(self) -> str:
        return SHORT.get(self.name, self.name.replace("_", "-"))

    def moved(self, value: Any, by: int) -> Any:
        """The stop that comes next from a value, which need not be one."""
        if value in self.stops:
            place = self.stops.index(value) + by
        else:
            numbers = [(place, stop) for place, stop in enumerate(self.stops) if isinstance(stop, int | float)]
            rises = numbers[0][1] < numbers[-1][1]
            last = max((place for place, stop in numbers if (stop < value) == rises), default=numbers[0][0] - 1)
            place = last + 1 if by > 0 else last
        return self.stops[max(0, min(len(self.stops) - 1, place))]

    def share(self, value: Any) -> float:
        """Where a value stands among the stops, from 0 to 1."""
        place = self.stops.index(value) if value in self.stops else self.stops.index(self.moved(value, 1))
        return place / (len(self.stops) - 1)


def _steps(first: int, last: int, step: int) -> tuple[float, ...]:
    """Of hundredths."""
    return tuple(value / 100 for value in range(first, last + step, step))


KNOBS = (
    Knob("strategy", STRATEGIES),
    Knob("temperature", (*_steps(5, 200, 5), 2.5, 3.0, 4.0, 5.0)),
    Knob("top_k", (None, *range(1, 11), 12, 15, 20, 25, 30, 40, 50, 75, 100, 200, 500, 1000)),
    Knob("top_k_draw", ("weighted", "uniform")),
    Knob("top_p", (None, 0.99, 0.98, *_steps(5, 95, 5)[::-1])),
    Knob("min_p", (None, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)),
    Knob("repetition_penalty", (*_steps(100, 200, 5), 2.5, 3.0, 5.0)),
    Knob(SPEED, (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, None)),
    Knob(LENGTH, (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, None)),
    Knob(SEED, range(1, 10_001)),
)


@dataclass(frozen=True)
class Pace:
    """What is no setting of a sample that is being drawn."""

    speed: float | None = option(20, "Tokens a second.", minimum=0.01)
    length: int | None = option(None, "Tokens until it pauses.", minimum=1)
    seed: int = option(1, "Of what is begun next.", minimum=0)


PACE = tuple(field.name for field in fields(Pace))


@dataclass(frozen=True)
class Wanted:
    """How to write: settings of sampling, tokens until it pauses (None: never), seed, and seconds from one token to the next."""

    values: dict[str, Any]
    length: int | None
    seed: int
    delay: float


class Knobs(Widget, can_focus=True):
    """`values`: of the settings in STEERED; `pace`: the rest."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("left,h", "turn(-1)", "Less", show=False),
        Binding("right,l", "turn(1)", "More", show=False),
        Binding("enter", "type", "Type a value", show=False),
        Binding("delete,backspace", "reset", "Reset", show=False),
    ]
    DEFAULT_CSS = f"Knobs {{ height: {len(KNOBS)}; }}"
    row: reactive[int] = reactive(1)

    class Turned(Message):
        """A knob has another value."""

        def __init__(self, name: str, value: Any):
            super().__init__()
            self.name, self.value = name, value

    class Typed(Message):
        """Somebody wants to type the value of a knob."""

        def __init__(self, name: str, value: str):
            super().__init__()
            self.name, self.value = name, value

    def __init__(self) -> None:
        super().__init__()
        self._built_in = {p.name: p.default for p in parameters(SamplingSettings) if p.name in STEERED}
        self.values = dict(self._built_in)
        self.pace = Pace()

    @property
    def delay(self) -> float:
        """Seconds from one token to the next."""
        return 1 / self.pace.speed if self.pace.speed else 0.0

    @property
    def wanted(self) -> Wanted:
        return Wanted(dict(self.values), self.pace.length, self.pace.seed, self.delay)

    def value(self, name: str) -> Any:
        return getattr(self.pace, name) if name in PACE else self.values[name]

    def set(self, name: str, value: Any) -> None:
        if value == self.value(name):
            return
        if name in PACE:
            self.pace = replace(self.pace, **{name: value})
        else:
            self.values[name] = value
        self.refresh()
        self.post_message(self.Turned(name, value))

    def read(self, name: str, text: str) -> None:
        """Set what was typed; UsageError where it cannot be that."""
        parameter = next(p for p in (*parameters(Pace), *parameters(SamplingSettings)) if p.name == name)
        value: Any = convert(parameter, text) if text else None
        if name in PACE:
            check(replace(self.pace, **{name: value}))
        else:
            with_change(SamplingSettings(**self.values), name, value)
        self.set(name, value)

    def render(self) -> Text:
        return Text("\n").join(self._line(row, self.size.width) for row in range(len(KNOBS)))

    def _line(self, row: int, width: int) -> Text:
        knob = KNOBS[row]
        slider, value = width - NAME_WIDTH - VALUE_WIDTH - 1, self.value(knob.name)
        line = Text(f"{knob.label:<{NAME_WIDTH}}", no_wrap=True)
        if slider >= 4:
            place = round(knob.share(value) * (slider - 1))
            line.append("─" * place, "cyan").append("●", "bold cyan").append("─" * (slider - 1 - place), "dim").append(" ")
        shown = self._shown(knob.name, value)
        line.append(f"{shown:>{VALUE_WIDTH}}" if slider >= 4 else shown)
        if row == self.row and self.has_focus:
            line.stylize("reverse", 0, NAME_WIDTH - 1)
        return line

    def _shown(self, name: str, value: Any) -> str:
        """What counts, also where a strategy brings it."""
        if name in PACE:
            shown = {SPEED: "unlimited" if value is None else f"{value:g}/s", LENGTH: "no end" if value is None else f"{value:,}"}
            return shown.get(name, str(value))
        settings = SamplingSettings(**self.values)
        brought = {"top_k": settings.k, "top_p": settings.p if settings.p < 1 else 0, "min_p": settings.minimum}
        value = brought.get(name, value) if value is None else value
        return value if isinstance(value, str) else f"{value:g}" if value else "off"

    def action_move(self, rows: int) -> None:
        self.row = (self.row + rows) % len(KNOBS)
        if isinstance(self.parent, Widget):
            self.parent.scroll_to_region(Region(0, self.row, 1, 1), animate=False)

    def action_turn(self, by: int) -> None:
        self.turn(KNOBS[self.row].name, by)

    def turn(self, name: str, by: int) -> None:
        """To the next stop of a knob, or the one before."""
        knob = next(knob for knob in KNOBS if knob.name == name)
        self.set(name, knob.moved(self.value(name), by))

    def action_reset(self) -> None:
        """As it was at first."""
        name = KNOBS[self.row].name
        self.set(name, getattr(Pace(), name) if name in PACE else self._built_in[name])

    def action_type(self) -> None:
        name = KNOBS[self.row].name
        value = self.value(name)
        self.post_message(self.Typed(name, "" if value is None else str(value)))

    def on_click(self, event: Click) -> None:
        """A click chooses a knob, and on its slider moves it."""
        if event.y >= len(KNOBS):
            return
        self.row = event.y
        knob, slider = KNOBS[self.row], self.size.width - NAME_WIDTH - VALUE_WIDTH - 1
        if slider >= 4 and NAME_WIDTH <= event.x < NAME_WIDTH + slider:
            self.set(knob.name, knob.stops[round((event.x - NAME_WIDTH) / (slider - 1) * (len(knob.stops) - 1))])
