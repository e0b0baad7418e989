"""The lines of an ARPA file, many at a time, and the n-grams that come of them."""

from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

import numpy as np

from seqterm.errors import DataError
from seqterm.kernels.cpu import arpa as kernels
from seqterm.store.ngram_levels import IDS, LOGARITHMS, NODES, Array, Level
from seqterm.store.packed import UNREADABLE, unreadable
from seqterm.store.vector_formats import shown

BUFFER = 1 << 24  # bytes read at a time, and more than any line has
WRONG = {
    kernels.NUMBER: "{} is no number",
    kernels.POSITIVE: "the log10 probability {} is above zero",
    kernels.INFINITE: "the back-off weight {} is not finite",
    kernels.SHORT: "it has fewer than {order} words",
    kernels.LONG: "{} is more than a number, {order} words and a back-off weight, which the longest n-grams lack",
    kernels.TWICE: "the word {} has a line already",
    kernels.UNKNOWN: "its word {} is no unigram of the file",
    kernels.MISSING: "it goes on from {}, which is no n-gram of the file",
}


class Text:
    """A file, line after line.  `line` is the number of the next one."""

    def __init__(self, file: BufferedReader, path: Path):
        self.path, self.line = path, 1
        self._file = file
        self._bytes = bytearray(BUFFER + 1)
        self._array = np.frombuffer(self._bytes, np.uint8)
        self._begin = self._end = self._filled = 0  # the next line, the end of the last whole one, and of all bytes

    def wrong(self, what: str, line: int | None = None) -> DataError:
        return DataError(f"{self.path}, line {line or self.line}: {what}.")

    def _has_line(self) -> bool:
        """Whether there is one more, read now if need be."""
        if self._begin < self._end:
            return True
        rest = self._filled - self._begin
        self._bytes[:rest] = self._bytes[self._begin : self._filled]
        self._begin, self._end, self._filled = 0, 0, rest
        while not self._end and self._filled < BUFFER:
            try:
                n = self._file.readinto(memoryview(self._bytes)[self._filled : BUFFER])
            except UNREADABLE as error:
                raise unreadable(f"{self.path} from line {self.line} on", error) from error
            if n == 0 and self._filled == 0:
                return False
            if n == 0:
                self._bytes[self._filled] = kernels.NEWLINE
                n = 1
            self._filled += n
            self._end = self._bytes.rfind(b"\n", 0, self._filled) + 1
        if not self._end:
            raise self.wrong(f"it has {BUFFER} bytes or more: this is no ARPA file")
        return True

    def take(self) -> bytes | None:
        """The next line without white space around it; None where there is none."""
        if not self._has_line():
            return None
        begin, self._begin = self._begin, self._bytes.index(b"\n", self._begin) + 1
        self.line += 1
        return bytes(self._bytes[begin : self._begin]).strip()

    def filled(self) -> bytes | None:
        """The next line that is not blank."""
        while (line := self.take()) == b"":
            pass
        return line

    def section(self, order: int, n: int, read: Callable[[Array, int, int, int], tuple[int, ...]]) -> int:
        """Reads n lines of n-grams by read(bytes, first, end, lines before), see the kernels -> the number of the first line."""
        found, first_line = 0, self.line
        promised = f"of the {n} {order}-grams that \\data\\ promises"
        while found < n:
            if not self._has_line():
                raise self.wrong(f"the file ends after {found} {promised}")
            result, self._begin, now, first, last = read(self._array, self._begin, self._end, found)
            self.line, found = self.line + now - found, now
            if result == kernels.OVER:
                if found or first < last:
                    raise self.wrong(f"the section ends after {found} {promised}")
                self.take()
                first_line = self.line
            elif result != kernels.READ:
                raise self.wrong(WRONG[result].format(shown(bytes(self._bytes[first:last])), order=order))
        return first_line


class Trie:
    """All levels one after the other: level k is firsts[k]:firsts[k + 1], and node i goes on in children[i]:children[i + 1]."""

    def __init__(self, table: tuple[Array, ...], ids: Array, counts: list[int]):
        """table: of words, see the kernels, with their ids; counts: of n-grams, from the unigrams on, room for which is made."""
        self._table, self._ids = table, ids
        self._firsts = np.cumsum([0, *counts]).tolist()
        *_, n_inner, n_all = self._firsts
        self._words, self._log_p = np.empty(n_all, IDS), np.empty(n_all, LOGARITHMS)
        self._backoff, self._children = np.empty(n_inner, LOGARITHMS), np.empty(n_inner + 1, NODES)

    def set_unigrams(self, log_p: Array, backoff: Array) -> None:
        n = len(log_p)
        self._words[:n], self._log_p[:n] = np.arange(n), log_p
        self._backoff[:n] = backoff[: len(self._backoff)]

    def read(self, text: Text, order: int) -> None:
        """The n-grams of one order more."""
        is_top = order == len(self._firsts) - 1
        first, end = self._firsts[order - 1 : order + 1]
        parents = np.empty(end - first, NODES)
        words, log_p, backoff = (array[first:end] for array in (self._words, self._log_p, self._backoff))

        def read(data: Array, begin: int, stop: int, n: int) -> tuple[int, ...]:
            shorter = self._table, self._ids, self._words, self._children
            return kernels.read_ngrams(data, begin, stop, order, n, is_top, *shorter, parents, words, log_p, backoff)

        line = text.section(order, end - first, read)
        key = parents.astype(np.uint64) << np.uint64(32) | words.astype(np.uint64)
        if not (key[1:] > key[:-1]).all():
            places = np.argsort(key)
            twice = key[places[1:]] == key[places[:-1]]
            if twice.any():
                raise text.wrong("this n-gram has a line already", line + int(np.maximum(places[1:], places[:-1])[twice].min()))
            for array in (parents, words, log_p) if is_top else (parents, words, log_p, backoff):
                array[:] = array[places]
        before = self._firsts[order - 2]
        ends = np.cumsum(np.bincount(parents - NODES(before), minlength=first - before))
        self._children[before] = first
        self._children[before + 1 : first + 1] = first + ends

    def levels(self) -> list[Level]:
        """As they are elsewhere, each counting its nodes from 0."""
        n, found = len(self._firsts) - 1, []
        for k, (first, end) in enumerate(zip(self._firsts, self._firsts[1:], strict=False)):
            backoff = self._backoff[first:end] if k < n - 1 else None
            children = self._children[first : end + 1] - NODES(end) if k < n - 1 else None
            found.append(Level(self._words[first:end], self._log_p[first:end], backoff, children))
        return found
