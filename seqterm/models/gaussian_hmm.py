"""Hidden Markov models of series of numbers: states whose columns are normally distributed."""

from itertools import pairwise

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.models.hmm import Hmm, Sequences, normalised
from seqterm.models.hmm_settings import HmmSettings
from seqterm.text.vocabulary import Vocabulary

NARROWEST = 1e-6  # of a column's variance, that a state keeps
SEEDS = 10_000  # points that first means are chosen from


class GaussianHmm(Hmm):
    """mean, variance (K, D): each column of a state is normally distributed, independent of the others."""

    unit = "nats a row"

    @classmethod
    def of(cls, settings: HmmSettings, vocabulary: Vocabulary | None, backend: Backend) -> "GaussianHmm":
        return cls(settings, backend)

    def __init__(self, settings: HmmSettings, backend: Backend):
        super().__init__(settings, backend)
        size = len(settings.column)
        self.mean, self.variance = np.zeros((settings.states, size)), np.ones((settings.states, size))
        self._counts = (3, size, settings.states)
        self.changed()

    def _emission_tensors(self) -> dict[str, Array]:
        return {"mean": self.mean, "variance": self.variance}

    def _emission_array(self) -> Array:
        return np.ascontiguousarray(np.stack([self.mean.T, self.variance.T]))

    def _log_emission(self) -> Array:
        return self._model[3]

    def _free_emissions(self) -> int:
        return self.mean.size + self.variance.size

    def prepare(self, sequences: Sequences) -> None:
        super().prepare(sequences)
        self._center, self._spread = sequences.observations.mean(axis=0), sequences.observations.var(axis=0)

    def _draw_emissions(self, states: Array, random: np.random.Generator) -> None:
        """Means far apart: each a point, drawn by its squared distance from those before it (Arthur & Vassilvitskii 2007)."""
        points = self._sequences.observations
        points = points[random.choice(len(points), min(len(points), SEEDS), replace=False)]
        nearest = np.full(len(points), np.inf)
        self.mean[states[0]], self.variance[states] = points[0], self._spread
        for before, state in pairwise(states):
            nearest = np.minimum(nearest, ((points - self.mean[before]) ** 2 / self._spread).sum(axis=1))
            self.mean[state] = points[random.choice(len(points), p=normalised(nearest, np.full(len(points), 1 / len(points))))]

    def _maximise_emissions(self, counts: Array, prior: float) -> None:
        """A pseudo-count is as many observations distributed as all are.  Moments are about the means so far."""
        away = self._center - self.mean
        zeroth = counts[0].T + prior
        once = counts[1].T + prior * away
        twice = counts[2].T + prior * (self._spread + away**2)
        known, divisor = zeroth > 0, np.where(zeroth > 0, zeroth, 1)
        moved = once / divisor
        self.mean += np.where(known, moved, 0)
        variance = np.where(known, twice / divisor - moved**2, self.variance)
        self.variance[...] = np.maximum(variance, NARROWEST * self._spread)

    def _occupancy(self, counts: Array) -> Array:
        return counts[0, 0]
