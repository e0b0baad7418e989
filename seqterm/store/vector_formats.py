"""Rows of the files of word vectors: lines of text, or word2vec's binary rows.

A line of text is a word and D numbers, a blank between each.  A binary row is a word, a blank, D little-endian float32 and,
from some writers, a newline.  Nothing is allocated because a header says so.
"""

import math
import mmap
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import orjson

from seqterm.errors import DataError

Array = npt.NDArray[Any]
Buffer = bytes | mmap.mmap
DIMENSION_LIMIT = 1 << 16
LINE_LIMIT = 32 * DIMENSION_LIMIT  # bytes
WORD_LIMIT = 1 << 16  # bytes; a binary word that no blank ends by then is none
BATCH = 1 << 22  # bytes of binary rows looked at together
SHOWN = 40


class BadRowError(Exception):
    """A row that cannot be taken: what is wrong, and of which kind that is."""

    def __init__(self, kind: str, what: str):
        super().__init__(what)
        self.kind = kind


class Rows:
    """The rows taken so far.  A bad one is a DataError that names its place or, where `skip`, is left out and remembered."""

    def __init__(self, path: Path, unit: str, promised: int | None, skip: bool):
        """unit: what counts places, line or row; promised: the number of rows in the header, None where there is none."""
        self.path, self.unit, self.promised, self.skip = path, unit, promised, skip
        self.n_rows = 0  # good and bad
        self._words: dict[str, None] = {}
        self._values = bytearray()  # grows in place: there is never a second copy of the matrix
        self._left_out: dict[str, tuple[int, str]] = {}  # kind -> how many, the first of them
        self._header: list[str] = []

    def begin(self) -> None:
        """There is one row more, good or bad."""
        self.n_rows += 1
        if self.promised is not None and self.n_rows == self.promised + 1:
            self.header_is_wrong(f"the header promises {counted(self.promised, 'row')}, but more follow")

    def add(self, word: bytes, values: Any) -> None:
        """Take a row; values: D little-endian float32, bytes or an array.  BadRowError for a word that cannot be taken."""
        if flaw := word_flaw(word):
            raise BadRowError("word", f"its word {shown(word)} {flaw}")
        try:
            text = word.decode()
        except UnicodeDecodeError as error:
            raise BadRowError("encoding", f"its word {shown(word)} is not UTF-8") from error
        if text in self._words:
            raise BadRowError("duplicate", f"its word {shown(text)} has a {self.unit} already")
        self._words[text] = None
        self._values.extend(values)

    def leave_out(self, number: int, bad: BadRowError) -> None:
        """Go on without a row; number: its place, from 1."""
        what = f"{self.unit} {number}: {bad}"
        if not self.skip:
            raise DataError(f"{self.path}, {what}; --skip-bad-rows goes on without such rows.") from bad
        n, first = self._left_out.get(bad.kind, (0, what))
        self._left_out[bad.kind] = n + 1, first

    def header_is_wrong(self, what: str) -> None:
        """About the number of rows, which can be passed over."""
        if not self.skip:
            raise DataError(f"{self.path}, line 1: {what}; --skip-bad-rows goes on with the rows that are there.")
        self._header.append(f"{self.path}, line 1: {what}.")

    def finish(self, dimension: int) -> tuple[list[str], Array, list[str]]:
        """Words, matrix (V, D) and a sentence for each kind of trouble; DataError where no row is left."""
        if self.promised is not None and self.n_rows < self.promised:
            self.header_is_wrong(f"the header promises {counted(self.promised, 'row')}, but {self.n_rows} follow")
        troubles = self._header + [
            f"{self.path}: {counted(n, 'row')} left out, {'the first ' if n > 1 else ''}at {first}."
            for n, first in self._left_out.values()
        ]
        if not self._words:
            raise DataError(" ".join([f"{self.path} has no row that can be taken.", *troubles]))
        matrix = np.frombuffer(self._values, "<f4").reshape(-1, dimension)
        return list(self._words), matrix.astype(np.float32, copy=False), troubles


def word_flaw(word: bytes) -> str | None:
    """Why no format can hold the word."""
    if not word:
        return "is empty"
    if word.split() != [word]:
        return "has white space in it"
    return f"has more than {WORD_LIMIT} bytes" if len(word) > WORD_LIMIT else None


def shown(word: bytes | str) -> str:
    """A word in a message."""
    text = word if isinstance(word, str) else word.decode(errors="replace")
    return repr(text) if len(text) <= SHOWN else f"{text[:SHOWN]!r}..."


