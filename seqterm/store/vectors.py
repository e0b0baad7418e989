"""Files of word vectors, read from and written for other programs: word2vec (text and binary), GloVe, fastText.

All but GloVe's begin with a line `V D`.  fastText's `.vec` is word2vec's text.
"""

import codecs
import mmap
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from seqterm.errors import DataError, UsageError
from seqterm.store.files import writing_whole
from seqterm.store.packed import opened
from seqterm.store.vector_formats import DIMENSION_LIMIT, LINE_LIMIT, Rows, counted, read_binary, read_text, shown, word_flaw

Array = npt.NDArray[Any]
FORMATS = ("word2vec", "word2vec-binary", "glove", "fasttext")
GZIP_LIMIT = 16 << 30  # bytes unpacked: a few megabytes can hold terabytes of zeros
PIECE = 1 << 24  # bytes unpacked at a time
HEADER = re.compile(rb"(\d{1,18})[ \t]+(\d{1,18})\s*")
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
NUMERALS = b"0123456789+-.eE \t\r"
LINES = 100  # looked at to find out what a file is
# The one float32 (all were tried) whose shortest text becomes its neighbour in readers that round to float64 first, as ours does.
SHORTEST, LONGER = b"7.038531e-26", b"7.0385307e-26"


@dataclass(frozen=True)
class Vectors:
    """`matrix[i]`, of (V, D) float32, is the vector of `words[i]`."""

    words: list[str]
    matrix: Array


def read_vectors(path: Path, form: str | None = None, skip_bad_rows: bool = False) -> tuple[Vectors, list[str]]:
    """The vectors of a file, gzip'd or not, and a sentence for each kind of trouble that skip_bad_rows passed over.

    form: one of FORMATS, or None to find out from the content.  DataError for the first bad row, or a file that is no such thing.
    """
    if form is not None:
        _check_form(form)
    with opened(path, lambda _: GZIP_LIMIT, LINE_LIMIT) as (file, packed, most):
        head = file.peek(LINE_LIMIT)
        if not head:
            raise DataError(f"{path} is empty: there are no vectors in it.")
        form = form or _form_of(head)
        promised, dimension = (None, _columns(head, path)) if form == "glove" else _header(file.readline(LINE_LIMIT), path)
        binary = form == "word2vec-binary"
        rows = Rows(path, "row" if binary else "line", promised, skip_bad_rows)
        if promised is not None and not skip_bad_rows:
            least = promised * (4 * dimension + 2) if binary else promised * (2 * dimension + 2) - 1
            if least > most:
                what = f"{counted(promised, 'row')} of {counted(dimension, 'number')}, at least {least} bytes"
                rows.header_is_wrong(f"the header promises {what}, but the file can hold only {most}")
        if not binary:
            read_text(file, 1 if promised is None else 2, dimension, rows)
        elif packed:
            read_binary(iter(lambda: file.read(PIECE), b""), 0, dimension, rows)
        else:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                read_binary([mapped], file.tell(), dimension, rows)
    words, matrix, troubles = rows.finish(dimension)
    return Vectors(words, matrix), troubles


def write_vectors(path: Path, vectors: Vectors, form: str) -> None:
    """Write a file whole; text reads back to the same bits.  DataError, before anything is written, for what no file can hold."""
    _check_form(form)
    words, matrix = _checked(path, vectors)
    with writing_whole(path) as file:
        if form != "glove":
            file.write(b"%d %d\n" % matrix.shape)
        for word, row in zip(words, matrix, strict=True):
            file.write(b"%b %b\n" % (word, row.tobytes() if form == "word2vec-binary" else _text(row)))


def _check_form(form: str) -> None:
    if form not in FORMATS:
        raise UsageError(f"There is no format {form} of word vectors: {', '.join(FORMATS)}.")


# Reading


def _form_of(head: bytes) -> str:
    """The format of a file that begins so."""
    header, _, body = head.partition(b"\n")
    if not HEADER.fullmatch(header):
        return "glove"
    numbers = [line.rstrip().partition(b" ")[2] for line in body.split(b"\n", LINES)[:LINES] if line]
    n_text = sum(bool(row) and not row.translate(None, NUMERALS) for row in numbers)
    return "word2vec" if 2 * n_text > len(numbers) or _is_text(body) else "word2vec-binary"


def _is_text(data: bytes) -> bool:
    """Whether data, the last character of which may be cut, is UTF-8 without control characters."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return not CONTROL.search(data)


def _header(line: bytes, path: Path) -> tuple[int, int]:
    """V and D."""
    found = HEADER.fullmatch(line)
    if not found:
        raise DataError(
            f"{path}, line 1: {shown(line.rstrip())} is no header, which is how many words and how many dimensions there are."
        )
    n_rows, dimension = int(found[1]), int(found[2])
    if not n_rows or not 0 < dimension <= DIMENSION_LIMIT:
        raise DataError(
            f"{path}, line 1: the header promises {counted(n_rows, 'row')} of {counted(dimension, 'number')}; "
            f"there have to be rows, of 1 to {DIMENSION_LIMIT} numbers."
        )
    return n_rows, dimension


def _columns(head: bytes, path: Path) -> int:
    """D of a file without a header: the most frequent among its first rows, the first of which may be the bad one."""
    counts = Counter(len(line.split()) - 1 for line in head.split(b"\n", LINES)[:LINES] if line.strip())
    dimension = counts.most_common(1)[0][0] if counts else 0
    if not 0 < dimension <= DIMENSION_LIMIT:
        raise DataError(f"{path} is no file of word vectors: its rows are no word and 1 to {DIMENSION_LIMIT} numbers.")
    return dimension


# Writing


def _checked(path: Path, vectors: Vectors) -> tuple[list[bytes], Array]:
    """Words as bytes and the matrix as it is written."""
    matrix = np.ascontiguousarray(vectors.matrix, "<f4")
    if not matrix.size:
        raise DataError(f"Cannot write {path}: there are no vectors.")
    if matrix.shape[1] > DIMENSION_LIMIT:
        raise DataError(f"Cannot write {path}: vectors of more than {DIMENSION_LIMIT} numbers cannot be read back.")
    if len(set(vectors.words)) < len(vectors.words):
        word = next(word for word, n in Counter(vectors.words).items() if n > 1)
        raise DataError(f"Cannot write {path}: the word {shown(word)} has several vectors.")
    words = []
    for word, finite in zip(vectors.words, np.isfinite(matrix).all(axis=1).tolist(), strict=True):
        try:
            data = word.encode()
            flaw = word_flaw(data)
        except UnicodeEncodeError:
            flaw = "is no Unicode text"
        if flaw:
            raise DataError(f"Cannot write {path}: the word {shown(word)} {flaw}, which no file of word vectors can hold.")
        if not finite:
            raise DataError(f"Cannot write {path}: the vector of {shown(word)} has a number that is not finite.")
        words.append(data)
    return words, matrix


def _text(row: Array) -> bytes:
    """The numbers of a row (D,), as short as they can be for the same bits."""
    return orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].replace(b",", b" ").replace(SHORTEST, LONGER)
