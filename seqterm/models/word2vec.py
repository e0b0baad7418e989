"""Word vectors from the words around: skip-gram and continuous bag of words."""

import heapq
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate, chain
from pathlib import Path

import numpy as np

from seqterm.backends.base import Array, Backend, Team
from seqterm.errors import UsageError
from seqterm.layers.base import on_host
from seqterm.models.base import TrainingPlan, load_tensors
from seqterm.models.settings import Word2vecSettings
from seqterm.text.vocabulary import Vocabulary

STRETCH = 1 << 18  # places of the corpus that a worker goes through in one call
MARGIN = 64  # places around a stretch in which its first and last words look for neighbours, some of which are left out, or
WINDOWS = 4  # windows, if that is more
SOFTMAX = 16  # words of a vocabulary of which a whole softmax takes as long as a few samples: see STRETCH
BLOCK = 16  # words that workers in step measure before they change anything
NOISE_POWER = 0.75
SLOWEST = 1e-4  # of the first learning rate, where its decay ends
LARGEST = 2**32 - 1
LOSSES = {"negative": "NEGATIVE", "hierarchical": "HIERARCHICAL", "softmax": "SOFTMAX"}
TRAIN = 4  # the purpose of a random key


def huffman_paths(counts: Array) -> tuple[Array, Array, Array]:
    """counts (V,) -> offsets (V+1,), and word by word the inner nodes (0..V-2) from the root down and the code's bits."""
    n = len(counts)
    root = 2 * n - 2
    parent, bit = np.zeros(root + 1, np.int64), np.zeros(root + 1, np.int8)
    heap = [(count, node) for node, count in enumerate(np.asarray(counts).tolist())]
    heapq.heapify(heap)
    for node in range(n, root + 1):
        (first, low), (second, high) = heapq.heappop(heap), heapq.heappop(heap)
        parent[low] = parent[high] = node
        bit[high] = 1
        heapq.heappush(heap, (first + second, node))
    nodes: list[list[int]] = [[] for _ in range(root + 1)]
    codes: list[list[int]] = [[] for _ in range(root + 1)]
    for node in range(root - 1, -1, -1):  # parents have greater numbers
        above = parent[node]
        nodes[node], codes[node] = [*nodes[above], root - above], [*codes[above], bit[node]]
    offsets = np.array([0, *accumulate(map(len, nodes[:n]))], np.int64)
    return offsets, np.array([*chain(*nodes[:n])], np.int32), np.array([*chain(*codes[:n])], np.int8)


def n_grams(word: str, shortest: int, longest: int) -> list[str]:
    """Of <word>, without the whole of it (Bojanowski et al. 2017)."""
    text = f"<{word}>"
    return [text[i : i + n] for n in range(shortest, min(longest, len(text) - 1) + 1) for i in range(len(text) - n + 1)]


def stays(counts: Array, threshold: float) -> Array:
    """counts (V,) -> the chance, of 2**32, that an occurrence stays: (sqrt(f/t) + 1) t/f, as in the original tool; t 0: all."""
    if not threshold:
        return np.full(len(counts), LARGEST, np.uint32)
    relative = np.maximum(1, counts) / max(1, counts.sum()) / threshold
    return np.minimum(LARGEST, (np.sqrt(relative) + 1) / relative * 2.0**32).astype(np.uint32)


