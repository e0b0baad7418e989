"""Hidden Markov models of text: language models whose states each have a distribution over the tokens."""

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.models.base import DrawSettings, State
from seqterm.models.hmm import Hmm, Sequences, normalised
from seqterm.models.hmm_settings import HmmSettings
from seqterm.text.vocabulary import START, Vocabulary


class CategoricalHmm(Hmm):
    """emission (K, V).  The language model's state (n, K) is the distribution of the hidden state that gives the next token."""

    @classmethod
    def of(cls, settings: HmmSettings, vocabulary: Vocabulary, backend: Backend) -> "CategoricalHmm":  # type: ignore[override]
        return cls(settings, len(vocabulary), backend, vocabulary.special.get(START))

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
        state = np.array(state)
        parts = [slice(part[0], part[-1] + 1) for part in np.array_split(np.arange(n), min(n, self.backend.threads))]

        def score(rows: slice) -> Array:
            own_ids, own_targets = (np.ascontiguousarray(array[:, rows], np.int64) for array in (ids, targets))
            log_p = np.empty(own_ids.shape)
            self._kernels.score(own_ids, own_targets, self._start, self._model, state[rows], log_p)
            return log_p

        return state, np.concatenate(self.backend.map(score, parts), axis=1)

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
