"""A document coloured by how much each token of it surprises a model, or two models beside each other."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from heapq import heappush, heapreplace
from typing import ClassVar

from rich.text import Text as Shown
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from seqterm.app.commands import Score
from seqterm.events import Event, Painted, Painting
from seqterm.render.plain import plain
from seqterm.tui.heat_screen import READING, HeatScreen
from seqterm.tui.heat_view import HeatView, Part, Place, parts_of
from seqterm.tui.job import Job
from seqterm.tui.run_chooser import LANGUAGE, choose_run
from seqterm.tui.widgets import Table

TOP = 100  # places that are listed
MOST = 20_000_000  # tokens that are held; then reading ends
BESIDE = 100  # columns from which on two models stand beside each other
EMPTY = """Press [b]f[/b] for a file or a corpus, [b]i[/b] to type a text, or paste one here:
every token is then coloured by how much it surprises the model.
[b]r[/b] chooses another run, [b]a[/b] a second one beside it."""
NO_RUN = """[b]There is no run yet that a text could surprise.[/b]

Go to the runs (key [b]1[/b]) and press [b]t[/b]: a model learns in a minute or two."""
HELP = """## Surprise

Every token of a text is coloured by its *surprisal* in bits: -log2 of the probability that the model gave it. No colour: it was
expected; red: as surprising as if all tokens were equally probable, or more.

- **f** opens a file or a corpus, **i** types a text; what you paste is read too. **o** chooses the run.
- **n** and **N** go to the next and the previous of the most surprising places; the list has them in order, Enter goes there.
- **a** puts a second run beside it, and takes it away again; **d** shows the difference of the two (red: b is surprised more) or
  one beside the other. Both must read the text as the same tokens.
