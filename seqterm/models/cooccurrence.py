"""Counts of pairs of words that stand near one another, of corpora larger than memory too."""

import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.errors import DataError, UsageError

BAND = 1024  # words: two bands' vectors fit the second-level cache, or nearly
MOST_BANDS = 127
WEIGHTINGS = {"plain": lambda distance: np.ones(len(distance)), "inverse-distance": lambda distance: 1 / distance}
PAIR = np.dtype([("i", np.int32), ("j", np.int32), ("x", np.float32)])
EXACT_PAIR = np.dtype([("i", np.int32), ("j", np.int32), ("x", np.float64)])  # of one part of the corpus
WORD_BYTES = 4 + 4  # of a place of the corpus: its id, and its place in the index
ROW_BYTES = 8 + 4 + 8  # of a word in a thread: its sum, its name, its slot
PAIR_BYTES = 3 * EXACT_PAIR.itemsize  # of a pair in a thread: when a band is sorted, after it has grown
Piece = tuple[Array, Array]  # records of some tiles, and where each tile ends


@dataclass(frozen=True)
class Pairs:
    """X_ij > 0 for unordered pairs of words; X is symmetric.  records (n,): i, j int32, x float32, mapped, not read.

    Words w form an odd number of bands by w % bands.  The tile of bands a <= b is records[starts[t] : starts[t + 1]] with
    t = a * bands + b.  Tiles with (a + b) % bands == r form round r: each band is in one of them, so that no two share a word.
    """

    records: Array
    starts: Array
    bands: int

    def round(self, r: int) -> Array:
        """(tiles, 2): first record and end of each tile of the round."""
        a = np.arange(self.bands)
        b = (r - a) % self.bands
        tile = (a * self.bands + b)[a <= b]
        return np.stack([self.starts[tile], self.starts[tile + 1]], axis=1)


