"""Log-probabilities of many separate texts, each read from the model's start."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from seqterm.backends.base import Array, Backend
from seqterm.evaluation.perplexity import Score
from seqterm.models.base import LanguageModel
from seqterm.text.stream import sentence_bounds
from seqterm.text.tokens import from_person, sentences
from seqterm.text.vocabulary import END, START, Ids, Vocabulary

LINES = 4096  # lines, and
LETTERS = 1 << 21  # letters, read before they are scored
TOKENS = 1 << 16  # scored at a time
STEPS = 2  # scored at a time at least, before lines that have ended make room
SHARED = 32  # tokens by which lines are ordered
BYTE_ORDER_MARK = "\ufeff"


class Scored(NamedTuple):
    """A line's tokens (ids, the line end included where the model has one), log-probabilities in nats and their sum, and unknown
    tokens."""

    text: str
    ids: Ids
    log_p: Array
    unknown: int
    log_probability: float

    @property
    def perplexity(self) -> float:
        """exp of the mean loss; infinite where there is nothing to predict."""
        return float(np.exp(-self.log_probability / len(self.log_p))) if len(self.log_p) else float("inf")


class Encoded(NamedTuple):
    """Lines as texts, each read from the model's start: ids (N,); where texts begin and the last ends (P+1,); the number of each
    line's first text, and P (L+1,); unknown tokens of each line (L,)."""

    ids: Ids
    bounds: Ids
    firsts: Ids
    unknown: Ids


def encode_line(vocabulary: Vocabulary, text: str) -> tuple[list[Ids], int]:
    """A line without its end -> ids, and how many tokens are unknown; they are left out where the model has no UNKNOWN.

    Sentences stand apart with their marks; else there is one text, with the newline at its end where that is a token.
    """
    read = _from_person(vocabulary, text)
    return _encode_sentences(vocabulary, read) if vocabulary.has_marks else _encode_tokens(vocabulary, read)


def _encode_lines(vocabulary: Vocabulary, lines: list[str], host: Backend) -> Encoded:
    """Of each line what `encode_line` gives."""
    form = vocabulary.form
    if form.kind == "space" and form.sentences == "line" and vocabulary.unknown >= 0:
        return _encode_words(vocabulary, lines, host)
    if form.joined and not vocabulary.has_marks:
        return _encode_letters(vocabulary, lines)
    encoded = [encode_line(vocabulary, line) for line in lines]
    texts = [ids for some, _ in encoded for ids in some]
    unknown = np.array([count for _, count in encoded])
    return Encoded(np.concatenate(texts), _bounds([*map(len, texts)]), _bounds([len(some) for some, _ in encoded]), unknown)


def _from_person(vocabulary: Vocabulary, line: str) -> str:
    return from_person(line.removesuffix("\r").removeprefix(BYTE_ORDER_MARK), vocabulary.form)


def _bounds(lengths: ArrayLike) -> Ids:
    """Where each of n lengths begins, one after the other, and where the last ends, (n + 1,)."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def _encode_sentences(vocabulary: Vocabulary, text: str) -> tuple[list[Ids], int]:
    start, end = [vocabulary.special[START]], [vocabulary.special[END]]
    parts = (sentences(text, vocabulary.form) or [""]) if vocabulary.form.sentences == "punctuation" else [text]
    encoded = [vocabulary.encode_part(part) for part in parts]
    unknown = sum(int(np.count_nonzero(ids == vocabulary.unknown)) for ids in encoded)
    return [np.concatenate([start, ids[ids >= 0], end]).astype(np.int32) for ids in encoded], unknown


def _encode_tokens(vocabulary: Vocabulary, text: str) -> tuple[list[Ids], int]:
    ends = vocabulary.form.kind != "word"
    ids = vocabulary.encode_part(text + "\n" if ends else text)
    n_unknown = int(np.count_nonzero(ids[: len(ids) - ends] == vocabulary.unknown))
    return [ids if vocabulary.unknown >= 0 else ids[ids >= 0]], n_unknown


def _encode_letters(vocabulary: Vocabulary, lines: list[str]) -> Encoded:
    """All lines at once, as a letter is a token wherever it stands."""
    texts = [_from_person(vocabulary, line) for line in lines]
    ids = vocabulary.encode_part("\n".join([*texts, ""]))
    bounds, firsts = _bounds([len(text) + 1 for text in texts]), np.arange(len(texts) + 1)
    is_unknown = ids == vocabulary.unknown
    is_unknown[bounds[1:] - 1] = False
    unknown = np.add.reduceat(is_unknown, bounds[:-1], dtype=np.int64)
    is_known = ids >= 0
    return Encoded(ids[is_known], _bounds(is_known)[bounds], firsts, unknown)


def _encode_words(vocabulary: Vocabulary, lines: list[str], host: Backend) -> Encoded:
    """Lines that are sentences of words between white space, known or UNKNOWN: in a few compiled calls."""

    def encode(some: Array) -> Ids:
        text = "\n".join([*lines[some[0] : some[-1] + 1], ""])
        if BYTE_ORDER_MARK in text:
            text = text.removeprefix(BYTE_ORDER_MARK).replace("\n" + BYTE_ORDER_MARK, "\n")
        return vocabulary.encode_lines(from_person(text, vocabulary.form), blank=True)

    ids = np.concatenate(host.map(encode, np.array_split(np.arange(len(lines)), min(len(lines), host.threads))))
    bounds = sentence_bounds(ids, vocabulary.special[START])
    unknown = np.add.reduceat(ids == vocabulary.unknown, bounds[:-1], dtype=np.int64)
    return Encoded(ids, bounds, np.arange(len(lines) + 1), unknown)


def score_ids(model: LanguageModel, texts: list[Ids]) -> list[Array]:
    """The log-probability of every token of every text, but of a start token, which is given."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    begins = np.cumsum(lengths) - lengths
    log_p = _score_texts(model, np.concatenate([*texts, np.zeros(0, np.int32)]), begins, lengths)
    given = model.start_token is not None
    return [log_p[begin + given : begin + length] for begin, length in zip(begins.tolist(), lengths.tolist(), strict=True)]


