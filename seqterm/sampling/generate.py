"""Text from a language model, piece by piece, several samples side by side."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.errors import SeqtermError, UsageError
from seqterm.events import Changed, Choice, Event, Note, Piece, Sampled
from seqterm.models.base import LanguageModel, State
from seqterm.sampling.choices import Distribution
from seqterm.sampling.draw import draw_by_steps
from seqterm.sampling.settings import SamplingSettings, with_change
from seqterm.text.vocabulary import END, START, UNKNOWN, Ids, Vocabulary

CHUNK = 32  # tokens drawn in one call, and
FRAME = 0.01  # seconds in which as many more are drawn at a time as can be
TRIES = 200  # for --min-length
DRAW = 2  # the purpose of a random key,
ATTEMPT = 1 << 32  # to which the tries before are added


def read_prompt(model: LanguageModel, ids: Ids) -> tuple[State, Array]:
    """One row's state and log_p (1, V) after a prompt."""
    state, log_p = model.start(1)
    if len(ids) > 1:
        column = np.ascontiguousarray(ids[:-1])[:, None]
        state, _ = model.score(state, column, np.full_like(column, -1))
    if len(ids):
        state, log_p = model.advance(state, np.ascontiguousarray(ids[-1:]))
    return state, log_p


@dataclass(frozen=True)
class Rules:
    """Where a sample ends: after a text, at a token (which is not part of it), and what is never drawn."""

    until: str | None
    ends: frozenset[int]
    banned: Array

    @classmethod
    def of(cls, vocabulary: Vocabulary, settings: SamplingSettings, one_sentence: bool) -> "Rules":
        """one_sentence: the model knows nothing beyond the end of a sentence."""
        special, banned = vocabulary.special, np.zeros(len(vocabulary), np.bool_)
        ends = set()
        if settings.until == "sentence" and END not in special:
            raise UsageError("--until sentence needs a model trained with --sentences.")
        if settings.until == "unknown" and UNKNOWN not in special:
            raise UsageError("--until unknown needs a model with unknown words: train with --vocab-size or --min-count.")
        if settings.until == "":
            raise UsageError("--until must name a text to stop after, not an empty one.")
        if settings.min_length > settings.length:
            raise UsageError(f"--min-length {settings.min_length} is more than --length {settings.length}: raise --length.")
        if settings.until == "unknown":
            ends.add(special[UNKNOWN])
        elif UNKNOWN in special:
            banned[special[UNKNOWN]] = True
        if END in special and (one_sentence or settings.until == "sentence"):
            ends.add(special[END])
            banned[special[START]] = True
        text = {"line": "\n", "sentence": None, "unknown": None}.get(settings.until or "", settings.until)
        return cls(text, frozenset(ends), banned)


class _Sample:
    """One row: what has been drawn, and where it ends."""

    def __init__(self, vocabulary: Vocabulary, number: int, prompt: str, rules: Rules):
        self._vocabulary, self._number, self._prompt, self._rules = vocabulary, number, prompt, rules
        self._decoder = vocabulary.decoder(prompt)
        self._pieces: list[str] = []
        self._tail = ""  # the end of the text, in which the text to stop at may begin
        self.tokens, self.log_probability, self.done = 0, 0.0, False
        self.choices: list[Choice] = []  # that are shown when it is whole

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def feed(self, ids: Array, log_p: Array, last: bool) -> str:
        """Take drawn ids and their log-probabilities up to where the sample ends; returns the new text."""
        before = len(self._pieces)
        for token, value in zip(ids.tolist(), log_p.tolist(), strict=True):
            self.log_probability += value
            if token in self._rules.ends:
                self.done = True
                break
            self.tokens += token >= len(self._vocabulary.special)
            self._add(self._vocabulary.text_of(token, self._decoder))
            if self.done:
                break
        if last and not self.done:
            self._add(self._decoder.feed([], final=True))
        return "".join(self._pieces[before:])

    def _add(self, piece: str) -> None:
        """One piece more, cut where the text to stop at ends."""
        until = self._rules.until
        if until:
            found = (self._tail + piece).find(until)
            if found >= 0:
                piece, self.done = piece[: found + len(until) - len(self._tail)], True
            self._tail = (self._tail + piece)[1 - len(until) :] if len(until) > 1 else ""
        self._pieces.append(piece)

    def whole(self) -> list[Event]:
        """All that it would have streamed."""
        if self.choices:
            return [Piece(self._number, self._prompt, ""), *self.choices]
        return [Piece(self._number, self._prompt, self.text)] if self.text else []

    def event(self, interrupted: bool) -> Sampled:
        reason = "until" if self.done else "interrupt" if interrupted else "length"
        return Sampled(self._number, self._prompt, self.text, self.tokens, self.log_probability, reason)