def n_bands(vocabulary_size: int) -> int:
    """Odd, so that each band meets itself in a round of its own."""
    return min(MOST_BANDS, vocabulary_size // BAND) | 1


def count_pairs(
    ids: Array,
    vocabulary_size: int,
    window: int,
    weighting: str,
    memory_bytes: int,
    folder: Path | None,
    backend: Backend,
    threads: int | None = None,
) -> Pairs:
    """ids (N,) int32, below zero between sentences -> X_ij, how often j stands at most `window` words from i, on either side.

    weighting: each time counts 1 ("plain") or 1 / distance ("inverse-distance").  What memory_bytes cannot hold goes through
    `folder` (None: the system's), in files without a name, which nothing outlives.  UsageError where that is too little memory,
    DataError where the disk is full or no two words stand together.
    """
    weights = WEIGHTINGS[weighting](np.arange(1.0, window + 1))
    counter = _Counter(ids, vocabulary_size, weights, backend, min(threads or backend.threads, backend.threads))
    try:
        return counter.count(counter.words_at_once(memory_bytes), folder)
    except OSError as error:
        where = folder or tempfile.gettempdir()
        raise DataError(
            f"Cannot keep the counts of pairs of words in {where}: {error.strerror or error}; make room there."
        ) from error


class _Counter:
    """Counts the corpus part by part, each into a run of tiles, and merges the runs."""

    def __init__(self, ids: Array, vocabulary_size: int, weights: Array, backend: Backend, threads: int):
        self._ids, self._size, self._weights, self._backend, self._threads = ids, vocabulary_size, weights, backend, threads
        self._bands = n_bands(vocabulary_size)
        self._kernels = backend.kernels("cooccurrence")

    def words_at_once(self, memory_bytes: int) -> int:
        """How many places of the corpus can be counted within memory_bytes, were all their pairs different."""
        threads, window = min(self._threads, self._bands), len(self._weights)
        fixed = self._size * (8 + threads * ROW_BYTES)
        pairs = 2 * window * threads * min(1, 2 / self._bands)  # of a word; the first band's are twice the mean
        a_word = WORD_BYTES + pairs * PAIR_BYTES
        if memory_bytes < (least := fixed + self._size * a_word):
            raise UsageError(f"--memory is too little for {self._size:,} words: give it {math.ceil(least / 2**20)}M or more.")
        return min(2**31 - 1 - window, int((memory_bytes - fixed) / a_word))  # places are int32

    def count(self, words_at_once: int, folder: Path | None) -> Pairs:
        with tempfile.TemporaryFile(dir=folder) as file:
            if len(self._ids) <= words_at_once:
                starts = self._write(file, self._counted(0, len(self._ids), PAIR), self._bands)
            else:
                starts = self._write(file, self._merged(*self._runs(words_at_once, folder)), self._bands**2)
            if not starts[-1]:
                raise DataError("No two words of the corpus stand in one sentence, hence there is nothing to learn from.")
            return Pairs(_mapped(file, PAIR), starts, self._bands)

    def _runs(self, words_at_once: int, folder: Path | None) -> tuple[Array, list[Array]]:
        """Records of one part of the corpus after another, and for each part the starts of its tiles in them."""
        with tempfile.TemporaryFile(dir=folder) as file:
            parts = (self._counted(i, i + words_at_once, EXACT_PAIR) for i in range(0, len(self._ids), words_at_once))
            runs = [self._write(file, part, self._bands) for part in parts]
            for before, run in pairwise(runs):
                run += before[-1]
            return _mapped(file, EXACT_PAIR), runs

    def _write(self, file: BinaryIO, piece: Callable[[int], Piece], n: int) -> Array:
        """Pieces 0 to n - 1, all tiles in order, into the file -> starts (bands * bands + 1,) of the tiles."""
        starts = [np.zeros(1, np.int64)]
        for first in range(0, n, self._threads):
            for records, ends in self._backend.map(piece, range(n)[first : first + self._threads]):
                file.write(records.view(np.uint8))
                starts.append(starts[-1][-1] + ends)
        file.flush()
        return np.concatenate(starts)

    def _counted(self, first: int, last: int, dtype: np.dtype) -> Callable[[int], Piece]:
        """-> band -> its tiles, of places first to last with neighbours from all places."""
        begin = max(0, first - len(self._weights))
        ids = np.array(self._ids[begin : last + len(self._weights)])
        starts, places = np.empty(self._size + 1, np.int64), np.empty(min(last, len(self._ids)) - first, np.int32)
        self._kernels.index_words(ids, first - begin, first - begin + len(places), starts, places)

        def band(a: int) -> Piece:
            i, j, x = self._kernels.count_band(a, self._bands, ids, starts, places, self._weights)
            records, ends = np.empty(len(i), dtype), np.empty(self._bands, np.int64)
            self._kernels.sort_band(i, j, x, self._size, self._bands, ends, records)
            return records, ends

        return band

    def _merged(self, records: Array, runs: list[Array]) -> Callable[[int], Piece]:
        """-> tile -> what all runs together have of it."""

        def tile(t: int) -> Piece:
            parts = [np.array(records[run[t] : run[t + 1]]) for run in runs]
            while len(parts) > 1:
                parts = [self._merge(*parts[k : k + 2]) for k in range(0, len(parts), 2)]
            return parts[0].astype(PAIR), np.array([len(parts[0])])

        return tile

    def _merge(self, one: Array, other: Array | None = None) -> Array:
        if other is None:
            return one
        out = np.empty(len(one) + len(other), EXACT_PAIR)
        return out[: self._kernels.merge_tiles(one, other, out)]


def _mapped(file: BinaryIO, dtype: np.dtype) -> Array:
    """All records of a file, which lives as long as they do, closed or not."""
    size = file.seek(0, os.SEEK_END) // dtype.itemsize
    return np.asarray(np.memmap(file, dtype, "r", shape=(size,))) if size else np.empty(0, dtype)
