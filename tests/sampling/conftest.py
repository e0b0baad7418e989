"""Language models to draw from: small recurrent ones, and one that says what it is told."""

import numpy as np
import pytest

from seqterm.backends.select import select
from seqterm.events import Sampled
from seqterm.models.recurrent import RecurrentModel
from seqterm.models.settings import GruSettings, LstmSettings
from seqterm.sampling.draw import draw_by_steps
from seqterm.sampling.generate import generate
from seqterm.sampling.settings import SamplingSettings
from seqterm.text.format import TextFormat
from seqterm.text.tokens import from_person
from seqterm.text.vocabulary import Vocabulary
from tests.conftest import TEXT


def recurrent(settings, kind, text=TEXT):
    """A vocabulary and a network with random weights, large enough for every token to depend on those before it."""
    vocabulary = Vocabulary.count([from_person(text, TextFormat(kind))], TextFormat(kind))
    model = RecurrentModel(settings, vocabulary.log_frequencies(), select(1))
    model.flat[...] = np.random.default_rng(3).normal(0.0, 1.0, model.flat.size)
    model.changed()
    return model, vocabulary


@pytest.fixture(scope="session")
def lstm():
    """Model and vocabulary of characters."""
    return recurrent(LstmSettings(hidden=10, embedding=6, layers=2), "char")


@pytest.fixture(scope="session")
def words():
    """Model and vocabulary of what stands between spaces."""
    return recurrent(GruSettings(hidden=10, embedding=6), "space")


@pytest.fixture(scope="session")
def byte_model():
    """Model and vocabulary of bytes, of a text with characters of one to four."""
    return recurrent(GruSettings(hidden=10, embedding=6, reset="before"), "byte", "aé→🐔\n" * 20)


class Reciter:
    """A language model that is certain of a text, given as ids, and begins it again at its end.

    State (n, 1): the place in the text; a prompt, whatever it says, moves it on.
    """

    def __init__(self, ids, vocabulary_size):
        self._ids, self.vocabulary_size, self.backend = ids, vocabulary_size, select(1)

    def _log_p(self, state):
        log_p = np.full((len(state), self.vocabulary_size), -100.0)
        log_p[np.arange(len(state)), self._ids[state[:, 0] % len(self._ids)]] = 0.0
        return log_p

    def start(self, n):
        state = np.zeros((n, 1), np.int64)
        return state, self._log_p(state)

    def advance(self, state, tokens):
        return state + 1, self._log_p(state + 1)

    def score(self, state, ids, targets):
        return state + len(ids), np.zeros(ids.shape)

    def draw(self, *arguments):
        return draw_by_steps(self, self.backend, *arguments)


@pytest.fixture(scope="session")
def reciter():
    """reciter(text, kind) -> a model that says the text over and over, and its vocabulary."""

    def make(text, kind):
        text = from_person(text, TextFormat(kind))
        vocabulary = Vocabulary.count([text], TextFormat(kind))
        return Reciter(vocabulary.encode(text), len(vocabulary)), vocabulary

    return make


@pytest.fixture(scope="session")
def events_of():
    """events_of((model, vocabulary), prompt, seed=1, length=50, ...) -> the list of what happens."""

    def call(source, prompt="", seed=1, stop=lambda: None, choices=0, **settings):
        model, vocabulary = source
        about = model, vocabulary, prompt, SamplingSettings(**settings), seed, model.backend
        return list(generate(*about, stop, choices=choices))

    return call


@pytest.fixture(scope="session")
def samples_of(events_of):
    """As events_of, but the finished samples alone."""
    return lambda *arguments, **details: [e for e in events_of(*arguments, **details) if isinstance(e, Sampled)]
