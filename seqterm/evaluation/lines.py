"""Log-probabilities of many separate texts, each read from the model's start."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seqterm.backends.base import Array
from seqterm.evaluation.perplexity import Score
from seqterm.models.base import LanguageModel
from seqterm.text.stream import ragged, sentence_bounds
from seqterm.text.tokens import from_person, sentences
from seqterm.text.vocabulary import END, START, Ids, Vocabulary

LINES = 2048  # lines, and
LETTERS = 1 << 21  # letters, read before they are scored
ROWS = 256  # lines scored side by side
TOKENS = 1 << 16  # that a batch may hold, padding included, where it has more than one line


@dataclass(frozen=True)
class Scored:
    """A line's tokens (ids, the line end included where the model has one), log-probabilities in nats, and unknown tokens."""

    text: str
    ids: Ids
    log_p: Array
    unknown: int

    @property
    def log_probability(self) -> float:
        return float(self.log_p.sum(dtype=np.float64))

    @property
    def perplexity(self) -> float:
        """exp of the mean loss; infinite where there is nothing to predict."""
        return float(np.exp(-self.log_probability / len(self.log_p))) if len(self.log_p) else float("inf")


def encode_line(vocabulary: Vocabulary, text: str) -> tuple[list[Ids], int]:
    """A line without its end -> ids, and how many tokens are unknown; they are left out where the model has no UNKNOWN.

    Sentences stand apart with their marks; else there is one text, with the newline at its end where that is a token.
    """
    form = vocabulary.form
    text = from_person(text.removesuffix("\r").removeprefix("\ufeff"), form)
    if not vocabulary.has_marks:
        ends = form.kind != "word"
        ids = vocabulary.encode_part(text + "\n" if ends else text)
        n_unknown = int(np.count_nonzero(ids[: len(ids) - ends] == vocabulary.unknown))
        return [ids if vocabulary.unknown >= 0 else ids[ids >= 0]], n_unknown
    start, end = [vocabulary.special[START]], [vocabulary.special[END]]
    parts = (sentences(text, form) or [""]) if form.sentences == "punctuation" else [text]
    encoded = [vocabulary.encode_part(part) for part in parts]
    unknown = sum(int(np.count_nonzero(ids == vocabulary.unknown)) for ids in encoded)
    return [np.concatenate([start, ids[ids >= 0], end]).astype(np.int32) for ids in encoded], unknown


def score_ids(model: LanguageModel, texts: list[Ids]) -> list[Array]:
    """The log-probability of every token of every text, but of a start token, which is given."""
    offset = 0 if model.start_token is None else 1
    scored = [np.zeros(max(0, len(ids) - offset), np.float32) for ids in texts]
    if model.start_token is None:
        _, first = model.start(1)
        for ids, log_p in zip(texts, scored, strict=True):
            log_p[:1] = first[0, ids[:1]]
    for rows in _batches(texts):
        if len(texts[rows[0]]) > TOKENS:
            _score_long(model, texts[rows[0]], scored[rows[0]][1 - offset :])
            continue
        batch = ragged([texts[row] for row in rows])
        _, log_p = model.score(model.zero_state(len(rows)), batch.ids, batch.targets)
        for column, row in enumerate(rows):
            scored[row][1 - offset :] = log_p[: batch.lengths[column], column]
    return scored


def _score_long(model: LanguageModel, ids: Ids, out: Array) -> None:
    """Writes the log-probabilities (n-1,) of all ids (n,) but the first, a stretch at a time."""
    state = model.zero_state(1)
    for first in range(0, len(ids) - 1, TOKENS):
        stretch = ids[first : first + TOKENS + 1].astype(np.int64)[:, None]
        state, log_p = model.score(state, stretch[:-1], stretch[1:])
        out[first : first + TOKENS] = log_p[:, 0]


def _batches(texts: list[Ids]) -> Iterator[list[int]]:
    """Numbers of texts of two ids and more, texts of like length together."""
    order = sorted((row for row, ids in enumerate(texts) if len(ids) > 1), key=lambda row: -len(texts[row]))
    while order:
        n = min(ROWS, max(1, TOKENS // len(texts[order[0]])))
        yield order[:n]
        del order[:n]


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
        encoded = [encode_line(vocabulary, line) for line in some]
        scored = iter(score_ids(model, [ids for parts, _ in encoded for ids in parts]))
        for text, (parts, unknown) in zip(some, encoded, strict=True):
            log_p = [next(scored) for _ in parts]
            predicted = [ids[len(ids) - len(values) :] for ids, values in zip(parts, log_p, strict=True)]
            yield Scored(text, _joined(predicted), _joined(log_p), unknown)


def _joined(arrays: list[Array]) -> Array:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


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
