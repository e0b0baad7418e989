r"""ARPA files of n-gram models, read from and written for other programs (KenLM, SRILM).

`\data\` and a line `ngram n=COUNT` for each order; sections `\1-grams:` to `\N-grams:` of lines as kernels.cpu.arpa has them;
`\end\`.  <unk>, <s> and </s> are the special tokens.  An ordinary word that is spelled like one of them, in any letter case and
maybe behind backslashes, stands behind one backslash more.  A token that is a white-space character is \x and its two digits.
"""

import gzip
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from seqterm.errors import DataError
from seqterm.kernels.cpu import arpa as kernels
from seqterm.store.arpa_text import Text, Trie
from seqterm.store.files import writing_whole
from seqterm.store.ngram_levels import IDS, LOGARITHMS, MOST_NODES, Array, Level
from seqterm.store.packed import opened
from seqterm.store.vector_formats import counted, shown

SPELLINGS = {"UNKNOWN": b"<unk>", "SENTENCE_START": b"<s>", "SENTENCE_END": b"</s>"}
SPECIAL = {spelling: name for name, spelling in SPELLINGS.items()} | {b"<UNK>": "UNKNOWN"}
WHITE = b"\0\t\n\v\f\r "  # what ends words in one reader or another
RESERVED = re.compile(rb"\\*(?i:<unk>|<s>|</s>)|\\+x(?:00|09|0a|0b|0c|0d|20)")
NGRAM = re.compile(rb"ngram\s+(\d{1,4})\s*=\s*(\d{1,18})")
COMMENTS = 10_000  # lines before \data\
STRETCH = 1 << 16  # n-grams written at a time
LEVEL = 1  # of gzip: the others take much longer than everything else
# A packed file may unpack to this many bytes, and this many for each of its own; n-grams pack to a quarter.
UNPACKED, UNPACKED_RATIO = 1 << 28, 64


# Writing


def write_arpa(path: Path, tokens: Sequence[str], special: dict[str, int], levels: Sequence[Level]) -> None:
    """Write a file whole, gzip'd where its name ends in .gz; read_arpa finds the same tokens and the same bits of all numbers.

    special: the ids of UNKNOWN, SENTENCE_START and SENTENCE_END, those in use.  Minus infinity is -99.  DataError, before
    anything is written, for a token that no file can hold and for numbers that are no logarithms of probabilities or weights.
    """
    words = [_spelling(token, path) for token in tokens]
    for name, i in special.items():
        words[i] = SPELLINGS[name]
    ends, pool = np.cumsum([len(word) for word in words]), np.frombuffer(b"".join(words), np.uint8)
    for level in levels:
        if not ((level.log_p <= 0).all() and (level.backoff is None or (level.backoff < np.inf).all())):
            raise DataError(f"Cannot write {path}: the model has numbers that are no logarithms of probabilities or weights.")
    with writing_whole(path) as file:
        if path.suffix != ".gz":
            _write(file, levels, ends, pool)
        else:
            with gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as packed:
                _write(packed, levels, ends, pool)


def _spelling(token: str, path: Path) -> bytes:
    try:
        word = token.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise DataError(f"Cannot write {path}: the token {shown(token)} is no Unicode text.") from error
    if RESERVED.fullmatch(word):
        return b"\\" + word
    if len(word) == 1 and word in WHITE:
        return b"\\x%02x" % word[0]
    if not word or any(white in word for white in WHITE):
        raise DataError(f"Cannot write {path}: no ARPA file can hold the token {shown(token)}, as white space ends words there.")
    return word


def _write(file: BinaryIO | gzip.GzipFile, levels: Sequence[Level], ends: Array, pool: Array) -> None:
    sizes = b"".join(b"ngram %d=%d\n" % (order, len(level.words)) for order, level in enumerate(levels, 1))
    file.write(b"\\data\\\n" + sizes)
    for order in range(1, len(levels) + 1):
        file.write(b"\n\\%d-grams:\n" % order)
        for lines in _lines(levels[:order], ends, pool):
            file.write(lines.data)
    file.write(b"\n\\end\\\n")


def _lines(levels: Sequence[Level], ends: Array, pool: Array) -> Iterator[Array]:
    """The lines of the last of these levels, stretch by stretch."""
    lengths = np.diff(ends, prepend=0)
    words, log_p, backoff, _ = levels[-1]
    for first in range(0, len(words), STRETCH):
        stretch = slice(first, first + STRETCH)
        nodes = np.arange(first, min(first + STRETCH, len(words)))
        ngrams = np.empty((len(nodes), len(levels)), IDS)
        ngrams[:, -1] = words[stretch]
        for j in range(len(levels) - 2, -1, -1):
            kernels.climb(levels[j].children, nodes)
            ngrams[:, j] = levels[j].words[nodes]
        size = lengths[ngrams].sum() + len(nodes) * (len(levels) + 2 * kernels.NUMBER_BYTES + 2)
        out = np.empty(size, np.uint8)
        weights = np.empty(0, LOGARITHMS) if backoff is None else backoff[stretch]
        yield out[: kernels.write_ngrams(ngrams, log_p[stretch], weights, ends, pool, out)]


# Reading


