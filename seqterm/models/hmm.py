"""Hidden Markov models: what those of texts and of series share, learned by expectation and maximisation (Rabiner 1989)."""

from abc import ABC, abstractmethod
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.models.base import load_tensors
from seqterm.models.catalogue import resolve
from seqterm.models.hmm_settings import HmmSettings
from seqterm.text.vocabulary import Vocabulary

SLICES = 16  # of the sequences, at most, that are summed apart and then in their order: sums depend on no number of threads
COUNTS = 1 << 25  # elements of all slices' counts of emissions
DEAD = 1e-3  # visits expected in the whole text, below which a state is dead
MODELS = {"categorical": "seqterm.models.categorical_hmm:CategoricalHmm", "gaussian": "seqterm.models.gaussian_hmm:GaussianHmm"}


class Sequences(NamedTuple):
    """observations[bounds[s] : bounds[s + 1]] is sequence s; ids (N,), int32, or numbers (N, D), float64."""

    observations: Array
    bounds: Array


class Expected(NamedTuple):
    """Counts under a model: of first states (K,), of transitions (K, K), of emissions: (V, K), or (3, D, K) occupancies and
    moments about the means; and the log-likelihood."""

    initial: Array
    transition: Array
    emission: Array
    log_likelihood: float


class Priors(Protocol):
    """Pseudo-counts, added to every count of a kind (see training.settings, which names and explains them)."""

    @property
    def prior_initial(self) -> float: ...
    @property
    def prior_transition(self) -> float: ...
    @property
    def prior_emission(self) -> float: ...


def normalised(counts: Array, otherwise: Array) -> Array:
    """Rows that sum to one; those of `otherwise` where nothing was counted."""
    sums = counts.sum(axis=-1, keepdims=True)
    return np.where(sums > 0, counts / np.where(sums > 0, sums, 1), otherwise)


def criteria(log_likelihood: float, free_parameters: int, n_observations: int) -> dict[str, float]:
    """Akaike's and the Bayesian information criterion: the smaller, the better."""
    return {
        "log_likelihood": log_likelihood,
        "free_parameters": free_parameters,
        "aic": 2 * free_parameters - 2 * log_likelihood,
        "bic": float(free_parameters * np.log(n_observations)) - 2 * log_likelihood,
    }


