"""n-gram language models."""

from itertools import pairwise
from typing import Any

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.errors import DataError
from seqterm.models.base import State
from seqterm.models.ngram_settings import NgramSettings
from seqterm.models.ngram_smoothing import Estimate
from seqterm.store.ngram_levels import Level
from seqterm.text.vocabulary import START, UNKNOWN, Vocabulary

DTYPES = {"words": np.int32, "log_p": np.float32, "backoff": np.float32, "children": np.uint32, "firsts": np.int64}
INDEXED = 2  # levels whose nodes' children are in a hash table: further up a node has so few that a search is as quick
ROOM = 4 / 3  # slots of the table for each


class NgramModel:
    """words, log_p, backoff, children, index: a trie of all n-grams that occurred, as kernels.cpu.ngram explains it; level n
    (from 0) begins at firsts[n] (N + 1,).

    A state is the nodes of the last words, (n, N - 1), int64.

    Everything is the processor's, where a trie may be mapped from a file; another device has a copy, and scores texts with that.
    """

    unit = "nats a token"

    def __init__(self, settings: NgramSettings, vocabulary_size: int, backend: Backend, start_token: int | None = None):
        self.settings, self.vocabulary_size, self.backend, self.start_token = settings, vocabulary_size, backend, start_token
        self._kernels = backend.host.kernels("ngram")
        empty = {"log_p": vocabulary_size, "children": 1, "firsts": settings.order + 1}
        self._tensors: dict[str, Array] = {name: np.zeros(empty.get(name, 0), dtype) for name, dtype in DTYPES.items()}
        self._tensors["index"] = np.zeros(2, np.uint32)
        self._on_device: tuple[Array, ...] | None = None

    @classmethod
    def of(cls, settings: NgramSettings, vocabulary: Vocabulary, backend: Backend) -> "NgramModel":
        """For the words of a vocabulary, without n-grams."""
        if vocabulary.unknown < 0:
            raise DataError(f"The vocabulary of an n-gram model must have {UNKNOWN}.")
        return cls(settings, len(vocabulary), backend, vocabulary.special.get(START))

    def take(self, estimate: Estimate) -> None:
        """Become what was estimated."""
        self._take({name: np.asarray(getattr(estimate, name), dtype) for name, dtype in DTYPES.items()})

    def take_levels(self, levels: list[Level]) -> None:
        """Become what an ARPA file holds."""
        firsts = np.concatenate([[0], np.cumsum([len(level.words) for level in levels])]).astype(np.int64)
        inner = list(zip(levels[:-1], firsts[1:], strict=False))
        children = [level.children[:-1] + first for level, first in inner if level.children is not None]
        tensors = {
            "words": np.concatenate([level.words for level in levels]),
            "log_p": np.concatenate([level.log_p for level in levels]),
            "backoff": np.concatenate([np.zeros(0), *(level.backoff for level in levels if level.backoff is not None)]),
            "children": np.concatenate([*children, firsts[-1:]]),
            "firsts": firsts,
        }
        self._take({name: tensors[name].astype(dtype) for name, dtype in DTYPES.items()})

    def _take(self, tensors: dict[str, Array]) -> None:
        """A trie, whose index is made."""
        n_indexed = self._n_indexed(tensors["firsts"])
        n_children = int(tensors["children"][n_indexed] - tensors["firsts"][1])
        index = np.zeros(2 * int(ROOM * n_children) + 2, np.uint32)
        self._kernels.fill_index(tensors["words"], tensors["children"], n_indexed, index)
        self.load({**tensors, "index": index})

    def _n_indexed(self, firsts: Array) -> int:
        return int(firsts[min(INDEXED, self.settings.order - 1)])

    def levels(self) -> list[Level]:
        """The inverse."""
        words, log_p, backoff, children, firsts = (self._tensors[name] for name in DTYPES)
        found = []
        for level, (first, last) in enumerate(pairwise(firsts.tolist())):
            is_top = level == self.settings.order - 1
            own = None if is_top else (children[first : last + 1] - firsts[level + 1]).astype(np.uint32)
            found.append(Level(words[first:last], log_p[first:last], None if is_top else backoff[first:last], own))
        return found

    def tensors(self) -> dict[str, Array]:
        return self._tensors

    def figures(self) -> dict[str, Any]:
        """n-grams of each order, and bytes that one takes."""
        n_bytes = sum(tensor.nbytes for tensor in self._tensors.values())
        return {"ngrams": self.sizes, "bytes_per_ngram": round(n_bytes / max(1, sum(self.sizes)), 2)}

    def load(self, tensors: dict[str, Array]) -> None:
        """DataError where they are no trie."""
        for name, dtype in DTYPES.items():
            if name not in tensors or tensors[name].ndim != 1 or tensors[name].dtype != dtype:
                raise DataError(f"The checkpoint is no n-gram model: tensor {name} is missing or of another shape or type.")
        words, log_p, backoff, children, firsts = (tensors[name] for name in DTYPES)
        index, inner = tensors.get("index", np.zeros(0)), len(backoff)
        sound = len(firsts) == self.settings.order + 1 and firsts[1] == self.vocabulary_size and len(words) == len(log_p)
        sound = sound and firsts[-1] == len(words) and firsts[-2] == inner and len(children) == inner + 1 and firsts[0] == 0
        sound = sound and (np.diff(firsts) >= 0).all() and (words[: firsts[1]] == np.arange(firsts[1])).all()
        sound = sound and index.ndim == 1 and len(index) % 2 == 0 < len(index) and index.dtype == np.uint32
        if not sound or not self._kernels.is_trie(words, children, firsts):
            raise DataError("The checkpoint is damaged: its n-grams are no trie.")
        self._tensors = {name: tensors[name] for name in (*DTYPES, "index")}
        self._on_device = None

    @property
    def sizes(self) -> list[int]:
        """n-grams of each order."""
        return np.diff(self._tensors["firsts"]).tolist()

    @property
    def _trie(self) -> tuple[Any, ...]:
        n_kinds = self.vocabulary_size - (self.start_token is not None)
        arrays = (self._tensors[name] for name in ("words", "log_p", "backoff", "children", "index"))
        return *arrays, self._n_indexed(self._tensors["firsts"]), n_kinds if self.settings.smoothing == "add-k" else 0

    @property
    def _trie_on_device(self) -> tuple[Any, ...]:
        *arrays, n_indexed, n_kinds = self._trie
        if self._on_device is None:
            self._on_device = tuple(map(self.backend.to_device, arrays))
        return *self._on_device, n_indexed, n_kinds

    # The protocol of language models

    def zero_state(self, n: int) -> State:
        return np.full((n, self.settings.order - 1), self._kernels.NOT_YET, np.int64)

    def start(self, n: int) -> tuple[State, Array]:
        state = self.zero_state(n)
        if self.start_token is not None:
            return self.advance(state, np.full(n, self.start_token))
        return state, self._distribution(state)[0]

    def _distribution(self, state: State) -> tuple[Array, Array]:
        """log_p (n, V) of what comes next, and the lengths (n, V) of the n-grams that give it."""
        shape = len(state), self.vocabulary_size
        log_p, lengths = np.empty(shape, np.float32), np.empty(shape, np.int8)
        self._kernels.distribution(*self._trie, state, log_p, lengths)
        return log_p, lengths

    def lengths(self, state: State) -> Array:
        """(n, V) of the n-gram that gives each word its probability after a state; 1: a single word, 0: none."""
        return self._distribution(state)[1]

    def advance(self, state: State, tokens: Array) -> tuple[State, Array]:
        after = np.empty_like(state)
        self._kernels.advance(*self._trie, state, np.asarray(tokens, np.int64), after)
        return after, self._distribution(after)[0]

    def score(self, state: State, ids: Array, targets: Array) -> tuple[State, Array]:
        if not self.backend.on_host:
            return self._score_on_device(state, ids, targets)
        after, log_p = state.copy(), np.empty(ids.shape, np.float32)

        def score(rows: Array) -> None:
            part = slice(rows[0], rows[-1] + 1)
            self._kernels.score(*self._trie, after[part], ids[:, part], targets[:, part], log_p[:, part])

        parts = np.array_split(np.arange(ids.shape[1]), self.backend.threads)
        self.backend.map(score, [rows for rows in parts if len(rows)])
        return after, log_p

    def _score_on_device(self, state: State, ids: Array, targets: Array) -> tuple[State, Array]:
        backend = self.backend
        after, log_p = backend.to_device(state), backend.empty(ids.shape, np.dtype(np.float32))
        read = (backend.to_device(np.asarray(array, np.int64)) for array in (ids, targets))
        backend.kernels("ngram").score(*self._trie_on_device, after, *read, log_p)
        return backend.to_host(after), backend.to_host(log_p)

    def score_texts(self, ids: Array, begins: Array, ends: Array) -> tuple[Array, Array]:
        """ids (N,) of texts ids[begin:end], one after the other -> log_p (N,) of each token, and the lengths (N,) of the n-grams
        that gave it.  A start token at the beginning of a text has no probability, 0."""
        score = self._score_texts if self.backend.on_host else self._score_texts_on_device
        return score(ids, begins, ends)

    def _score_texts(self, ids: Array, begins: Array, ends: Array) -> tuple[Array, Array]:
        host = self.backend.host
        log_p, lengths = np.zeros(len(ids), np.float32), np.zeros(len(ids), np.int8)
        nodes, given = np.empty(len(ids), np.int64), self.start_token is not None

        def score(part: Array) -> None:
            own = begins[part], ends[part]
            self._kernels.score_texts(*self._trie, self.settings.order, ids, *own, given, nodes, log_p, lengths)

        host.map(score, np.array_split(np.arange(len(begins)), host.threads))
        return log_p, lengths

    def _score_texts_on_device(self, ids: Array, begins: Array, ends: Array) -> tuple[Array, Array]:
        backend, n, given = self.backend, len(ids), self.start_token is not None
        log_p, lengths, nodes = (backend.empty((n,), np.dtype(kind)) for kind in (np.float32, np.int8, np.int64))
        texts = (backend.to_device(array) for array in (np.asarray(ids, np.int32), begins, ends))
        backend.kernels("ngram").score_texts(*self._trie_on_device, self.settings.order, *texts, given, nodes, log_p, lengths)
        return backend.to_host(log_p), backend.to_host(lengths)

    def trace(self, ids: Array) -> dict[str, Array]:
        """ids (T,) -> ngram_length (T,), of the n-gram that gave each its probability, and log_p (T,); of a start token 0."""
        ids = np.asarray(ids, np.int32)
        log_p, lengths = self._score_texts(ids, np.array([0]), np.array([len(ids)]))
        return {"ngram_length": lengths, "log_p": log_p}
