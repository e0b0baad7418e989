"""Figures of several language models on the same lines."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np

from seqterm.backends.base import Array
from seqterm.evaluation.lines import Scored, score_lines
from seqterm.models.base import LanguageModel
from seqterm.text.vocabulary import Vocabulary

WARMING = 2  # lines scored before the clock runs, so that it sees no kernel compiled


@dataclass(frozen=True)
class Judged:
    """Of each line (n,): its log-probability in nats and the tokens predicted, both also without unknown ones; how many tokens
    are unknown; characters, the line end among them.  `seconds` for all."""

    log_p: Array
    known_log_p: Array
    tokens: Array
    known_tokens: Array
    unknown: Array
    characters: Array
    seconds: float

    @property
    def loss(self) -> float:
        """Nats a token, unknown ones included where the model predicts them."""
        return _mean_loss(self.log_p, self.tokens)

    @property
    def known_loss(self) -> float:
        """Nats a token, without unknown ones."""
        return _mean_loss(self.known_log_p, self.known_tokens)

    def bits_per_character(self, lines: Array) -> float | None:
        """Of the lines chosen by a mask (n,); None where they have no characters."""
        return _mean_loss(self.log_p[lines], self.characters[lines]) / math.log(2) if lines.any() else None


def _mean_loss(log_p: Array, counts: Array) -> float:
    n = int(counts.sum())
    return -float(log_p.sum()) / n if n else math.inf


def judge(model: LanguageModel, vocabulary: Vocabulary, lines: Iterable[str]) -> Judged:
    """Each line from the model's start, as evaluation.lines has it; `lines` can be gone through twice."""
    for _ in score_lines(model, vocabulary, islice(lines, WARMING)):
        pass
    began = time.perf_counter()
    found = [_figures(scored, vocabulary) for scored in score_lines(model, vocabulary, lines)]
    seconds = time.perf_counter() - began
    log_p, known_log_p, tokens, known_tokens, unknown, characters = np.array(found, np.float64).reshape(-1, 6).T
    return Judged(log_p, known_log_p, tokens, known_tokens, unknown, characters, seconds)


def _figures(scored: Scored, vocabulary: Vocabulary) -> tuple[float, ...]:
    """Of a line, in the order of Judged's."""
    known = scored.ids != vocabulary.unknown
    characters = len(scored.text.removesuffix("\r").removeprefix("\ufeff")) + 1
    known_log_p = float(scored.log_p[known].sum(dtype=np.float64))
    return scored.log_probability, known_log_p, len(known), int(np.count_nonzero(known)), scored.unknown, characters