class Word2vec:
    """input_vectors (V + buckets, D) are what is asked for; output_vectors (V, D), of inner nodes (V-1, D) if hierarchical.

    A word's vector is the mean of its own row and of those of its character n-grams, where there are any.
    """

    unit = "nats an example"

    @classmethod
    def of(cls, settings: Word2vecSettings, vocabulary: Vocabulary, backend: Backend) -> "Word2vec":
        """For the words of a vocabulary, all parameters zero."""
        return cls(settings, vocabulary.tokens, np.array(vocabulary.counts), backend)

    def __init__(self, settings: Word2vecSettings, words: list[str], counts: Array, backend: Backend):
        self.settings, self.words, self.backend = settings, words, backend
        self._kernels = kernels = backend.kernels("word2vec")
        self._counts = np.asarray(counts, np.int64)
        n, dtype = len(words), np.dtype(settings.precision)
        self._loss = getattr(kernels, LOSSES[settings.loss])
        n_outputs = max(1, n - 1) if settings.loss == "hierarchical" else n
        n_buckets = settings.buckets if settings.max_ngram else 0
        self._padded = [backend.kernels("rows").padded_rows(rows, settings.dim, dtype) for rows in (n + n_buckets, n_outputs)]
        self.input_vectors, self.output_vectors = (rows[:, : settings.dim] for rows in self._padded)

    def tensors(self) -> dict[str, Array]:
        """Arrays of numpy's."""
        to_host = self.backend.to_host
        return {"input_vectors": to_host(self.input_vectors), "output_vectors": to_host(self.output_vectors)}

    @contextmanager
    def _writing(self) -> Iterator[dict[str, Array]]:
        """Gives `tensors`; what is written to them in this block is the model's."""
        with on_host(self.input_vectors, self.backend) as inputs, on_host(self.output_vectors, self.backend) as outputs:
            yield {"input_vectors": inputs, "output_vectors": outputs}

    def load(self, tensors: dict[str, Array]) -> None:
        """DataError where they do not fit."""
        with self._writing() as own:
            load_tensors(own, tensors)

    def initialise(self, random: np.random.Generator) -> None:
        """Uniform within 1/(2D) and zero, as the original tool."""
        bound = 0.5 / self.settings.dim
        with self._writing() as own:
            own["input_vectors"][...] = random.uniform(-bound, bound, own["input_vectors"].shape)
            own["output_vectors"][...] = 0

    # Learning

    def _tables(self) -> tuple[Array, ...]:
        """What the kernels look up: chances to stay, the noise, ways through the tree, n-grams of words."""
        settings, nothing = self.settings, np.zeros(0, np.int64)
        paths = (nothing, nothing.astype(np.int32), nothing.astype(np.int8))
        noise = np.zeros(0, np.uint64)
        if settings.loss == "hierarchical":
            paths = huffman_paths(self._counts)
        elif settings.loss == "negative":
            noise = self._kernels.alias_table(self._counts**NOISE_POWER)
        parts = [self._parts(word) for word in self.words] if settings.max_ngram else []
        offsets = np.array([0, *accumulate(map(len, parts))], np.int64) if parts else nothing
        rows = np.array([*chain(*parts)], np.int32)
        return (stays(self._counts, settings.subsample), noise, *paths, offsets, rows)

    def _parts(self, word: str) -> list[int]:
        """The rows of a word's n-grams."""
        found = n_grams(word, max(1, self.settings.min_ngram), self.settings.max_ngram)
        return [len(self.words) + zlib.crc32(part.encode("utf-8", "surrogatepass")) % self.settings.buckets for part in found]

    def prepare(self, ids: Array, training: TrainingPlan, folder: Path | None = None) -> None:
        """Get ready to learn from ids (N,), int32, -1 between sentences, at a rate that falls in proportion to SLOWEST of it.

        Nothing is put into folder.
        """
        settings, kernels = self.settings, self._kernels
        cbow = settings.architecture == "cbow"
        self._plan = (cbow, self._loss, settings.cbow_gradient == "divided", settings.window, settings.negative)
        self._rate = training.lr
        to_device = self.backend.to_device
        self._ids, self._epochs, self._seed = ids, training.epochs, training.seed
        self._text, self._lookups = to_device(ids), tuple(map(to_device, self._tables()))
        self._in_step = training.deterministic
        threads = training.threads or self.backend.host.threads
        self._workers = threads if self.backend.on_host else 1
        if self._in_step:  # all of them run at once; else they may take turns, on a machine with fewer cores too
            self._workers = min(self._workers, self.backend.threads)
        workers = range(self._workers)
        fixed = self._plan, self._lookups, tuple(self._padded)
        self._blocks = [kernels.make_block(*size, *fixed) for size in ([(BLOCK,)] if self._in_step else [(2,) for _ in workers])]
        self._margin = max(MARGIN, WINDOWS * settings.window)
        stretch = max(1, STRETCH * SOFTMAX // max(SOFTMAX, len(self.words))) if settings.loss == "softmax" else STRETCH
        self._buffers = [kernels.make_buffers(stretch + 2 * self._margin, *fixed) for _ in workers]
        self._places = stretch if self._in_step else stretch * threads  # on whatever device
        self.stretches = max(1, -(-len(ids) // self._places))  # in an epoch

    def _rate_at(self, epoch: int, place: int) -> float:
        done = (epoch * len(self._ids) + place) / max(1, self._epochs * len(self._ids))
        return self._rate * max(SLOWEST, 1.0 - done)

    def learning_rate(self, epoch: int, stretch: int) -> float:
        """At the first word of a stretch."""
        return self._rate_at(epoch, stretch * self._places)

    def train_stretch(self, epoch: int, stretch: int) -> tuple[float, int, int]:
        """-> sum of losses in nats, examples, words of the text."""
        first = stretch * self._places
        last = min(len(self._ids), first + self._places)
        key = self.backend.kernels("random").derive_key(self._seed, TRAIN + (epoch << 8))
        rate = self._rate_at(epoch, first)
        slower = (rate - self._rate_at(epoch, last)) / max(1, last - first)
        train = self._kernels.train_in_step if self._in_step else self._kernels.train
        done: list[tuple[float, int]] = [(0.0, 0)] * self._workers

        def learn(worker: int, first: int, last: int, slower: float, *team: Team) -> None:
            begin, end = max(0, first - self._margin), min(len(self._ids), last + self._margin)
            shared = self._text, begin, first, last, end, key, self._plan, self._lookups, tuple(self._padded), rate, slower
            done[worker] = train(*shared, self._blocks[worker % len(self._blocks)], self._buffers[worker], *team)

        if self._in_step:
            self.backend.together(lambda team: learn(team[0], first, last, slower, team), self._workers)
            done = done[:1]  # all have the same sums
        else:
            bounds = [first + (last - first) * i // self._workers for i in range(self._workers + 1)]
            self.backend.map(lambda i: learn(i, bounds[i], bounds[i + 1], slower * self._workers), range(self._workers))
        words = int(np.count_nonzero(self._ids[first:last] >= 0))
        return sum(loss for loss, _ in done), sum(examples for _, examples in done), words

    # What was learned

    def vectors(self, which: str = "input") -> Array:
        """(V, D) of all words; which: input, output or sum.  UsageError for output vectors of inner nodes."""
        if which != "input" and self.settings.loss == "hierarchical":
            raise UsageError("With --loss hierarchical no word has an output vector: ask for --which input.")
        output = self.backend.to_host(self.output_vectors)
        return np.array(output) if which == "output" else self._inputs() + (output if which == "sum" else 0)

    def _inputs(self) -> Array:
        rows = self.backend.to_host(self.input_vectors)
        inputs = np.array(rows[: len(self.words)])
        if self.settings.max_ngram:
            for i, word in enumerate(self.words):
                parts = self._parts(word)
                inputs[i] = (inputs[i] + rows[parts].sum(axis=0)) / (1 + len(parts))
        return inputs

    def vector_of_unknown(self, word: str) -> Array | None:
        """The mean of its n-grams' vectors; None where the model has none."""
        parts = self._parts(word) if self.settings.max_ngram else []
        return self.backend.to_host(self.input_vectors)[parts].mean(axis=0) if parts else None
