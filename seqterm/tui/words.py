"""Word vectors: neighbours, analogies with their parallelogram, the odd one out, a map of words; of two sets side by side."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import DataTable, Input

from seqterm.app.commands import Analogy, MapVectors, Similar
from seqterm.events import RunSummary
from seqterm.options import parameters
from seqterm.tui.dialogs import Ask
from seqterm.tui.line import Line
from seqterm.tui.run_chooser import choose_run, fitting_runs, models_of
from seqterm.tui.vector_set import VectorSet, understood
from seqterm.tui.widgets import Empty, Table
from seqterm.tui.work_screen import WorkScreen

[METRICS] = [p.option.choices or () for p in parameters(Similar) if p.name == "metric"]
[METHODS] = [p.option.choices or () for p in parameters(Analogy) if p.name == "method"]
VECTORS = models_of("vectors")
WITH_VECTORS = VECTORS | models_of("network")
PLACEHOLDER = "a word   king - man + woman   man woman king (an analogy)   man:woman (a map)"
EMPTY = """[b]There are no word vectors yet.[/b]

In a shell:  [b]seqterm train word2vec wend --lowercase --tokens word --min-count 3 --epochs 10 -o wend-vectors[/b]

[b]o[/b] chooses a run, also a network with an embedding of words; [b]f[/b] opens a file of vectors."""
HELP = """## Words

Type a question and press **Enter**:

- `king`: its neighbours; `king queen`: those of both
- `king - man + woman`: what is near to the sum
- `man woman king`: man is to woman as king is to what? The map draws the parallelogram of the answer under the cursor
- `king queen bread man`, four words or more: the odd one out, the least like the others first
- `man:woman king:queen`: a map with arrows; its words are chosen

Up and down in the line go through what was asked before. In the table:

- **Enter** asks for the word under the cursor, **/** goes back to the line
- **Space** chooses it for the map, **c** draws all chosen words, **d** forgets them
- **m** shows the map alone, or the table beside it again
- **v** changes by what neighbours are near (cosine, euclid), **V** how analogies are solved (add, mul, euclid)
- **o** chooses the vectors: a run of word vectors or a network with an embedding; **f** opens a file of vectors
- **a** puts a second set beside, which is asked the same (what both name is bold), **x** takes it away
"""


class Words(WorkScreen):
    NAME = "words"
    HELP = HELP
    CSS = """
    Words #both { height: 1fr; layout: horizontal; }
    Words.-alone.-middle VectorSet, Words.-alone.-wide VectorSet { layout: horizontal; }
    Words.-alone VectorSet Table, Words.-short VectorSet Table { max-height: 100%; }
    Words.-alone.-middle VectorSet Table { width: 34; height: 100%; }
    Words.-alone.-wide VectorSet Table { width: 44; height: 100%; }
    Words.-alone VectorSet Picture { width: 1fr; height: 1fr; }
    Words.-short Picture { display: none; }
    Words.-map Picture { display: block; height: 1fr; }
    Words.-map VectorSet Table { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "ask", "Ask"),
        Binding("space", "choose", "Choose"),
        Binding("c", "chosen", "Chosen words"),
        Binding("m", "map", "Map alone"),
        Binding("v", "metric", "Metric of neighbours", show=False),
        Binding("V", "method", "Method of analogies", show=False),
        Binding("o", "vectors", "Vectors"),
        Binding("a", "beside", "Beside"),
        Binding("x", "alone", "Take the second vectors away", show=False),
        Binding("f", "file", "Open a file of vectors", show=False),
        Binding("d", "forget", "Forget the chosen words", show=False),
        Binding("escape", "answers", "To the answers", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._first = VectorSet("first", self._answered)
        self._second = VectorSet("second", self._answered)
        self._draws_chosen = False
        self._metric, self._method = METRICS[0], METHODS[0]

    def content(self) -> Iterator[Widget]:
        yield Line("asked", PLACEHOLDER)
        with Container(id="both"):
            yield self._first
            yield self._second
        yield Empty(EMPTY, id="empty")

    def on_mount(self) -> None:
        self._second.display = self.query_one(Empty).display = False  # the line has the keys, and is not hidden from who types
        fitting_runs(self, VECTORS, self._begin)

    # Vectors

    @property
    def _kept(self) -> dict[str, list[str]]:
        """What is remembered: the sources, and the chosen words."""
        kept: dict[str, list[str]] = self.workbench.memory.setdefault(self.NAME, {"sources": [], "chosen": []})
        return kept

    @property
    def _sets(self) -> list[VectorSet]:
        return [one for one in (self._first, self._second) if one.source is not None]

    def _begin(self, runs: list[RunSummary]) -> None:
        """With the vectors of the last time, else with the newest run of some."""
        if self._first.source is None:
            self._use(*(self._kept["sources"] or [run.run for run in runs[:1]]))

    def show_run(self, run: str) -> None:
        self._use(run, *self._kept["sources"][1:])

    def _use(self, *sources: str) -> None:
        """These sets of vectors, asked what was asked last."""
        self._first.source, self._second.source = [*sources, None, None][:2]
        self._kept["sources"] = list(sources)
        self._arrange()
        self._ask()
        if self.query_one(Line).kept:
            self.action_answers()

    def _arrange(self) -> None:
        n = len(self._sets)
        self.query_one("#both").display = self.query_one(Line).display = n > 0
        self.query_one(Empty).display = n == 0
        self._second.display = n == 2
        self.set_class(n == 1, "-alone")
        if self.focused is None or not self.focused.display:
            self.query_one(Line if n else Empty).focus()

    def action_vectors(self) -> None:
        """Choose the run that answers."""
        choose_run(self, "Vectors of words", WITH_VECTORS, self.show_run)

    def action_file(self) -> None:
        """Open a file of vectors."""
        self.app.push_screen(Ask("A file of vectors", "", "word2vec, GloVe or fastText's .vec"), self._open)

    def _open(self, file: str | None) -> None:
        if file:
            self.show_run(str(Path(file).expanduser()))

    def action_beside(self) -> None:
        """A second set beside the first, which is asked the same."""
        if self._sets:
            choose_run(self, "Vectors beside these", WITH_VECTORS, lambda run: self._use(*self._kept["sources"][:1], run))

    def action_alone(self) -> None:
        """The first set alone."""
        self._use(*self._kept["sources"][:1])

    # Questions

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if understood(event.value):
            self._answer(event.value)
            self.action_answers()

    def _answer(self, text: str) -> None:
        """Ask all sets."""
        command = understood(text)
        if isinstance(command, MapVectors):
            self._kept["chosen"] = list(dict.fromkeys([*self._chosen, *(w for group in command.words for w in group.split(":"))]))
        self.query_one(Line).keep(text)
        self._ask()

    def _ask(self) -> None:
        """What was asked last."""
        kept = self.query_one(Line).kept
        self._draws_chosen = False
        for one in self._sets:
            one.ask(understood(kept[-1], self._metric, self._method) if kept else None)

    def _answered(self) -> None:
        """A set has its answers."""
        named = [set(one.words) for one in self._sets]
        for one in self._sets:
            one.fill(self._chosen, named[0] & named[1] if len(named) == 2 else set())
        self._draw()

    def on_data_table_row_highlighted(self) -> None:
        self._draw()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Ask for the word under the cursor."""
        if word := self._current:
            self._answer(word)

    @property
    def _current(self) -> str | None:
        """The word under the cursor, of the set that has the focus."""
        asked = [one for one in self._sets if one.has_focus_within] or self._sets
        return asked[0].current if asked else None

    def action_ask(self) -> None:
        self.query_one(Line).focus()

    def action_answers(self) -> None:
        """To the table of answers, if there are any."""
        self.set_focus(None)
        self.call_after_refresh(self._first.query_one(Table).focus)

    # The map

    @property
    def _chosen(self) -> list[str]:
        return self._kept["chosen"]

    def _draw(self) -> None:
        for one in self._sets:
            if self._draws_chosen:
                one.draw_words(tuple(self._chosen))
            else:
                one.draw_answer()

    def action_choose(self) -> None:
        """Take the word under the cursor into the map, or out of it."""
        if word := self._current:
            chosen = [one for one in self._chosen if one != word] if word in self._chosen else [*self._chosen, word]
            self._kept["chosen"] = chosen
            self._draws_chosen = bool(chosen)
            self._answered()
            for one in self._sets:
                if one.has_focus_within:
                    one.query_one(Table).action_cursor_down()

    def action_chosen(self) -> None:
        """Draw all chosen words, or what was asked again."""
        if not self._chosen:
            self.notify("Space chooses the word under the cursor; then c draws all chosen words.")
            return
        self._draws_chosen = not self._draws_chosen
        self._draw()

    def action_forget(self) -> None:
        """Choose no words."""
        self._kept["chosen"], self._draws_chosen = [], False
        self._answered()

    def action_metric(self) -> None:
        """By another metric."""
        self._metric = METRICS[(METRICS.index(self._metric) + 1) % len(METRICS)]
        self.notify(f"Neighbours are those that are near by {self._metric}.")
        self._ask()

    def action_method(self) -> None:
        """By another method."""
        self._method = METHODS[(METHODS.index(self._method) + 1) % len(METHODS)]
        self.notify(f"Analogies are solved by {self._method}.")
        self._ask()

    def action_map(self) -> None:
        """The map alone, or the table too."""
        self.toggle_class("-map")
