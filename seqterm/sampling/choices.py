"""What a token is drawn from: the model's probabilities, and what penalty, temperature and filters make of them."""

from typing import NamedTuple

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.events import Choice
from seqterm.models.base import DrawSettings


def probabilities(log_p: Array) -> Array:
    """log_p (V,) -> float64 (V,) that sum to one."""
    p = np.exp(log_p.astype(np.float64))
    return p / p.sum()


def entropy(p: Array) -> float:
    """Of probabilities (V,), in bits."""
    possible = p[p > 0]
    return -float(np.sum(possible * np.log2(possible)))


class Distribution(NamedTuple):
    """The model's probabilities (V,), and those with which tokens are drawn (V,)."""

    p: Array
    chances: Array

    @classmethod
    def of(cls, log_p: Array, seen: Array, banned: Array, settings: DrawSettings, backend: Backend) -> "Distribution":
        """log_p, seen and banned (V,), as they are before the draw."""
        chances = backend.host.kernels("filters").chances(
            log_p, seen, banned, settings.greedy, settings.temperature, settings.k, settings.p, settings.minimum,
            settings.repetition_penalty, settings.equal_weights,
        )  # fmt: skip
        return cls(probabilities(log_p), chances / chances.sum())

    def choice(self, sample: int, text: str, token: int, names: list[str], top: int) -> Choice:
        """The event of a token that was drawn, with the `top` most probable ones."""
        p, chances = self
        kept = chances > 0
        order = np.argsort(-p, kind="stable")[:top]
        candidates = [(names[i], float(p[i]), float(chances[i])) for i in order]
        about = names[token], float(p[token]), float(chances[token])
        return Choice(sample, text, *about, entropy(p), int(kept.sum()), min(1.0, float(p[kept].sum())), candidates)