class Hmm(ABC):
    """initial (K,), transition (K, K) from row to column, and what its states emit."""

    unit = "nats a token"
    _counts: tuple[int, ...]  # the shape of a slice's counts of emissions

    @staticmethod
    def of(settings: HmmSettings, vocabulary: Vocabulary | None, backend: Backend) -> "Hmm":
        """For the tokens of a vocabulary, or for the columns that settings name; every state alike."""
        model: Hmm = resolve(MODELS[settings.emission]).of(settings, vocabulary, backend)
        return model

    def __init__(self, settings: HmmSettings, backend: Backend):
        self.settings, self.backend, self._kernels = settings, backend, backend.kernels("hmm")
        k = settings.states
        self.initial, self.transition = np.full(k, 1 / k), np.full((k, k), 1 / k)

    def tensors(self) -> dict[str, Array]:
        return {"initial": self.initial, "transition": self.transition, **self._emission_tensors()}

    def load(self, tensors: dict[str, Array]) -> None:
        """DataError where they do not fit."""
        load_tensors(self.tensors(), tensors)
        self.changed()

    def changed(self) -> None:
        """Call after parameters have been changed: what kernels read is made anew."""
        self._model = (self.initial, self.transition, np.ascontiguousarray(self.transition.T), self._emission_array())
        self._log_model: tuple[Array, ...] | None = None

    @abstractmethod
    def _emission_tensors(self) -> dict[str, Array]: ...

    @abstractmethod
    def _emission_array(self) -> Array:
        """As kernels read it: (V, K), or (2, D, K)."""

    @abstractmethod
    def _log_emission(self) -> Array: ...

    @property
    def free_parameters(self) -> int:
        """Numbers that can be chosen freely: each row of probabilities has one less than its length."""
        k = self.settings.states
        return (k - 1) + k * (k - 1) + self._free_emissions()

    @abstractmethod
    def _free_emissions(self) -> int: ...

    # Learning

    def prepare(self, sequences: Sequences) -> None:
        """What is learned from."""
        self._sequences = sequences

    def initialise(self, random: np.random.Generator) -> None:
        """Every row drawn at random; emissions near those of all observations."""
        k = self.settings.states
        self.initial[...] = random.dirichlet(np.ones(k))
        self.transition[...] = random.dirichlet(np.ones(k), k)
        self._draw_emissions(np.arange(k), random)
        self.changed()

    @abstractmethod
    def _draw_emissions(self, states: Array, random: np.random.Generator) -> None: ...

    def expect(self, sequences: Sequences | None = None) -> Expected:
        """Of the sequences that are learned from, or of others, whatever the number of threads."""
        observations, bounds = sequences or self._sequences

        def expect(own: Array) -> Expected:
            counts = np.zeros_like(self.initial), np.zeros_like(self.transition), np.zeros(self._counts)
            return Expected(*counts, self._kernels.expect(observations, own, self._model, counts))

        first, *others = self.backend.map(expect, self._slices(bounds))
        for other in others:
            for total, counts in zip(first[:3], other[:3], strict=True):
                total += counts
        return first._replace(log_likelihood=first.log_likelihood + sum(other.log_likelihood for other in others))

    def _slices(self, bounds: Array) -> list[Array]:
        """Bounds of runs of sequences, of about as many observations each."""
        n = max(1, min(SLICES, len(bounds) - 1, COUNTS // int(np.prod(self._counts))))
        wanted = bounds[0] + (bounds[-1] - bounds[0]) * np.arange(1, n) / n
        cuts = [0, *np.unique(np.searchsorted(bounds, wanted)), len(bounds) - 1]
        return [bounds[a : b + 1] for a, b in pairwise(cuts) if b > a]

    def maximise(self, expected: Expected, priors: Priors) -> None:
        """The parameters under which the expected counts, with pseudo-counts, are most probable."""
        self.initial[...] = normalised(expected.initial + priors.prior_initial, self.initial)
        self.transition[...] = normalised(expected.transition + priors.prior_transition, self.transition)
        self._maximise_emissions(expected.emission, priors.prior_emission)
        self.changed()

    @abstractmethod
    def _maximise_emissions(self, counts: Array, prior: float) -> None: ...

    def dead(self, expected: Expected) -> Array:
        """States that hardly anything is expected to visit."""
        return np.flatnonzero(self._occupancy(expected.emission) < DEAD)

    @abstractmethod
    def _occupancy(self, counts: Array) -> Array: ...

    def reseed(self, states: Array, random: np.random.Generator) -> None:
        """Draw states anew, and let every state lead to them."""
        k = self.settings.states
        self._draw_emissions(states, random)
        self.transition[states] = random.dirichlet(np.ones(k), len(states))
        for row in (self.initial, *self.transition):
            row[states] = np.maximum(row[states], 1 / k)
            row /= row.sum()
        self.changed()

    # Decoding

    def viterbi(self, observations: Array) -> Array:
        """The most probable states (T,) of one sequence; ids below zero are tokens of which nothing is known."""
        path = np.zeros(len(observations), np.int64)
        if self._log_model is None:
            with np.errstate(divide="ignore"):
                self._log_model = np.log(self.initial), np.log(self.transition), self._log_emission()
        if len(path):
            self._kernels.viterbi(observations, self._log_model, path)
        return path

    def posteriors(self, observations: Array) -> tuple[Array, Array]:
        """Of one sequence the probabilities of states given the observations so far, and given all, each (T, K)."""
        filtered, smoothed = np.empty((2, len(observations), self.settings.states))
        self._kernels.posteriors(observations, self._model, filtered, smoothed)
        return filtered, smoothed
