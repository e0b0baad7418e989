"""A text coloured by what a unit of a recurrent network does as it is read or written, and the units that track a pattern."""

from collections.abc import Iterator
from typing import Any, ClassVar

from rich.text import Text as Shown
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static

from seqterm.app.commands import Neurons as Command
from seqterm.errors import DataError
from seqterm.events import Event, Painted, Painting, UnitTracks
from seqterm.models.catalogue import CATALOGUE, RECURRENT
from seqterm.render.plain import plain
from seqterm.tui.heat_screen import READING, HeatScreen
from seqterm.tui.heat_view import parts_of
from seqterm.tui.job import Job
from seqterm.tui.text_chooser import Text
from seqterm.tui.widgets import Table
from seqterm.tui.writing import Writing

SEEN = 4096  # tokens of a text that are shown at a time, of which all units stay in memory,
SEARCHED = 1_000_000  # and of which units that track a pattern are looked for
FOUND = 100  # units that are listed
WRITTEN = SEEN // 2  # tokens that are written at a time
PATTERNS = ("quotes", "brackets", "line-position")
HINT = "/, then quotes, brackets, line-position or a regex, and Enter: the units that track it best."
EMPTY = """Press [b]w[/b]: the model writes, and each letter is coloured by what a unit does.
[b]f[/b] opens a file or a corpus, [b]i[/b] types a text; or paste one here.
[b]o[/b] chooses another run."""
NO_RUN = """[b]There is no run of a recurrent network yet, whose units could be shown.[/b]

Go to the runs (key [b]1[/b]) and press [b]t[/b]: an LSTM learns in a minute or two."""
HELP = """## Neurons

A text coloured by what one unit of a recurrent network does in it: red above zero, blue below; gates from no colour (shut) to
red (open).

- **u** and **U**: the next unit, the one before; **y** and **Y** the layer; **t** and **T** h, c or a gate.
- **m** draws all of them as a heat map under the letters.
- **/** looks for units that track a pattern: *quotes*, *brackets*, *line-position*, or a regular expression. Enter in the list
  shows a unit.
- **w** lets the model write on from the text that you typed, or a new one; again: pause. **+** and **-**: faster, slower.
- **f** opens a file or a corpus, **i** types a text; what you paste is read too. **n**, **N**: its next 4,096 tokens, and back.
- Arrows or **h j k l** move the cursor; the line at the bottom has the token's figures.
"""


