"""Text from a language model, piece by piece, several samples side by side."""

from collections.abc import Callable, Iterator

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.events import Event, Note, Piece, Sampled
from seqterm.models.base import LanguageModel, State
from seqterm.sampling.settings import SamplingSettings
from seqterm.text.vocabulary import Ids, Vocabulary

CHUNK = 32  # tokens drawn in one call
DRAW = 2  # the purpose of a random key


def read_prompt(model: LanguageModel, ids: Ids) -> tuple[State, Array]:
    """One row's state and log_p (1, V) after a prompt."""
    state, log_p = model.start(1)
    if len(ids) > 1:
        column = np.ascontiguousarray(ids[:-1])[:, None]
        state, _ = model.score(state, column, np.full_like(column, -1))
    if len(ids):
        state, log_p = model.advance(state, np.ascontiguousarray(ids[-1:]))
    return state, log_p


class _Sample:
    """One row: what has been drawn, and where it ends."""

    def __init__(self, vocabulary: Vocabulary, number: int, prompt: str, settings: SamplingSettings):
        self._vocabulary, self._number, self._prompt = vocabulary, number, prompt
        self._until = "\n" if settings.until == "line" else settings.until
        self._decoder = vocabulary.decoder(prompt)
        self.text, self.tokens, self.log_probability, self.done = "", 0, 0.0, False

    def feed(self, ids: Array, log_p: Array, last: bool) -> str:
        """Take drawn ids and their log-probabilities up to where the sample ends; returns the new text."""
        before = searched = len(self.text)
        for place, (token, value) in enumerate(zip(ids, log_p, strict=True)):
            final = last and place == len(ids) - 1
            self.text += self._decoder.feed([self._vocabulary.tokens[token]], final)
            self.tokens += 1
            self.log_probability += float(value)
            if self._until:
                found = self.text.find(self._until, max(0, searched - len(self._until) + 1))
                searched = len(self.text)
                if found >= 0:
                    self.text = self.text[: found + len(self._until)]
                    self.done = True
                    break
        return self.text[before:]

    def event(self) -> Sampled:
        reason = "until" if self.done else "length"
        return Sampled(self._number, self._prompt, self.text, self.tokens, self.log_probability, reason)


def generate(
    model: LanguageModel,
    vocabulary: Vocabulary,
    prompt: str,
    settings: SamplingSettings,
    seed: int,
    backend: Backend,
    stop: Callable[[], object] = lambda: None,
) -> Iterator[Event]:
    """Notes, then pieces as they are drawn and each sample whole; sample 0 streams, the others follow whole, in their order.

    `stop()` is asked between chunks.  The text depends on neither the chunk size nor the number of samples.
    """
    ids, unknown = vocabulary.encode_prompt(prompt)
    if unknown:
        shown = ", ".join(repr(token) for token in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        yield Note(f"The model has never seen {shown}: left out of what it continues.")
    n = settings.samples
    state, log_p = read_prompt(model, ids)
    state, log_p = np.repeat(state, n, axis=0), np.repeat(log_p, n, axis=0)
    seen = np.zeros((n, model.vocabulary_size), np.bool_)
    seen[:, ids] = True
    key = backend.kernels("random").derive_key(seed, DRAW)
    samples = [_Sample(vocabulary, number, prompt, settings) for number in range(n)]
    drawn = 0
    yield Piece(0, prompt, "")
    while drawn < settings.length and not all(sample.done for sample in samples) and not stop():
        count = min(CHUNK, settings.length - drawn)
        state, log_p, tokens, chosen = model.draw(state, log_p, seen, settings, key, drawn, count)
        drawn += count
        for row, sample in enumerate(samples):
            if not sample.done:
                text = sample.feed(tokens[:, row], chosen[:, row], drawn == settings.length)
                if row == 0 and text:
                    yield Piece(0, prompt, text)
    for sample in samples:
        event = sample.event()
        if event.sample and event.text:
            yield Piece(event.sample, prompt, event.text)
        yield event
