"""Small texts with vectors, for the kernels that learn from them and for the oracle."""

import dataclasses
from itertools import pairwise

import numpy as np

from seqterm.kernels.cpu import word2vec
from seqterm.kernels.cpu.rows import padded_rows
from tests.kernels.cpu.teams import alone, together
from tests.naive import word2vec as naive

LOSSES = {"negative": word2vec.NEGATIVE, "hierarchical": word2vec.HIERARCHICAL, "softmax": word2vec.SOFTMAX}
ARCHITECTURES = ["skip-gram", "cbow"]
PATHS = {0: [(0, 0)], 1: [(0, 1), (1, 0)], 2: [(0, 1), (1, 1), (2, 0)], 3: [(0, 1), (1, 1), (2, 1), (3, 0)]}
PATHS[4] = [(0, 1), (1, 1), (2, 1), (3, 1)]  # a tree like a comb
# Rows of n-grams: one word has none, two share a row, one has a row twice.
PARTS = {0: [5, 6], 1: [6], 2: [], 3: [7, 7, 5], 4: [8]}
V, BUCKETS, D = 5, 4, 5
EVERY = 2**32 - 1  # the chance to stay, for all


def joined(lists, kind):
    """offsets (n + 1,) and what stands in the lists, one after the other."""
    return np.array([0, *np.cumsum([len(one) for one in lists])], np.int64), np.array([x for one in lists for x in one], kind)


@dataclasses.dataclass
class Problem:
    """What the kernels take, and the same for the oracle."""

    ids: np.ndarray
    plan: tuple
    tables: tuple
    vectors: tuple
    choices: dict
    key: int = 12345

    @property
    def divide(self):
        return self.plan[2]

    def model(self):
        """A copy for the oracle."""
        return {name: table.astype(np.float64)[:, :D] for name, table in zip(("input", "output"), self.vectors, strict=True)}

    def examples(self, places=None):
        return naive.text_examples(self.ids, self.key, self.choices, places)

    def train(self, rate, slower=0.0, bounds=None, margin=None):
        """In one call, or in one after the other from each bound to the next; -> sum of losses, examples."""
        bounds, margin = bounds or [0, len(self.ids)], len(self.ids) if margin is None else margin
        fixed = self.plan, self.tables, self.vectors
        block, buffers = word2vec.make_block(2, *fixed), word2vec.make_buffers(len(self.ids), *fixed)
        found = []
        for first, last in pairwise(bounds):
            window = max(0, first - margin), first, last, min(len(self.ids), last + margin)
            found.append(word2vec.train(self.ids, *window, self.key, *fixed, rate, slower, block, buffers))
        return sum(total for total, _ in found), sum(n for _, n in found)

    def train_in_step(self, rate, slower=0.0, workers=1, size=4):
        """-> what each worker says"""
        fixed = self.plan, self.tables, self.vectors
        block, found = word2vec.make_block(size, *fixed), [None] * workers
        buffers = [word2vec.make_buffers(len(self.ids), *fixed) for _ in range(workers)]

        def learn(team):
            place = 0, 0, len(self.ids), len(self.ids), self.key
            mine = block, buffers[team[0]]
            found[team[0]] = word2vec.train_in_step(self.ids, *place, *fixed, rate, slower, *mine, team)

        together(learn, workers) if workers > 1 else learn(alone())
        return found


def text(n, sentence=12, seed=1):
    """Random words, a boundary now and then."""
    random = np.random.default_rng(seed)
    return np.where(random.random(n) < 1 / sentence, word2vec.BOUNDARY, random.integers(0, V, n))


def problem(
    loss="negative",
    architecture="skip-gram",
    parts=False,
    ids=(0, 1, 2, 3),
    dtype=np.float64,
    divide=False,
    window=3,
    negative=3,
    keep=None,
    n_words=V,
    key=12345,
):
    """Random vectors, and noise in which one word is much more frequent than the others."""
    numbers, dtype = np.random.default_rng(7), np.dtype(dtype)
    ids = np.array(ids, np.int32)
    ids.setflags(write=False)  # as files are mapped
    keep = np.full(n_words, EVERY, np.uint32) if keep is None else np.array(keep, np.uint32)
    noise = word2vec.alias_table([5.0, *[1.0] * (n_words - 1)]) if loss == "negative" else np.zeros(0, np.uint64)
    offsets, nodes = joined([[node for node, _ in PATHS[word]] for word in range(V)] if loss == "hierarchical" else [], np.int32)
    codes = joined([[bit for _, bit in PATHS[word]] for word in range(V)] if loss == "hierarchical" else [], np.int8)[1]
    part_offsets, part_rows = joined([PARTS[word] for word in range(V)] if parts else [], np.int32)
    if not parts:
        part_offsets = np.zeros(0, np.int64)
    n_outputs = V - 1 if loss == "hierarchical" else n_words
    vectors = tuple(padded_rows(n, D, dtype) for n in (n_words + BUCKETS, n_outputs))
    for table in vectors:
        table[:, :D] = numbers.normal(size=(len(table), D))
    cbow = architecture == "cbow"
    choices = {
        "loss": loss,
        "cbow": cbow,
        "window": window,
        "negative": negative,
        "noise": noise.tolist(),
        "paths": PATHS,
        "parts": PARTS if parts else {},
        "keep": keep.tolist(),
    }
    plan = cbow, LOSSES[loss], divide, window, negative
    return Problem(ids, plan, (keep, noise, offsets, nodes, codes, part_offsets, part_rows), vectors, choices, key)