class Neurons(HeatScreen):
    NAME = "neurons"
    HELP = HELP
    MODELS = frozenset(name for name, entry in CATALOGUE.items() if entry.model == RECURRENT)
    NO_RUN, NO_TEXT = NO_RUN, EMPTY
    CSS = """
    Neurons #chosen { height: auto; }
    Neurons #find { height: 1fr; }
    Neurons #found { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "write", "Write"),
        Binding("slash", "find", "Find"),
        Binding("n", "part(1)", "Next part", show=False),
        Binding("N", "part(-1)", "Part before", show=False),
        Binding("u", "unit(1)", "Unit"),
        Binding("U", "unit(-1)", "Unit before", show=False),
        Binding("y", "layer(1)", "Layer"),
        Binding("Y", "layer(-1)", "Layer before", show=False),
        Binding("t", "gate(1)", "Gate"),
        Binding("T", "gate(-1)", "Gate before", show=False),
        Binding("m", "map", "Map"),
        Binding("plus", "faster(1)", "Write faster", show=False),
        Binding("minus", "faster(-1)", "Write slower", show=False),
    ]

    _writing: Writing

    def __init__(self) -> None:
        super().__init__()
        self._start_anew()
        self._tracks: list[UnitTracks] = []
        self._painting = self._again = False
        self._first = self._seen = 0  # tokens before those that are shown, and how many these are
        self._found: Job | None = None

    def side(self) -> Iterator[Widget]:
        yield Static("", id="chosen", classes="panel", markup=False)
        with Vertical(id="find", classes="panel") as frame:
            frame.border_title = "Find units"
            yield Input(placeholder="pattern", id="pattern", compact=True, suggester=SuggestFromList(PATTERNS))
            yield Static(HINT, id="hint", classes="hint", markup=False)
            yield Table("r", "layer", "unit", "of", id="found")

    def on_mount(self) -> None:
        self._writing = Writing(self, self._write, self.fail)
        self._describe()

    # Reading

    def show_run(self, run: str) -> None:
        self._writing.stop()
        super().show_run(run)

    def show_text(self, text: Text) -> None:
        self._writing.stop()
        super().show_text(text)

    def read(self) -> None:
        self._first = 0
        if self.run_name != self._known:
            self._start_anew()
            self._list([])
        if not self.view.parts:
            self.say(READING)
        self._paint()

    def _start_anew(self) -> None:
        """With the first unit of the last layer of the run, however many there are."""
        self._known, self._layer, self._unit, self._gate = self.run_name, -1, 0, "h"
        self._layers, self._units, self._gates = 1, 1, ["h"]

    def _paint(self) -> None:
        """Colour the text by the unit; while that is being done, the last wish is the next."""
        self._again = self._painting
        if self._painting or self.text is None or self.run_name is None:
            return
        self._painting = True
        found: list[Event] = []
        layer = None if self._layer < 0 else self._layer
        wanted = (self.run_name, self.text, self._first)
        what: dict[str, Any] = {"layer": layer, "unit": self._unit, "gate": self._gate, "gates": True}
        command = Command(run=self.run_name, source=self.text.source, skip=self._first, length=SEEN, **what)

        def end(error: BaseException | None) -> None:
            self._painting = False
            if wanted == (self.run_name, self.text, self._first) or not error:
                self._show(found, error)
            if self._again:
                self._paint()

        with self.text.given():
            self.do(command, found.extend, end)

    def _show(self, found: list[Event], error: BaseException | None) -> None:
        painting = next((event for event in found if isinstance(event, Painting)), None)
        if error or painting is None:
            self.view.clear()
            self._start_anew()
            self.fail(error or DataError("There is nothing to show."))
            return
        self._look_at_model(painting)
        self.paint(painting)
        self.view.show(painting, [part for event in found if isinstance(event, Painted) for part in parts_of(event)])
        self._seen = sum(len(part.pieces) for part in self.view.parts)
        self._name_part()
        if self._writing.goes_on:
            self.view.action_end(True)
        self._describe()

    def _name_part(self) -> None:
        """Which tokens are shown, where the text is too long for all of them."""
        shown = f"tokens {self._first + 1:,} to {self._first + self._seen:,} · n, N: next, before"
        self.query_one("#text").border_subtitle = shown if self._first or self._seen == SEEN else ""

    def _look_at_model(self, painting: Painting) -> None:
        """How many units and layers there are, and what of them."""
        loaded = self.workbench.session.loaded(self.run_name or "")
        if loaded is not None:
            self._layers, self._units = loaded.model.settings.layers, loaded.model.settings.hidden
        if self._layer < 0:
            self._layer, self._gates = self._layers - 1, painting.rows

    def _describe(self) -> None:
        """Which unit it is, and the keys that change that."""
        drawn = Shown()
        for key, name, value, most in (
            ("u", "unit", self._unit, self._units - 1),
            ("y", "layer", max(0, self._layer), self._layers - 1),
            ("t", "of it", self._gate, " ".join(self._gates)),
        ):
            drawn.append(f"{key} ", "bold").append(f"{name:<6}").append(f"{value}", "bold").append(f"  of {most}\n", "dim")
        self.query_one("#chosen", Static).update(drawn[:-1])

    def figure(self) -> Shown:
        if (current := self.view.current) is None:
            return Shown("")
        line, piece, values = current
        names = self.view.shown.rows if self.view.shown else []
        drawn = Shown(f"{plain(repr(piece))}  ", "bold")
        for name, value in zip(names, values, strict=True):
            drawn.append(f"{name} {value:+.2f}  ", "not bold")
        return drawn.append(f"line {line:,}", "dim")

    # Keys

    def action_unit(self, step: int) -> None:
        """The next unit, or the one before; after the last comes the first."""
        self._unit = (self._unit + step) % self._units
        self._describe()
        self._paint()

    def action_layer(self, step: int) -> None:
        """The next layer, or the one before."""
        self._layer = (self._layer + step) % self._layers
        self._describe()
        self._paint()

    def action_gate(self, step: int) -> None:
        """Of the unit h, c or a gate: the next, or the one before."""
        self._gate = self._gates[(self._gates.index(self._gate) + step) % len(self._gates)]
        self._describe()
        self._paint()

    def action_part(self, step: int) -> None:
        """The next part of a long text, or the one before."""
        first = self._first + step * SEEN
        if self._seen == 0 or first < 0 or (step > 0 and self._seen < SEEN):
            self.notify("The text ends here." if step > 0 else "The text begins here.")
            return
        self._first = first
        self.view.action_end(False)
        self._paint()

    def action_map(self) -> None:
        """All that a unit does as a heat map under the letters, or its colour alone."""
        self.view.blocks = not self.view.blocks

    # Search

    def action_find(self) -> None:
        """Look for the units that track a pattern."""
        self.add_class("-aside")
        self.query_one("#pattern").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if not self.run_name or not self.text:
            self._list([], "There is no text yet: Escape, then f, i or w.")
            return
        if not event.value:
            return
        self.drop(self._found)
        found: list[Event] = []
        self._list([], "Reading the text ...")
        command = Command(
            run=self.run_name, source=self.text.source, find=event.value, gate=self._gate, top=FOUND, length=SEARCHED
        )

        def end(error: BaseException | None) -> None:
            self._list([one for one in found if isinstance(one, UnitTracks)], "Try another pattern.")
            if not error:
                self.query_one("#found").focus()

        with self.text.given():
            self._found = self.do(command, found.extend, end)

    def _list(self, tracks: list[UnitTracks], hint: str = HINT) -> None:
        self._tracks = tracks
        table = self.query_one("#found", Table)
        cells = [(f"{one.correlation:+.3f}", str(one.layer), str(one.unit), one.gate) for one in tracks]
        table.fill({str(i): row for i, row in enumerate(cells)})
        table.display = bool(tracks)
        self.query_one("#hint", Static).update(hint)
        self.query_one("#hint").display = not tracks

    def on_data_table_row_selected(self) -> None:
        if row := self.query_one("#found", Table).current:
            one = self._tracks[int(row)]
            self._layer, self._unit, self._gate = one.layer, one.unit, one.gate
            self.action_to_text()
            self._describe()
            self._paint()

    # Writing

    def action_write(self) -> None:
        """Let the model write on; again: pause."""
        if self.run_name is None:
            return
        if self._writing.begun:
            self._writing.toggle()
            return
        before = (self.text.typed if self.text else None) or ""
        if not before:
            self.view.clear()
            self.say(READING)
        self._write(before)
        self._writing.begin(self.run_name, before, WRITTEN)

    def _write(self, text: str) -> None:
        self.text = Text.of(text, "what it writes")
        self.name_text()
        if text:
            self.read()

    def action_faster(self, step: int) -> None:
        """Write faster, or slower."""
        self._writing.faster(step)