- **b** shows the figures as blocks beneath the letters.
- Arrows or **h j k l** move the cursor; the line at the bottom has the token's figures. **g**, **G**: beginning and end.
"""


class Pair(Horizontal):
    """Two views that fold alike, as both are of one width, or the first alone."""

    DEFAULT_CSS = "Pair > HeatView { width: 1fr; }  Pair > #other { border-left: solid $foreground 30%; }"

    def show_both(self, both: bool) -> None:
        view, other = self.query(HeatView)
        other.display = both
        view.only = 0 if both else None
        view.fold_anew()
        self.on_resize()

    def on_resize(self) -> None:
        view, other = self.query(HeatView)
        half = max(1, (self.size.width - 1) // 2)
        view.styles.width = half if other.display else "1fr"
        other.styles.width = half + 1  # with its border


class Surprise(HeatScreen):
    NAME = "surprise"
    HELP = HELP
    MODELS = LANGUAGE
    NO_RUN, NO_TEXT = NO_RUN, EMPTY
    CSS = """
    Surprise #places { height: 1fr; }
    Surprise #sums { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "jump(1)", "Next place"),
        Binding("N", "jump(-1)", "Place before", show=False),
        Binding("t", "to_list", "Top places"),
        Binding("a", "against", "Second run"),
        Binding("d", "difference", "Difference", show=False),
        Binding("b", "blocks", "Blocks"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._against: str | None = None
        self._difference = False
        self._painting: Painting | None = None
        self._job: Job | None = None
        self._forget()

    def _forget(self) -> None:
        self._heap: list[tuple[float, Place]] = []  # the most surprising places, the least of them first
        self._sums: list[float] = []
        self._tokens = 0
        self._changed_list = False

    def views(self) -> Iterator[Widget]:
        yield Pair(HeatView(id="view"), HeatView(id="other", only=1))

    def side(self) -> Iterator[Widget]:
        with Vertical(id="places", classes="panel") as frame:
            frame.border_title = "Most surprising"
            yield Static("", id="sums", markup=False)
            yield Table("bits", "line", "token", id="top")

    def on_mount(self) -> None:
        self.set_interval(1.0, self._fill)
        self.watch(self.view, "scroll_y", lambda y: self._scroll(self._other, y), init=False)
        self.watch(self._other, "scroll_y", lambda y: self._scroll(self.view, y), init=False)

    @property
    def _other(self) -> HeatView:
        return self.query_one("#other", HeatView)

    def _lay_out(self) -> None:
        """One view, or two beside each other."""
        assert self._painting
        both = len(self._painting.rows) == 2 and not self._difference
        self.query_one(Pair).show_both(both)
        shown = self.view.shown or self._painting
        self.paint(replace(shown, title="surprisal in bits, a left, b right") if both else shown)

    # Reading

    def show_run(self, run: str) -> None:
        if run == self._against:
            self._against = None
        super().show_run(run)

    def name_text(self) -> None:
        super().name_text()
        if self._against:
            self.query_one("#text").border_title = f"a = {self.run_name}, b = {self._against}"

    def read(self) -> None:
        assert self.run_name
        assert self.text
        self.drop(self._job)
        self._painting = None
        self._forget()
        for view in (self.view, self._other):
            view.clear()
        self.say(READING)
        self._fill(always=True)
        command = Score(run=self.run_name, source=self.text.source, heat=True, against=self._against)
        with self.text.given():
            self._job = self.do(command, self._take, self._end)

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Painting):
                self._painting, self._sums = event, [0.0] * len(event.rows)
                for view in (self.view, self._other):
                    view.clear(event)
                self._lay_out()
        parts = [part for event in events if isinstance(event, Painted) for part in parts_of(event)]
        self._count(len(self.view.parts), parts)
        for view in (self.view, self._other):
            view.add(parts)
        if self._tokens >= MOST and self._job:
            self.drop(self._job)
            self.notify(f"Reading ended after {self._tokens:,} tokens: the rest would take too much memory.")
            self._fill(always=True)

    def _end(self, error: BaseException | None) -> None:
        if error and not self.view.parts:
            self.fail(error)
        elif not self.view.parts:
            self.say("The text is empty.\n\n" + EMPTY)
        self._fill(always=True)

    def _count(self, first: int, parts: list[Part]) -> None:
        """Sums, and the most surprising places among new parts, the first of which has this number."""
        for number, part in enumerate(parts, first):
            self._tokens += len(part.pieces)
            for row, bits in enumerate(part.values):
                self._sums[row] += sum(bits)
            a, *others = part.values
            values = [abs(y - x) for x, y in zip(a, others[0], strict=True)] if others else a
            if len(self._heap) < TOP or max(values) > self._heap[0][0]:
                self._changed_list = True
                self._rank(number, values)

    def _rank(self, part: int, values: Sequence[float]) -> None:
        for piece, value in enumerate(values):
            if len(self._heap) < TOP:
                heappush(self._heap, (value, Place(part, piece)))
            elif value > self._heap[0][0]:
                heapreplace(self._heap, (value, Place(part, piece)))

    # What is shown

    def _fill(self, always: bool = False) -> None:
        """The list, from time to time while it changes."""
        if not (always or self._changed_list):
            return
        self._changed_list = False
        rows: dict[str, list[str | Shown]] = {}
        for _, (part, piece) in sorted(self._heap, key=lambda one: (-one[0], one[1])):
            line, pieces, values, _ = self.view.parts[part]
            bits = [row[piece] for row in values]
            shown = f"{bits[0]:.2f}" if len(bits) == 1 else f"{bits[1] - bits[0]:+.2f}"
            rows[f"{part} {piece}"] = [shown, f"{line:,}", Shown(_named(pieces[piece]))]
        self.query_one("#top", Table).fill(rows)
        self.query_one("#sums", Static).update(self._summary())

    def _summary(self) -> Shown:
        if not self._tokens:
            return Shown("Nothing is read yet.", "dim")
        each = [f"{name} {total / self._tokens:.3f}".strip() for name, total in zip(self._names, self._sums, strict=True)]
        return Shown(f"{self._tokens:,} tokens\nbits each: {', '.join(each)}")

    @property
    def _names(self) -> list[str]:
        return [""] if len(self._sums) == 1 else ["a", "b"]

    def figure(self) -> Shown:
        if (current := self.view.current) is None:
            return Shown("")
        line, piece, values = current
        drawn = Shown(f"{_named(piece)}  ", "bold")
        for name, value in zip(self._names, values, strict=True):
            drawn.append(f"{name} {value:.2f} bits (p {2**-value:.3g})  ".lstrip(), "not bold")
        if len(values) == 2:
            drawn.append(f"b - a {values[1] - values[0]:+.2f}  ", "not bold")
        return drawn.append(f"line {line:,}", "dim")

    # Keys

    def action_jump(self, step: int) -> None:
        """The next of the most surprising places, or the one before; after the last comes the first."""
        places = sorted(place for _, place in self._heap)
        if places:
            cursor = self.view.cursor
            number = bisect_right(places, cursor) if step > 0 else bisect_left(places, cursor) - 1
            self.view.go(places[number % len(places)])
            self.action_to_text()

    def action_to_list(self) -> None:
        """To the list of the most surprising places."""
        self.add_class("-aside")
        self.query_one("#top").focus()

    def on_data_table_row_selected(self) -> None:
        if key := self.query_one("#top", Table).current:
            self.action_to_text()
            self.view.go(Place(*map(int, key.split())))

    def action_against(self) -> None:
        """Put a second run beside the first, or take it away."""
        if self._against:
            self._set_against(None)
        else:
            choose_run(self, "A run to put beside it", self.MODELS, self._set_against)

    def _set_against(self, run: str | None) -> None:
        if run == self.run_name:
            self.notify(f"{run} stands there already: choose another run.", markup=False)
            return
        self._against = run
        self._difference = self.app.size.width < BESIDE
        self._changed()

    def action_difference(self) -> None:
        """The difference of two runs, or both beside each other."""
        if self._painting and len(self._painting.rows) == 2:
            self._difference = not self._difference
            self._lay_out()

    def action_blocks(self) -> None:
        """Figures as blocks beneath the letters, or not."""
        for view in (self.view, self._other):
            view.blocks = not view.blocks

    def _scroll(self, view: HeatView, y: float) -> None:
        if view.display and view.scroll_y != y:
            view.scroll_to(y=y, animate=False)


def _named(piece: str) -> str:
    """A token as it can stand in a line."""
    return plain(repr(piece))