def counted(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


# Text


def read_text(file: BinaryIO, line: int, dimension: int, rows: Rows) -> None:
    """Add the rows of a file of text, whose next line has this number."""
    packer = struct.Struct(f"<{dimension}f")
    wanted = f"{'other rows have' if rows.promised is None else 'the header promises'} a word and {counted(dimension, 'number')}"
    for number, data in enumerate(iter(lambda: file.readline(LINE_LIMIT), b""), line):
        if len(data) == LINE_LIMIT:
            raise DataError(f"{rows.path}, line {number} has {LINE_LIMIT} bytes or more: this is no file of word vectors.")
        row = data.rstrip()
        if not row:
            continue
        rows.begin()
        word, _, numbers = row.partition(b" ")
        try:
            rows.add(word, _pack(numbers, packer, wanted, data.endswith(b"\n")))
        except BadRowError as bad:
            rows.leave_out(number, bad)


def _pack(numbers: bytes, packer: struct.Struct, wanted: str, ended: bool) -> bytes:
    """The numbers of a line as float32; ended: whether a newline follows them.  As JSON they are read faster than by numpy."""
    if not (b"," in numbers or b"u" in numbers or b"s" in numbers):  # true, false and null are no numbers
        try:
            return packer.pack(*orjson.loads(b"[%b]" % numbers.replace(b" ", b",")))
        except (orjson.JSONDecodeError, struct.error, OverflowError):
            pass  # wrong, or right but not as JSON has it: +1, .5, a tab
    fields = numbers.split()
    n, dimension = len(fields), packer.size // 4
    if n < dimension and not ended:
        raise BadRowError("cut", f"the file ends after {n} of its {counted(dimension, 'number')}")
    if n != dimension:
        hint = " (its word may contain a space)" if n > dimension else ""
        raise BadRowError("columns", f"it has {counted(n + 1, 'column')} where {wanted}{hint}")
    values = [_number(field) for field in fields]
    try:
        return packer.pack(*values)
    except OverflowError as error:
        raise BadRowError("finite", f"{shown(fields[np.argmax(np.abs(values))])} is beyond the range of float32") from error


def _number(field: bytes) -> float:
    try:
        value = float(field) if b"_" not in field else None
    except ValueError:
        value = None
    if value is None:
        raise BadRowError("number", f"{shown(field)} is no number")
    if not math.isfinite(value):
        raise BadRowError("finite", f"{shown(field)} is not finite")
    return value


# Binary


def read_binary(buffers: Iterable[Buffer], at: int, dimension: int, rows: Rows) -> None:
    """Add the rows of buffers that follow one another; the first row begins at byte `at` of the first buffer."""
    width = 4 * dimension
    longest = WORD_LIMIT + 1 + width
    rest = b""
    for piece in buffers:
        buffer = b"".join((rest, piece)) if rest else piece
        while True:
            words, values, at = _whole_rows(buffer, at, width)
            _add_finite(words, values, dimension, rows)
            if not words:
                break
        rest, at = buffer[at : at + longest], 0
        if len(rest) == longest:
            break
    if rest:
        rows.begin()
        what = "the file ends within it" if len(rest) < longest else f"no blank ends its word {shown(rest)}"
        rows.leave_out(rows.n_rows, BadRowError("cut", what))


def _whole_rows(buffer: Buffer, at: int, width: int) -> tuple[list[bytes], list[bytes], int]:
    """A batch of words, their values, and where the next row begins; no words where no whole row is left."""
    words: list[bytes] = []
    values: list[bytes] = []
    while len(words) * width < BATCH:
        if buffer[at : at + 1] == b"\n":
            at += 1
        blank = buffer.find(b" ", at, at + WORD_LIMIT + 1)
        start, end = blank + 1, blank + 1 + width
        if blank < 0 or end > len(buffer):
            break
        words.append(buffer[at:blank])
        values.append(buffer[start:end])
        at = end
    return words, values, at


def _add_finite(words: list[bytes], values: list[bytes], dimension: int, rows: Rows) -> None:
    matrix = np.frombuffer(b"".join(values), "<f4").reshape(-1, dimension)
    for word, row, finite in zip(words, values, np.isfinite(matrix).all(axis=1).tolist(), strict=True):
        rows.begin()
        try:
            if not finite:
                raise BadRowError("finite", f"the vector of {shown(word)} has a number that is not finite")
            rows.add(word, row)
        except BadRowError as bad:
            rows.leave_out(rows.n_rows, bad)
