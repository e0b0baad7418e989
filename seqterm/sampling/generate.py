"""Text from a language model, piece by piece, several samples side by side."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.errors import SeqtermError, UsageError
from seqterm.events import Event, Note, Piece, Sampled
from seqterm.models.base import LanguageModel, State
from seqterm.sampling.draw import draw_by_steps
from seqterm.sampling.settings import SamplingSettings
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
) -> Iterator[Event]:
    """Notes, then pieces as they are drawn and each sample whole; sample 0 streams, the others follow whole, in their order.

    `stop()` is asked between chunks.  The text depends on neither the chunk size nor the number of samples.
    """
    rules = Rules.of(vocabulary, settings, one_sentence)
    ids, unknown = vocabulary.encode_prompt(prompt)
    if one_sentence:
        ids = ids[1 + np.flatnonzero(ids == vocabulary.special[START]).max(initial=-1) :]
    if unknown:
        shown = ", ".join(repr(token) for token in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        what = "read as an unknown word" if UNKNOWN in vocabulary.special else "left out of what it continues"
        yield Note(f"The model has never seen {shown}: {what}.")
    state, log_p = read_prompt(model, ids)
    yield Piece(0, prompt, "")
    samples: dict[int, _Sample] = {}
    stopped = False
    draw = getattr(model, "draw", None) or partial(draw_by_steps, model, backend)
    for attempt in range(TRIES if settings.min_length else 1):
        drawn = [_Sample(vocabulary, number, prompt, rules) for number in range(settings.samples)]
        attempt_key = backend.kernels("random").derive_key(seed, DRAW + attempt * ATTEMPT)
        streamed = not settings.min_length
        stopped = yield from _draw(draw, drawn, prompt, state, log_p, ids, rules, settings, attempt_key, stop, streamed)
        samples |= {i: s for i, s in enumerate(drawn) if i not in samples and s.tokens >= settings.min_length}
        if len(samples) == settings.samples or stopped:
            break
    for number, sample in sorted(samples.items()):
        event = sample.event(stopped)
        if event.text and (number or settings.min_length):
            yield Piece(number, prompt, event.text)
        yield event
    if len(samples) < settings.samples and not stopped:
        missing = settings.samples - len(samples)
        raise SeqtermError(f"{missing} of {settings.samples} samples had under {settings.min_length} tokens in {TRIES} tries.")


def chunk_after(count: int, seconds: float) -> int:
    """How many tokens to draw in one call, after so many came in so long: twice as many while that is quick."""
    return 2 * count if seconds < FRAME / 2 else count


def _draw(
    draw: Callable[..., tuple[State, Array, Array, Array]],
    samples: list[_Sample],
    prompt: str,
    state: State,
    log_p: Array,
    prompt_ids: Ids,
    rules: Rules,
    settings: SamplingSettings,
    key: int,
    stop: Callable[[], object],
    streamed: bool,
) -> Generator[Event, None, bool]:
    """Draw all samples from one row's state, the first as pieces if `streamed`; returns whether it was stopped."""
    n = len(samples)
    state, log_p = np.repeat(state, n, axis=0), np.repeat(log_p, n, axis=0)
    seen = np.zeros((n, log_p.shape[1]), np.bool_)
    seen[:, prompt_ids] = True
    drawn, chunk = 0, CHUNK
    while drawn < settings.length and not all(sample.done for sample in samples):
        if stop():
            return True
        count, began = min(chunk, settings.length - drawn), time.perf_counter()
        state, log_p, tokens, chosen = draw(state, log_p, seen, rules.banned, settings, key, drawn, count)
        drawn, chunk = drawn + count, chunk_after(count, time.perf_counter() - began)
        for row, sample in enumerate(samples):
            if not sample.done:
                text = sample.feed(tokens[:, row], chosen[:, row], drawn == settings.length)
                if text and streamed and row == 0:
                    yield Piece(0, prompt, text)
    return False
