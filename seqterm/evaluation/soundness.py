"""Whether what a language model gives are probabilities, and its two ways of reading agree."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from seqterm.backends.base import Array
from seqterm.models.base import LanguageModel


class Deviations(NamedTuple):
    """The largest ones: of a sum of probabilities from 1; of a log-probability by `score` from that by `start` and `advance`,
    relative where that is more than a nat.  tolerance: what rounding may make of them, the root of the precision's epsilon."""

    sum: float
    step: float
    tolerance: float


Choose = Callable[[int, Array], Array]


def deviations(model: LanguageModel, choose: Choose, n: int, length: int) -> Deviations:
    """n texts side by side, of `length` tokens: choose(place, log_p (n, V)) -> the next token of each."""
    state, log_p = model.start(n)
    ids, stepped = np.empty((length, n), np.int64), np.empty((length, n), log_p.dtype)
    off = np.zeros(length + 1)
    off[0] = _off_one(log_p)
    for place in range(length):
        ids[place] = choose(place, log_p)
        stepped[place] = log_p[np.arange(n), ids[place]]
        state, log_p = model.advance(state, ids[place])
        off[place + 1] = _off_one(log_p)
    scored, stepped = _scored(model, ids, stepped)
    return Deviations(float(off.max()), _difference(scored, stepped), float(np.sqrt(np.finfo(log_p.dtype).eps)))


def _off_one(log_p: Array) -> float:
    return float(np.abs(np.exp(log_p.astype(np.float64)).sum(axis=1) - 1.0).max())


def _scored(model: LanguageModel, ids: Array, stepped: Array) -> tuple[Array, Array]:
    """What `score` says of the texts, and of what was stepped through the same: a first token that stands after nothing is
    left to the model's start."""
    if model.start_token is None:
        inputs, targets, stepped = ids[:-1], ids[1:], stepped[1:]
    else:
        inputs, targets = np.concatenate([np.full_like(ids[:1], model.start_token), ids[:-1]]), ids
    if not len(inputs):  # one token after nothing
        return inputs, targets
    _, scored = model.score(model.zero_state(ids.shape[1]), np.ascontiguousarray(inputs), np.ascontiguousarray(targets))
    return scored.astype(np.float64), stepped.astype(np.float64)


def _difference(scored: Array, stepped: Array) -> float:
    """0 where both say that something is impossible."""
    differ = scored != stepped
    one, other = scored[differ], stepped[differ]
    size = np.maximum(1.0, np.minimum(np.abs(one), np.abs(other)))
    return float((np.abs(one - other) / size).max(initial=0.0))


def drawn(random: np.random.Generator) -> Choose:
    """Contexts that the model draws itself."""

    def choose(place: int, log_p: Array) -> Array:
        cumulated = np.exp(log_p.astype(np.float64)).cumsum(axis=1)
        u = (1.0 - random.random((len(log_p), 1))) * cumulated[:, -1:]
        return np.argmax(cumulated >= u, axis=1)

    return choose


def taken(ids: Array, n: int, length: int, random: np.random.Generator) -> Choose:
    """Contexts that are stretches of a text (N,), N >= length."""
    begins = random.integers(0, len(ids) - length + 1, n)
    return lambda place, log_p: ids[begins + place].astype(np.int64)
