"""Counts of all n-grams of a corpus, as a trie, within a memory budget."""

import tempfile
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.errors import DataError
from seqterm.store.ngram_levels import MOST_NODES

PAIRS = 2048  # words up to which a corpus is taken in parts by the first two words of n-grams, not by the first
RANGE, RANGES = 1 << 16, 4096  # places that are sorted together, but for those of a single first word; ranges, about, at most
PLACE_BYTES = 10  # for each place that is being sorted, besides the words of its n-gram
SHARE = 3  # of the memory that they may take, as a divisor
LONGEST = 2**32 - 1  # tokens of a corpus, as counts have 32 bits
BLOCK = bytes(1 << 20)
FILE = 1 << 28  # bytes of a temporary file, but for larger arrays
ALIGNED = 64


class Room:
    """Arrays of zeros: in memory up to a budget in bytes, then in files of a temporary folder, which goes in the end."""

    def __init__(self, memory: int, folder: Path | None):
        self.memory, self._folder, self._used, self._written, self._n = memory, folder, 0, 0, 0
        self._file, self._filled = np.zeros(0, np.uint8), 0  # the last file, and how much of it is in use
        self._lock = threading.Lock()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> "Room":
        return self

    def __exit__(self, *error: object) -> None:
        if self._temporary:
            self._temporary.cleanup()

    def zeros(self, size: int, dtype: Any) -> Array:
        with self._lock:
            return self._zeros(size, dtype, size * np.dtype(dtype).itemsize)

    def _zeros(self, size: int, dtype: Any, n_bytes: int) -> Array:
        if self._used + n_bytes <= self.memory or not n_bytes:
            self._used += n_bytes
            return np.zeros(size, dtype)
        if self._filled + n_bytes > len(self._file):
            self._file, self._filled = self._new_file(max(n_bytes, min(self._written, FILE))), 0
        begin, self._filled = self._filled, self._filled + -(-n_bytes // ALIGNED) * ALIGNED
        return self._file[begin : begin + n_bytes].view(dtype)

    def _new_file(self, n_bytes: int) -> Array:
        """Each as large as all before, so that there are few: a process may have only so many open."""
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(dir=self._folder, prefix="ngrams-", ignore_cleanup_errors=True)
        path = Path(self._temporary.name) / f"{self._n}"
        self._n, self._written = self._n + 1, self._written + n_bytes
        with path.open("wb") as file:  # written, not left out: a full disk is an error now, not a crash at the first use
            for first in range(0, n_bytes, len(BLOCK)):
                file.write(BLOCK[: n_bytes - first])
        return np.memmap(path, np.uint8, "r+")


class Trie(NamedTuple):
    """Counted n-grams, as kernels.cpu.ngram_counts explains; level n (from 0) is firsts[n]:firsts[n + 1]."""

    words: Array
    counts: Array
    children: Array
    firsts: Array  # (N + 1,)

    def contexts(self, level: int, n: int) -> list[tuple[int, int]]:
        """n ranges of nodes of a level, which have about as many children each."""
        first, last = int(self.firsts[level]), int(self.firsts[level + 1])
        ends = self.children[first : last + 1]
        targets = np.linspace(ends[0], ends[-1], n + 1)[1:-1]
        cuts = [first, *(first + np.searchsorted(ends, targets)).tolist(), last]
        return list(pairwise(cuts))


class _Part(NamedTuple):
    """The levels from the second on, of n-grams whose first words are in a range; level n is starts[n]:starts[n + 1]."""

    words: Array
    counts: Array
    degrees: Array
    starts: Array


class Counting:
    """Counts n-grams of up to `order` words of ids (T,) below n_words; none reaches beyond the word `end` (-1: no such word).

    They are sorted in ranges of their first words, which are as small as fits the caches, as many at a time as memory allows.
    """

    def __init__(self, ids: Array, n_words: int, order: int, end: int, room: Room, backend: Backend):
        if len(ids) > LONGEST:
            raise DataError(f"The corpus has {len(ids):,} tokens; at most {LONGEST:,} can be counted.")
        self._kernels, self._room, self._backend, self._order = backend.kernels("ngram_counts"), room, backend, order
        pairs = order > 1 and n_words <= PAIRS
        self._corpus = ids, end, n_words, pairs
        keys = np.zeros(n_words * (n_words + 1) if pairs else n_words, np.int64)
        self._kernels.count_keys(*self._corpus, keys)
        self._unigrams = keys.reshape(n_words, -1).sum(axis=1)
        self._first_degrees, self._lock = np.zeros(n_words, np.int64), threading.Lock()
        before = np.cumsum(keys) - keys
        self._ranges = np.unique(before // max(RANGE, len(ids) // RANGES), return_inverse=True)[1].astype(np.int32)
        self._sizes = np.bincount(self._ranges, keys).astype(np.int64)
        self._parts: list[_Part] = []

    def steps(self) -> Iterator[float]:
        """Counts, and gives the share of the corpus that is counted."""
        ends = np.cumsum(self._sizes)
        most = max(1, self._room.memory // SHARE // (4 * self._order + PLACE_BYTES))
        first = 0 if self._order > 1 else len(ends)
        while first < len(ends):
            before = ends[first] - self._sizes[first]
            last = max(first + 1, int(np.searchsorted(ends, before + most, "right")))
            self._parts += self._count(first, last)
            yield float(ends[last - 1] / ends[-1])
            first = last

    def trie(self) -> Trie:
        return _joined(self._unigrams, self._first_degrees, self._parts, self._order, self._room)

    def _count(self, first: int, last: int) -> list[_Part]:
        """The parts first..last, each sorted and counted."""
        sizes = self._sizes[first:last]
        places = np.concatenate([np.zeros(first, np.int64), np.cumsum(sizes) - sizes])
        windows, begins = np.empty((sizes.sum(), self._order), np.int32), places.copy()
        cuts = np.linspace(first, last, self._backend.threads + 1).astype(int).tolist()

        def copy(own: tuple[int, int]) -> None:
            self._kernels.copy_windows(*self._corpus, self._ranges, *own, places, windows)

        self._backend.map(copy, pairwise(cuts))
        return self._backend.map(lambda r: self._part(windows[begins[r] : begins[r] + self._sizes[r]]), range(first, last))

    def _part(self, windows: Array) -> _Part:
        kernels, size = self._kernels, len(windows)
        rows, shared = np.empty(size, np.uint32), np.empty(size, np.uint8)
        n_words = len(self._unigrams)
        kernels.sort_windows(windows, n_words, rows, np.empty(size, np.uint32), np.empty(n_words + 2, np.int64))
        sizes = np.zeros(self._order, np.int64)
        kernels.measure_windows(windows, rows, shared, sizes)
        starts = np.concatenate([[0, 0], np.cumsum(sizes[1:])])
        words, counts, degrees = (self._room.zeros(starts[-1], dtype) for dtype in (np.int32, np.uint32, np.uint32))
        first_degrees = np.zeros(n_words, np.int64)
        kernels.fill_levels(windows, rows, shared, starts, words, counts, degrees, first_degrees)
        with self._lock:  # of pairs, several parts have n-grams of one first word
            self._first_degrees += first_degrees
        return _Part(words, counts, degrees, starts)


def _joined(unigrams: Array, first_degrees: Array, parts: list[_Part], order: int, room: Room) -> Trie:
    """One trie of the parts, whose first words rise."""
    n_words = len(unigrams)
    sizes = np.sum([np.diff(part.starts[1:]) for part in parts], axis=0) if parts else np.zeros(order - 1, np.int64)
    firsts = np.concatenate([[0, n_words], n_words + np.cumsum(sizes)]).astype(np.int64)
    if firsts[-1] > MOST_NODES:
        raise DataError(f"The corpus has {firsts[-1]:,} n-grams; a model can have {MOST_NODES:,}: lower --order.")
    words, counts = room.zeros(firsts[-1], np.int32), room.zeros(firsts[-1], np.uint32)
    children = room.zeros(firsts[-2] + 1, np.uint32)
    words[:n_words], counts[:n_words] = np.arange(n_words), unigrams
    children[0] = n_words
    if order > 1:
        children[1 : n_words + 1] = first_degrees
    for level in range(1, order):
        begin = firsts[level]
        for part in parts:
            own = slice(part.starts[level], part.starts[level + 1])
            end = begin + own.stop - own.start
            words[begin:end], counts[begin:end] = part.words[own], part.counts[own]
            if level < order - 1:
                children[begin + 1 : end + 1] = part.degrees[own]
            begin = end
    np.cumsum(children, out=children)
    return Trie(words, counts, children, firsts)
