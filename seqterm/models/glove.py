"""Word vectors from counts of pairs of words: GloVe."""

from pathlib import Path

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.models.base import TrainingPlan, load_tensors
from seqterm.models.cooccurrence import count_pairs
from seqterm.models.glove_settings import GloveSettings, parse_size
from seqterm.text.vocabulary import Vocabulary

TRAIN = 5  # the purpose of a random key


class Glove:
    """input_vectors, output_vectors (V, D), input_bias, output_bias (V,), and AdaGrad's sums of squares of all of them.

    Any number of threads learns the same, as tiles that they go through at the same time share no word.
    """

    unit = "cost a pair"

    @classmethod
    def of(cls, settings: GloveSettings, vocabulary: Vocabulary, backend: Backend) -> "Glove":
        """For the words of a vocabulary, all parameters zero."""
        return cls(settings, vocabulary.tokens, np.array(vocabulary.counts), backend)

    def __init__(self, settings: GloveSettings, words: list[str], counts: Array, backend: Backend):
        self.settings, self.words, self.backend = settings, words, backend
        self._kernels, self._n_words = backend.kernels("glove"), int(np.sum(counts))
        self._rows = self._kernels.word_rows(len(words), settings.dim, np.dtype(settings.precision))
        self.input_vectors, self.output_vectors, self.input_bias, self.output_bias = self._views(0)

    def _views(self, kind: int) -> tuple[Array, Array, Array, Array]:
        """Of the weights (0) or their sums of squares (1): those of input and output vectors, input and output biases."""
        size, rows = self.settings.dim, self._rows[:, :, kind]
        return rows[:, 0, :size], rows[:, 1, :size], rows[:, 0, size], rows[:, 1, size + 1]

    def tensors(self) -> dict[str, Array]:
        names = ("input_vectors", "output_vectors", "input_bias", "output_bias")
        weights, squares = (dict(zip(names, self._views(kind), strict=True)) for kind in (0, 1))
        return weights | {f"squares.{name}": view for name, view in squares.items()}

    def load(self, tensors: dict[str, Array]) -> None:
        """DataError where they do not fit."""
        load_tensors(self.tensors(), tensors)

    def initialise(self, random: np.random.Generator) -> None:
        """Vectors and biases uniform within 1/(2(D+1)), squares 1, as the original program."""
        bound = 0.5 / (self.settings.dim + 1)
        for weights, squares in zip(self._views(0), self._views(1), strict=True):
            weights[...] = random.uniform(-bound, bound, weights.shape)
            squares[...] = 1

    # Learning

    def prepare(self, ids: Array, training: TrainingPlan, folder: Path | None = None) -> None:
        """Count the pairs of ids (N,), int32, below zero between sentences; what memory cannot hold goes through `folder`."""
        settings, backend = self.settings, self.backend
        memory, self._workers = parse_size(settings.memory), min(training.threads or backend.threads, backend.threads)
        self._pairs = count_pairs(ids, len(self.words), settings.window, settings.count, memory, folder, backend, self._workers)
        self._fields = tuple(self._pairs.records[name] for name in ("i", "j", "x"))
        self._rate, self._seed = training.lr, training.seed
        self.stretches = self._pairs.bands  # in an epoch: its rounds

    def learning_rate(self, epoch: int, stretch: int) -> float:
        return self._rate

    def train_stretch(self, epoch: int, stretch: int) -> tuple[float, int, int]:
        """-> sum of losses, ordered pairs, this stretch's share of the words of the text."""
        derive_key = self.backend.kernels("random").derive_key
        key = derive_key(self._seed, TRAIN + (epoch << 8))
        rounds = sorted(range(self.stretches), key=lambda r: derive_key(key, r))
        tiles = self._pairs.round(rounds[stretch])
        ends = np.cumsum(tiles[:, 1] - tiles[:, 0])
        cuts = np.searchsorted(ends, ends[-1] * np.arange(1, self._workers) / self._workers)
        tuning = (self.settings.x_max, self.settings.alpha, self._rate)

        def train(own: Array) -> tuple[Array, int]:
            losses = np.empty(len(own))
            return losses, self._kernels.train_tiles(own, key, *self._fields, *tuning, self._rows, losses)

        losses, visits = zip(*self.backend.map(train, np.split(tiles, cuts)), strict=True)
        first, last = (self._n_words * part // self.stretches for part in (stretch, stretch + 1))
        return float(np.concatenate(losses).sum()), sum(visits), last - first

    # What was learned

    def vectors(self, which: str = "sum") -> Array:
        """(V, D); which: input, output or, as in the paper, their sum."""
        inputs, outputs = self.input_vectors, self.output_vectors
        return inputs + outputs if which == "sum" else np.array(inputs if which == "input" else outputs)
