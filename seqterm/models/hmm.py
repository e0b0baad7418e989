"""Hidden Markov models of texts and of series of numbers, learned by expectation and maximisation (Baum & Welch; Rabiner 1989)."""

from typing import Any, NamedTuple, Protocol

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.models.base import DrawSettings, State, load_tensors
from seqterm.models.hmm_settings import HmmSettings
from seqterm.text.vocabulary import START, Vocabulary

SLICES = 16  # of the sequences, at most, that are summed apart and then in their order: sums depend on no number of threads
COUNTS = 1 << 25  # elements of all slices' counts of emissions
DEAD = 1e-3  # visits expected in the whole text, below which a state is dead
NARROWEST = 1e-6  # of a column's variance, that a state keeps
SEEDS = 10_000  # points that first means are chosen from


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


class Hmm:
    """initial (K,), transition (K, K) from row to column, and what its states emit."""

    unit = "nats a token"
    _counts: tuple[int, ...]  # the shape of a slice's counts of emissions

    @staticmethod
    def of(settings: HmmSettings, vocabulary: Vocabulary | None, backend: Backend) -> "Hmm":
        """For the tokens of a vocabulary, or for the columns that settings name; every state alike."""
        if settings.emission == "gaussian":
            return GaussianHmm(settings, backend)
        assert vocabulary is not None
        return CategoricalHmm(settings, len(vocabulary), backend, vocabulary.special.get(START))

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

    def _emission_tensors(self) -> dict[str, Array]:
        raise NotImplementedError

    def _emission_array(self) -> Array:
        """As kernels read it: (V, K), or (2, D, K)."""
        raise NotImplementedError

    def _log_emission(self) -> Array:
        raise NotImplementedError

    @property
    def free_parameters(self) -> int:
        """Numbers that can be chosen freely: each row of probabilities has one less than its length."""
        k = self.settings.states
        return (k - 1) + k * (k - 1) + self._free_emissions()

    def _free_emissions(self) -> int:
        raise NotImplementedError

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

    def _draw_emissions(self, states: Array, random: np.random.Generator) -> None:
        raise NotImplementedError

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
        return [bounds[a : b + 1] for a, b in zip(cuts, cuts[1:], strict=False) if b > a]

    def maximise(self, expected: Expected, priors: Priors) -> None:
        """The parameters under which the expected counts, with pseudo-counts, are most probable."""
        self.initial[...] = normalised(expected.initial + priors.prior_initial, self.initial)
        self.transition[...] = normalised(expected.transition + priors.prior_transition, self.transition)
        self._maximise_emissions(expected.emission, priors.prior_emission)
        self.changed()

    def _maximise_emissions(self, counts: Array, prior: float) -> None:
        raise NotImplementedError

    def dead(self, expected: Expected) -> Array:
        """States that hardly anything is expected to visit."""
        return np.flatnonzero(self._occupancy(expected.emission) < DEAD)

    def _occupancy(self, counts: Array) -> Array:
        raise NotImplementedError

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