def _score_texts(model: LanguageModel, ids: Ids, begins: Ids, lengths: Ids) -> Array:
    """log_p (N,) of ids (N,) of texts ids[begin : begin + length], one after the other; of a given start token anything."""
    if hasattr(model, "score_texts"):
        return model.score_texts(ids, begins, begins + lengths)[0]
    ids = np.concatenate([ids, np.zeros(1, np.int64)])  # one more, where the last text's end is looked for
    log_p = np.zeros(len(ids), np.float32)
    if model.start_token is None:
        _, first = model.start(1)
        log_p[begins[lengths > 0]] = first[0, ids[begins[lengths > 0]]]
    _score_side_by_side(model, ids, begins, lengths, log_p)
    return log_p[:-1]


def _score_side_by_side(model: LanguageModel, ids: Ids, begins: Ids, lengths: Ids, log_p: Array) -> None:
    """Writes log_p of every token but the first of the texts ids[begin : begin + length], a stretch of steps at a time.

    Texts stand in alphabetical order, and those that begin alike share a row until they differ; those that end leave.
    """
    rows = np.flatnonzero(lengths > 1)
    if len(rows):
        beginnings, _ = _window(ids, begins[rows], lengths[rows], 0, SHARED)
        rows = rows[np.lexsort(beginnings.T[::-1])]
    state, parents, first = model.zero_state(1), np.zeros(len(rows), np.int64), 0
    while len(rows):
        last = first + max(1, min(max(STEPS, first // 8), TOKENS // len(rows)))
        window, places = _window(ids, begins[rows], lengths[rows], first, last + 1)
        is_new = np.ones(len(rows), np.bool_)
        is_new[1:] = (window[1:] != window[:-1]).any(axis=1) | (parents[1:] != parents[:-1])
        shared, group = window[is_new], np.cumsum(is_new) - 1
        inputs, targets = np.maximum(0, shared[:, :-1].T), np.ascontiguousarray(shared[:, 1:].T)
        state, found = model.score(state[parents[is_new]], inputs, targets)
        known = window[:, 1:] >= 0
        log_p[places[:, 1:][known]] = found.T[group][known]
        go_on = lengths[rows] > last + 1
        rows, parents, first = rows[go_on], group[go_on], last


def _window(ids: Ids, begins: Ids, lengths: Ids, first: int, end: int) -> tuple[Ids, Ids]:
    """Tokens first..end of some texts (n, end - first), -1 past their ends, and where they stand in ids."""
    steps = np.arange(first, min(end, lengths.max(initial=0)))
    inside = steps < lengths[:, None]
    places = np.where(inside, begins[:, None] + steps, len(ids) - 1)
    return np.where(inside, ids[places], -1), places


def _groups(lines: Iterable[str]) -> Iterator[list[str]]:
    """Lines in groups of at most LINES lines and, but for a single long line, about LETTERS letters."""
    group: list[str] = []
    letters = 0
    for line in lines:
        group.append(line)
        letters += len(line)
        if len(group) == LINES or letters >= LETTERS:
            yield group
            group, letters = [], 0
    if group:
        yield group


def score_lines(model: LanguageModel, vocabulary: Vocabulary, lines: Iterable[str]) -> Iterator[Scored]:
    """Each line scored from the model's start, in the order of lines; holds few lines at a time."""
    for some in _groups(lines):
        yield from _score_group(model, vocabulary, some)


def _score_group(model: LanguageModel, vocabulary: Vocabulary, lines: list[str]) -> Iterator[Scored]:
    ids, bounds, firsts, unknown = _encode_lines(vocabulary, lines, model.backend.host)
    log_p = _score_texts(model, ids, bounds[:-1], np.diff(bounds))
    if model.start_token is not None:
        is_predicted = np.ones(len(ids), np.bool_)
        is_predicted[bounds[:-1][np.diff(bounds) > 0]] = False
        ids, log_p, bounds = ids[is_predicted], log_p[is_predicted], _bounds(is_predicted)[bounds]
    places = bounds[firsts]
    each = zip(lines, places[:-1].tolist(), places[1:].tolist(), unknown.tolist(), _sums(log_p, places).tolist(), strict=True)
    for text, begin, end, n_unknown, total in each:
        yield Scored(text, ids[begin:end], log_p[begin:end], n_unknown, total)


def _sums(values: Array, bounds: Ids) -> Array:
    """The sum of values[bounds[i] : bounds[i + 1]] for each i, in float64."""
    sums, begins = np.zeros(len(bounds) - 1), bounds[:-1]
    is_filled = begins < bounds[1:]
    if is_filled.any():
        sums[is_filled] = np.add.reduceat(values, begins[is_filled], dtype=np.float64)
    return sums


def score_sentences(model: LanguageModel, ids: Ids, start: int) -> Score:
    """A stream (n,) of bracketed sentences, each scored from the model's start."""
    bounds = sentence_bounds(ids, start)
    total, tokens = 0.0, 0
    for first in range(0, len(bounds) - 1, LINES):
        some = bounds[first : first + LINES + 1]
        scored = score_ids(model, [ids[begin:end].astype(np.int64) for begin, end in pairwise(some)])
        total += sum(float(log_p.sum(dtype=np.float64)) for log_p in scored)
        tokens += sum(map(len, scored))
    return Score(total, tokens)
