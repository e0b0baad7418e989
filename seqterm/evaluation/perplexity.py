"""How well a language model predicts a text."""

import math
from typing import NamedTuple

import numpy as np

from seqterm.backends.base import Array
from seqterm.models.base import LanguageModel

PART = 2000  # tokens that make a part of its own worth while
PARTS = 32
STEPS = 1024  # steps scored at a time, to bound the memory


class Score(NamedTuple):
    """log_probability in nats over `tokens` tokens."""

    log_probability: float
    tokens: int

    @property
    def loss(self) -> float:
        """Nats a token; infinite where there is none."""
        return -self.log_probability / self.tokens if self.tokens else math.inf


def score_stream(model: LanguageModel, ids: Array) -> Score:
    """Every token of one long text (n,), once.

    The first token is judged by the model's start, unless it is the start token, which is given.  The others are read in up
    to 32 parts side by side, how many depends on n alone; each part begins with no more context than the token before it and
    carries its state on to its end.
    """
    n_pairs = len(ids) - 1
    n_parts = min(PARTS, max(1, n_pairs // PART))
    length = -(-n_pairs // n_parts)
    total = 0.0
    if model.start_token is None:
        _, log_p = model.start(1)
        total += float(log_p[0, ids[0]])
    state = model.zero_state(n_parts)
    for first in range(0, length, STEPS):
        steps = min(STEPS, length - first)
        inputs, targets = np.zeros((steps, n_parts), np.int64), np.full((steps, n_parts), -1, np.int64)
        for part in range(n_parts):
            begin = part * length + first
            block = ids[begin : min(begin + steps, part * length + length, n_pairs) + 1]
            if len(block) > 1:
                inputs[: len(block) - 1, part], targets[: len(block) - 1, part] = block[:-1], block[1:]
        state, log_p = model.score(state, inputs, targets)
        total += float(log_p.sum(dtype=np.float64))
    return Score(total, len(ids) if model.start_token is None else n_pairs)