class CategoricalHmm(Hmm):
    """emission (K, V).  A language model, whose state (n, K) is the distribution of the hidden state that gives the next token."""

    def __init__(self, settings: HmmSettings, vocabulary_size: int, backend: Backend, start_token: int | None = None):
        super().__init__(settings, backend)
        self.vocabulary_size, self.start_token = vocabulary_size, start_token
        self._emitted = np.arange(vocabulary_size) != (-1 if start_token is None else start_token)
        self.emission = np.tile(self._emitted / self._emitted.sum(), (settings.states, 1))
        self._counts = (vocabulary_size, settings.states)
        self.changed()

    def _emission_tensors(self) -> dict[str, Array]:
        return {"emission": self.emission}

    def _emission_array(self) -> Array:
        return np.ascontiguousarray(self.emission.T)

    def _log_emission(self) -> Array:
        return np.log(self._model[3])

    def _free_emissions(self) -> int:
        return self.settings.states * (int(self._emitted.sum()) - 1)

    def prepare(self, sequences: Sequences) -> None:
        super().prepare(sequences)
        self._frequencies = np.bincount(sequences.observations, minlength=self.vocabulary_size) / len(sequences.observations)

    def _draw_emissions(self, states: Array, random: np.random.Generator) -> None:
        """The tokens' frequencies, each times a number of mean 1."""
        drawn = self._frequencies * random.exponential(size=(len(states), self.vocabulary_size))
        self.emission[states] = normalised(drawn, self.emission[states])

    def _maximise_emissions(self, counts: Array, prior: float) -> None:
        self.emission[...] = normalised(counts.T + prior * self._emitted, self.emission)

    def _occupancy(self, counts: Array) -> Array:
        return counts.sum(axis=0)

    # The protocol of language models

    @property
    def _start(self) -> int:
        return -1 if self.start_token is None else self.start_token

    def zero_state(self, n: int) -> State:
        return np.tile(self.initial, (n, 1))

    def start(self, n: int) -> tuple[State, Array]:
        state = self.zero_state(n)
        return state, self._next(state)

    def _next(self, state: State) -> Array:
        log_p = np.empty((len(state), self.vocabulary_size))
        self._kernels.next_distributions(self._model, state, log_p)
        return log_p

    def advance(self, state: State, tokens: Array) -> tuple[State, Array]:
        column = np.ascontiguousarray(tokens, np.int64)[None]
        state, _ = self.score(state, column, np.full_like(column, -1))
        return state, self._next(state)

    def score(self, state: State, ids: Array, targets: Array) -> tuple[State, Array]:
        """Rows are shared out over threads."""
        n = ids.shape[1]
        state, log_p = np.array(state), np.empty(ids.shape)
        parts = [slice(part[0], part[-1] + 1) for part in np.array_split(np.arange(n), min(n, self.backend.threads))]

        def score(rows: slice) -> None:
            own = (np.ascontiguousarray(array[:, rows], np.int64) for array in (ids, targets))
            self._kernels.score(*own, self._start, self._model, state[rows], log_p[:, rows])

        self.backend.map(score, parts)
        return state, log_p

    def trace(self, ids: Array) -> dict[str, Array]:
        """ids (T,) -> probabilities of states {"filtered": (T, K), "smoothed": (T, K)} given the tokens so far and given all, and
        the most probable path {"viterbi": (T,)}.  A start mark has no state: zeros, and -1."""
        size = (len(ids), self.settings.states)
        found = {"filtered": np.zeros(size), "smoothed": np.zeros(size), "viterbi": np.full(len(ids), -1)}
        starts = np.flatnonzero(ids == self._start)
        for begin, end in zip([0, *(starts + 1)], [*starts, len(ids)], strict=True):
            own = np.ascontiguousarray(ids[begin:end], np.int32)
            found["filtered"][begin:end], found["smoothed"][begin:end] = self.posteriors(own)
            found["viterbi"][begin:end] = self.viterbi(own)
        return found

    def draw(
        self, state: State, log_p: Array, seen: Array, banned: Array, settings: DrawSettings, key: int, first: int, n: int
    ) -> tuple[State, Array, Array, Array]:
        """As sampling.draw.draw_by_steps, in one compiled call."""
        state, log_p = state.copy(), log_p.copy()
        tokens, chosen = np.empty((n, len(state)), np.int64), np.empty((n, len(state)))
        self._kernels.draw(
            self._start, self._model, state, log_p, seen, banned, settings.greedy, settings.temperature, settings.k, settings.p,
            settings.minimum, settings.repetition_penalty, settings.equal_weights, key, first, tokens, chosen,
        )  # fmt: skip
        return state, log_p, tokens, chosen


class GaussianHmm(Hmm):
    """mean, variance (K, D): each column of a state is normally distributed, independent of the others."""

    unit = "nats a row"

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
        """Means far from one another: each a point, drawn by its squared distance from those before (Arthur & Vassilvitskii 2007)."""
        points = self._sequences.observations
        points = points[random.choice(len(points), min(len(points), SEEDS), replace=False)]
        nearest = np.full(len(points), np.inf)
        self.mean[states[0]], self.variance[states] = points[0], self._spread
        for before, state in zip(states, states[1:], strict=False):
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


def criteria(log_likelihood: float, free_parameters: int, n_observations: int) -> dict[str, Any]:
    """Akaike's and the Bayesian information criterion: the smaller, the better."""
    return {
        "log_likelihood": log_likelihood,
        "free_parameters": free_parameters,
        "aic": 2 * free_parameters - 2 * log_likelihood,
        "bic": float(free_parameters * np.log(n_observations)) - 2 * log_likelihood,
    }
