"""What one set of word vectors answers: a table, and a map of words."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from seqterm.app.commands import Analogy, MapVectors, OddOneOut, Similar
from seqterm.app.commands.vectors import OnVectors
from seqterm.events import Answer, Event, Neighbour, WordMap
from seqterm.events import OddOneOut as Odd
from seqterm.faces.notes import sentence
from seqterm.render.bars import bar
from seqterm.render.plain import plain
from seqterm.tui.job import Job
from seqterm.tui.widgets import Picture, Table
from seqterm.tui.work_screen import WorkScreen

TOP = 20  # answers
MAPPED = 12  # of them that are drawn beside what was asked
BAR = 8  # characters
SIGNS = ("+", "-")
ASK = "Type a word above and press Enter."


def understood(text: str, metric: str = "cosine", method: str = "add") -> OnVectors | None:
    """The command that a typed line stands for, without its vectors; None where there is no word in it."""
    words = tuple(word for word in text.replace("::", " ").split() if word not in (":", "?"))
    if any(":" in word for word in words):
        return MapVectors(vectors="", words=words)
    if not words or any(word in SIGNS for word in words) or len(words) < 3:
        return Similar(vectors="", words=words, metric=metric, top=TOP) if words else None
    return Analogy(vectors="", words=words, method=method, top=TOP) if len(words) == 3 else OddOneOut(vectors="", words=words)


def mapped(command: OnVectors, answers: Sequence[str], chosen: str | None) -> tuple[str, ...]:
    """The words, and a:b for arrows, of the map that belongs to a question: of an analogy with one answer its parallelogram."""
    match command:
        case MapVectors(words=words) | OddOneOut(words=words):
            return words
        case Analogy(words=(a, b, c)) if chosen:
            return f"{a}:{b}", f"{c}:{chosen}"
        case Similar(words=(b, "-", a, "+", c)) if chosen:
            return f"{a}:{b}", f"{c}:{chosen}"
        case Similar(words=words):
            return tuple(dict.fromkeys([*(word for word in words if word not in SIGNS), *answers[:MAPPED]]))
    return ()


class VectorSet(Vertical):
    """`source`: a run or a file, None where there is none; `answered` is called once answers are there."""

    DEFAULT_CSS = """
    VectorSet { width: 1fr; height: 1fr; }
    VectorSet Table { height: auto; max-height: 50%; }
    VectorSet #said { padding: 1 1; height: auto; display: none; }
    VectorSet.-said #said { display: block; }
    VectorSet.-said Table, VectorSet.-said Picture { display: none; }
    """

    def __init__(self, id: str, answered: Callable[[], None]):
        super().__init__(id=id, classes="panel")
        self.source: str | None = None
        self.words: list[str] = []
        self._scores: list[float | None] = []
        self._command: OnVectors | None = None
        self._answered = answered
        self._asking: Job | None = None
        self._drawing: Job | None = None
        self._mapped: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(id="said", markup=False)
        yield Table("word", "score")
        yield Picture()

    @property
    def _work(self) -> WorkScreen:
        return cast(WorkScreen, self.screen)

    @property
    def current(self) -> str | None:
        """The word under the cursor."""
        row = self.query_one(Table).current
        return None if row is None else self.words[int(row)]

    # Questions

    def ask(self, command: OnVectors | None) -> None:
        """The command, asked of this set; None: nothing has been asked."""
        assert self.source is not None
        self._work.drop(self._asking)
        self.border_title = plain(self.source)
        if command is None:
            self._say(ASK)
            return
        self._say("")
        self._command = command = replace(command, vectors=self.source)
        self.border_subtitle = "reading ..."
        found: list[Event] = []
        self._asking = self._work.do(command, found.extend, lambda error: self._take(found, error), quiet=True)

    def _take(self, found: list[Event], error: BaseException | None) -> None:
        self.border_subtitle = ""
        self.words, self._scores, self._mapped = [], [], ()
        self.query_one(Picture).draw = None
        for event in found:
            match event:
                case Neighbour(word=word, score=score) | Answer(word=word, score=score):
                    self._add(word, score)
                case Odd(similarities=similarities):
                    for word, similarity in sorted(similarities, key=lambda pair: pair[1]):
                        self._add(word, similarity)
                case WordMap(words=words):
                    for word in words:
                        self._add(word, None)
        self._say(sentence(error) if error else "" if self.words else "Nothing is near.")
        self._answered()

    def _add(self, word: str, score: float | None) -> None:
        self.words.append(word)
        self._scores.append(score)

    def _say(self, text: str) -> None:
        """A message in the place of answers."""
        self.query_one("#said", Static).update(text)
        self.set_class(bool(text), "-said")

    def fill(self, chosen: Collection[str], shared: Collection[str]) -> None:
        """Chosen words have a mark; those that the other set names too are bold."""
        rows = {}
        for i, (word, score) in enumerate(zip(self.words, self._scores, strict=True)):
            named = Text.assemble(("● " if word in chosen else "  ", "cyan"), (plain(word), "bold" if word in shared else ""))
            shown = Text() if score is None else Text.assemble(f"{score:6.3f} ", (bar(score, BAR), "dim cyan"))
            rows[str(i)] = [named, shown]
        self.query_one(Table).fill(rows)

    # The map

    def draw_answer(self) -> None:
        """The map that belongs to the question, and to the answer under the cursor."""
        if self._command and self.words:
            self.draw_words(mapped(self._command, self.words, self.current))

    def draw_words(self, words: tuple[str, ...]) -> None:
        """A map of these words, unless that is drawn already."""
        if self.source is None or not words or words == self._mapped:
            return
        self._mapped = words
        self._work.drop(self._drawing)
        found: list[Event] = []
        command = MapVectors(vectors=self.source, words=words)
        self._drawing = self._work.do(command, found.extend, lambda error: self._show(found, error), quiet=True)

    def _show(self, found: list[Event], error: BaseException | None) -> None:
        picture = self.query_one(Picture)
        self.border_subtitle = ""
        if error:
            said = Text(sentence(error), "dim")
            picture.draw = lambda width, height: said
        for drawn in found:
            if isinstance(drawn, WordMap):
                picture.draw = partial(_map, drawn)
                self.border_subtitle = "plane of {:.0%} + {:.0%} of the variance".format(*drawn.shares)


def _map(drawn: WordMap, width: int, height: int) -> Text:
    from seqterm.render.word_map import word_map

    return word_map(drawn.words, drawn.points, drawn.arrows, width, height)