def read_arpa(path: Path, limit: int | None = None) -> tuple[list[str], dict[str, int], list[Level]]:
    """-> tokens, the ids of the special ones, and the levels of a file, gzip'd or not, however its n-grams are ordered.

    Special tokens come first, then the words in the order of the file.  UNKNOWN is always there, of probability 0 where the file
    does not have it; SENTENCE_START and SENTENCE_END are if the file has them.  Weights that are left out are 0 and -99 is minus
    infinity.  limit: how many bytes a packed file may unpack to, None: as many as n-grams could.
    DataError, with the number of the line, for a file that is damaged or lacks the n-grams that others go on from.
    """
    with opened(path, lambda size: limit or UNPACKED + UNPACKED_RATIO * size, 1 << 16) as (file, _, most):
        text = Text(file, path)
        counts, line = _promised(text, most)
        _expect(text, line, 1, counts)
        tokens, special, trie = _read_unigrams(text, counts)
        for order in range(2, len(counts) + 1):
            _expect(text, text.filled(), order, counts)
            trie.read(text, order)
        _expect(text, text.filled(), len(counts) + 1, counts)
    return tokens, special, trie.levels()


def _promised(text: Text, most: int) -> tuple[list[int], bytes | None]:
    """The number of n-grams of each order, and the line after them; most: how many bytes the file can have."""
    for line in (text.take() for _ in range(COMMENTS)):
        if line is None or line == b"\\data\\":
            break
    if line != b"\\data\\":
        raise DataError(f"{text.path} is no ARPA file: it has no line \\data\\.")
    counts: list[int] = []
    while (line := text.filled()) and (found := NGRAM.fullmatch(line)):
        if int(found[1]) != len(counts) + 1:
            raise text.wrong(f"{shown(line)} stands where the number of {len(counts) + 1}-grams has to", text.line - 1)
        counts.append(int(found[2]))
        least = sum(n * (2 * order + 2) for order, n in enumerate(counts, 1))
        if least > most or sum(counts) > MOST_NODES:
            what = (
                f"\\data\\ promises {counted(sum(counts), 'n-gram')}, at least {least} bytes, but the file can hold only {most}"
            )
            raise text.wrong(what, text.line - 1)
    if not counts or not counts[0]:
        raise text.wrong("\\data\\ promises no unigrams", text.line - 1)
    return counts, line


def _expect(text: Text, line: bytes | None, order: int, counts: list[int]) -> None:
    """Whether the line just read begins the section of this order, or is the end after the last."""
    wanted = f"\\{order}-grams:" if order <= len(counts) else "\\end\\"
    if line is None:
        raise text.wrong(f"the file ends where {wanted} has to come")
    if line != wanted.encode():
        more = (
            "" if order == 1 or line[:1] == b"\\" else f" after the {counts[order - 2]} {order - 1}-grams that \\data\\ promises"
        )
        raise text.wrong(f"{shown(line)} stands where {wanted} has to come{more}", text.line - 1)


def _read_unigrams(text: Text, counts: list[int]) -> tuple[list[str], dict[str, int], Trie]:
    n = counts[0]
    slots, hashes, ends = np.zeros(1 << (2 * n).bit_length(), np.uint32), np.empty(n, np.uint64), np.empty(n, np.int64)
    log_p, backoff, pool = np.empty(n, LOGARITHMS), np.empty(n, LOGARITHMS), np.empty(0, np.uint8)

    def read(data: Array, begin: int, end: int, i: int) -> tuple[int, ...]:
        nonlocal pool
        room = (ends[i - 1] if i else 0) + end - begin
        if len(pool) < room:
            pool = np.concatenate([pool, np.empty(2 * room - len(pool), np.uint8)])
        return kernels.read_unigrams(data, begin, end, i, len(counts) == 1, slots, hashes, ends, pool, log_p, backoff)

    line = text.section(1, n, read)
    spelled = pool[: ends[-1]].tobytes()
    names = [_token(spelled[begin:end]) for begin, end in pairwise([0, *ends.tolist()])]
    if len(set(names)) < n:  # <unk> and <UNK>, <S> and \\<S>
        first = {name: i for i, name in reversed(list(enumerate(names)))}
        i = next(i for i, name in enumerate(names) if first[name] < i)
        raise text.wrong(f"the word {shown(names[i][0])} has a line already", line + i)
    found = {name: i for i, (name, is_special) in enumerate(names) if is_special}
    special = [name for name in SPELLINGS if name in found or name == "UNKNOWN"]
    if len(special) == 2:
        raise DataError(f"{text.path} has one of the unigrams <s> and </s>, but not the other.")
    # Which line of the file has the token of each id: the special ones first, UNKNOWN maybe none.
    sources = np.array([*(found.get(name, n) for name in special), *(i for i in range(n) if not names[i][1])])
    ids = np.empty(n + 1, IDS)
    ids[sources] = np.arange(len(sources))
    trie = Trie((slots, hashes, ends, pool), ids[:n], [len(sources), *counts[1:]])
    trie.set_unigrams(np.append(log_p, -np.inf)[sources], np.append(backoff, 0)[sources])
    tokens = [*special, *(name for name, is_special in names if not is_special)]
    return tokens, {name: i for i, name in enumerate(special)}, trie


def _token(word: bytes) -> tuple[str, bool]:
    """A word of a file as a token, and whether it is a special one."""
    if word in SPECIAL:
        return SPECIAL[word], True
    if RESERVED.fullmatch(word) and word[:1] == b"\\":
        word = word[1:]
        if word[:1] == b"x":
            word = bytes([int(word[1:], 16)])
    return word.decode("utf-8", "surrogateescape"), False
