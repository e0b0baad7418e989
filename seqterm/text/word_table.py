"""Words between white space, counted and numbered by compiled loops."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from seqterm.kernels.cpu import words as kernels

SMALLEST = 1 << 16  # bytes of words that a table has room for at first


def _bytes(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)


def _grown(array: npt.NDArray, size: int) -> npt.NDArray:
    return np.concatenate([array, np.zeros(size - len(array), array.dtype)])


def count(pieces: Iterable[str]) -> tuple[dict[str, int], int]:
    """{word: how often it occurs} in a text that comes in pieces which end between words, and how many newlines there are."""
    pool, ends, hashes = np.zeros(SMALLEST, np.uint8), np.zeros(SMALLEST, np.int64), np.zeros(SMALLEST, np.uint64)
    counts, slots = np.zeros(SMALLEST, np.int64), np.zeros(2 * SMALLEST, np.uint32)
    n_words = newlines = 0
    for piece in pieces:
        text, done = _bytes(piece), 0
        while True:
            done, n_words, more = kernels.count_words(text, done, slots, hashes, ends, pool, counts, n_words)
            newlines += more
            if done == len(text):
                break
            room = 2 * max(len(pool), len(text) - done)
            pool, size = _grown(pool, room), 2 * len(ends)
            ends, hashes, counts = _grown(ends, size), _grown(hashes, size), _grown(counts, size)
            slots = np.zeros(2 * size, np.uint32)
            kernels.fill_table(pool, ends[:n_words], hashes[:n_words], slots)
    raw, begin, found = pool.tobytes(), 0, {}
    for end, n in zip(ends[:n_words].tolist(), counts[:n_words].tolist(), strict=True):
        found[raw[begin:end].decode("utf-8", "surrogatepass")] = n
        begin = end
    return found, newlines


class WordTable:
    """Finds the numbers of words: `words[i]` has number first + i."""

    def __init__(self, words: list[str], first: int):
        raw = [word.encode("utf-8", "surrogatepass") for word in words]
        pool, ends = np.frombuffer(b"".join(raw), np.uint8), np.cumsum([len(word) for word in raw], dtype=np.int64)
        hashes, slots = np.zeros(len(raw), np.uint64), np.zeros(1 << (2 * len(raw) + 1).bit_length(), np.uint32)
        kernels.fill_table(pool, ends, hashes, slots)
        self._table = slots, hashes, ends, pool, np.arange(first, first + len(raw), dtype=np.int32)

    def encode(self, text: str, unknown: int, newline: int) -> npt.NDArray[np.int32]:
        """Numbers of the words of a text, and of its newlines."""
        raw = _bytes(text)
        out = np.empty(len(raw), np.int32)
        return out[: kernels.encode_words(raw, *self._table, unknown, newline, out)]

    def encode_sentences(self, text: str, unknown: int, start: int, end: int, blank: bool) -> npt.NDArray[np.int32]:
        """Numbers of the words of a text, every line of it between the numbers `start` and `end`; `blank`: blank ones too."""
        raw = _bytes(text)
        out = np.empty(3 * len(raw) + 3, np.int32)
        return out[: kernels.encode_sentences(raw, *self._table, unknown, start, end, blank, out)].copy()