def generate(
    model: LanguageModel,
    vocabulary: Vocabulary,
    prompt: str,
    settings: SamplingSettings,
    seed: int,
    backend: Backend,
    stop: Callable[[], object] = lambda: None,
    one_sentence: bool = False,
    choices: int = 0,
    changes: Callable[[], dict[str, Any]] = dict,
) -> Iterator[Event]:
    """Notes, then pieces as they are drawn and each sample whole; sample 0 streams, the others follow whole, in their order.

    `choices`: a Choice with so many candidates for every token in place of pieces, each drawn when it is asked for.
    `stop()` is asked between chunks, or between these tokens, and so is `changes()` for {name: value} of settings that may change
    (sampling.settings.STEERED).  The text depends on neither the chunk size, the choices nor the number of samples.
    """
    rules = Rules.of(vocabulary, settings, one_sentence)
    ids, unknown = vocabulary.encode_prompt(prompt)
    if one_sentence:
        ids = ids[1 + np.flatnonzero(ids == vocabulary.special[START]).max(initial=-1) :]
    if unknown:
        shown = ", ".join(repr(token) for token in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        what = "read as an unknown word" if UNKNOWN in vocabulary.special else "left out of what it continues"
        yield Note(f"The model has never seen {shown}: {what}.")
    drawing = _Drawing(model, vocabulary, prompt, ids, rules, settings, backend, stop, choices, changes)
    yield Piece(0, prompt, "")
    samples: dict[int, _Sample] = {}
    stopped = False
    for attempt in range(TRIES if settings.min_length else 1):
        drawn = [_Sample(vocabulary, number, prompt, rules) for number in range(settings.samples)]
        stopped = yield from drawing.draw(drawn, backend.kernels("random").derive_key(seed, DRAW + attempt * ATTEMPT))
        samples |= {i: s for i, s in enumerate(drawn) if i not in samples and s.tokens >= settings.min_length}
        if len(samples) == settings.samples or stopped:
            break
    for number, sample in sorted(samples.items()):
        if number or settings.min_length:
            yield from sample.whole()
        yield sample.event(stopped)
    if len(samples) < settings.samples and not stopped:
        missing = settings.samples - len(samples)
        raise SeqtermError(f"{missing} of {settings.samples} samples had under {settings.min_length} tokens in {TRIES} tries.")


def chunk_after(count: int, seconds: float) -> int:
    """How many tokens to draw in one call, after so many came in so long: twice as many while that is quick."""
    return 2 * count if seconds < FRAME / 2 else count


class _Drawing:
    """Draws samples after one prompt; its arguments are those of `generate`."""

    def __init__(
        self,
        model: LanguageModel,
        vocabulary: Vocabulary,
        prompt: str,
        ids: Ids,
        rules: Rules,
        settings: SamplingSettings,
        backend: Backend,
        stop: Callable[[], object],
        choices: int,
        changes: Callable[[], dict[str, Any]],
    ):
        self._names, self._prompt, self._ids, self._rules = vocabulary.tokens, prompt, ids, rules
        self._settings, self._backend = settings, backend
        self._stop, self._choices, self._changes = stop, choices, changes
        self._start = read_prompt(model, ids)
        self._draw = getattr(model, "draw", None) or partial(draw_by_steps, model, backend)

    def draw(self, samples: list[_Sample], key: int) -> Generator[Event, None, bool]:
        """All samples, the first streamed unless samples may be thrown away; returns whether it was stopped."""
        n, length, streamed = len(samples), self._settings.length, not self._settings.min_length
        state, log_p = (np.repeat(array, n, axis=0) for array in self._start)
        seen = np.zeros(log_p.shape, np.bool_)
        seen[:, self._ids] = True
        drawn, chunk = 0, CHUNK
        while drawn < length and not all(sample.done for sample in samples):
            if self._stop():
                return True
            yield from self._change(drawn)
            count, began = 1 if self._choices else min(chunk, length - drawn), time.perf_counter()
            before = self._look(log_p, seen)
            state, log_p, tokens, chosen = self._draw(state, log_p, seen, self._rules.banned, self._settings, key, drawn, count)
            drawn, chunk = drawn + count, chunk_after(count, time.perf_counter() - began)
            for row, sample in enumerate(samples):
                if sample.done:
                    continue
                text = sample.feed(tokens[:, row], chosen[:, row], drawn == length)
                if before:
                    sample.choices.append(before[row].choice(row, text, tokens[0, row], self._names, self._choices))
                if row == 0 and streamed and (before or text):
                    yield sample.choices.pop() if before else Piece(row, self._prompt, text)
        return False

    def _look(self, log_p: Array, seen: Array) -> list[Distribution]:
        """What every row's next token is drawn from, where somebody wants to see that."""
        rows = range(len(log_p)) if self._choices else ()
        return [Distribution.of(log_p[row], seen[row], self._rules.banned, self._settings, self._backend) for row in rows]

    def _change(self, drawn: int) -> Iterator[Event]:
        """Take the settings that somebody has changed; one that cannot be is a note."""
        for name, value in self._changes().items():
            try:
                changed = with_change(self._settings, name, value)
            except UsageError as error:
                yield Note(str(error))
                continue
            if changed != self._settings:
                self._settings = changed
                yield Changed(drawn, name, value)
