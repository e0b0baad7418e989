"""A corpus as one long stream of ids: in a file, mapped into memory, cut into batches."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqterm.errors import DataError
from seqterm.text.vocabulary import Ids, Vocabulary

SCAN = 1 << 24  # ids looked through at a time
LONGEST = 1000  # tokens of a sentence that are trained on
POOL = 50  # batches whose sentences are sorted by length together
SHUFFLE = 1 << 32  # the purpose of a random key, to which the epoch is added


def write_ids(pieces: Iterable[str], vocabulary: Vocabulary, path: Path) -> tuple[int, int]:
    """Encode a corpus into a file of plain ids; tokens that the vocabulary lacks are left out.

    -> tokens written, tokens left out.
    """
    written = unknown = 0
    with path.open("wb") as file:
        for piece in pieces:
            ids = vocabulary.encode(piece)
            known = ids[ids >= 0]
            file.write(known.astype(vocabulary.id_dtype).tobytes())
            written += len(known)
            unknown += len(ids) - len(known)
    return written, unknown


def open_ids(path: Path, vocabulary: Vocabulary, n_tokens: int) -> Ids:
    """The ids of a file that write_ids made, mapped, not read."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}; the run cannot go on without it.") from error
    if size != n_tokens * vocabulary.id_dtype.itemsize:
        raise DataError(f"{path} has {size} bytes where {n_tokens} tokens were written: it was changed or cut off.")
    if n_tokens == 0:
        return np.zeros(0, vocabulary.id_dtype)
    ids = np.memmap(path, vocabulary.id_dtype, "r")
    if any(ids[first : first + SCAN].max() >= len(vocabulary) for first in range(0, n_tokens, SCAN)):
        raise DataError(f"{path} was changed or damaged: it holds ids that the vocabulary does not have.")
    return ids


@dataclass(frozen=True)
class Batch:
    """ids and targets (T, B), a target below zero being none; lengths (B,); `first`: rows begin here, with a zero state."""

    ids: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    first: bool


class Batches:
    """B rows of text read side by side, T steps at a time.

    Row r is a stretch of its own of the stream; successive windows continue each row, so a state can be carried on.
    The tokens after the last whole window of each row are not used.
    """

    def __init__(self, ids: Ids, n_batch: int, n_steps: int):
        self._ids, self._n_batch, self._n_steps = ids, n_batch, n_steps
        self.windows = (len(ids) - 1) // n_batch // n_steps
        if self.windows < 1:
            needed = n_batch * n_steps + 1
            raise DataError(
                f"The corpus is too short: {len(ids)} tokens to train on, {needed} needed for one window of "
                f"--batch {n_batch} and --steps {n_steps}; lower one of them, or add text."
            )

    def window(self, epoch: int, index: int) -> Batch:
        """Window `index`, the same in every epoch."""
        row_length = self.windows * self._n_steps
        first = index * self._n_steps
        block = np.empty((self._n_steps + 1, self._n_batch), np.int64)
        for row in range(self._n_batch):
            start = row * row_length + first
            block[:, row] = self._ids[start : start + self._n_steps + 1]
        return Batch(block[:-1], block[1:], np.full(self._n_batch, self._n_steps), index == 0)


def sentence_bounds(ids: Ids, start: int) -> npt.NDArray[np.int64]:
    """(N+1,) where the sentences of a stream begin, and where the last one ends."""
    begins = [first + np.flatnonzero(ids[first : first + SCAN] == start) for first in range(0, len(ids), SCAN)]
    return np.concatenate([*begins, [len(ids)]]).astype(np.int64)


def ragged(sentences: list[Ids]) -> Batch:
    """Sentences, each of at least two ids, side by side: every id but the last is read, every one but the first predicted."""
    lengths = np.array([len(sentence) - 1 for sentence in sentences])
    ids, targets = np.zeros((lengths.max(), len(sentences)), np.int64), np.full((lengths.max(), len(sentences)), -1, np.int64)
    for column, (sentence, n) in enumerate(zip(sentences, lengths, strict=True)):
        ids[:n, column], targets[:n, column] = sentence[:-1], sentence[1:]
    return Batch(ids, targets, lengths, True)


class SentenceBatches:
    """B sentences at a time, each an example of its own, in another order each epoch.

    Sentences of like length come together, drawn from pools of POOL batches, so that little is padding; longer ones than
    LONGEST lose their ends.
    """

    def __init__(self, ids: Ids, start: int, n_batch: int, seed: int):
        self._ids, self._n_batch, self._seed = ids, n_batch, seed
        self._bounds = sentence_bounds(ids, start)
        self.windows = (len(self._bounds) - 1) // n_batch
        self._epoch, self._order = -1, np.zeros((0, n_batch), np.int64)
        if self.windows < 1:
            raise DataError(
                f"The corpus is too short: {len(self._bounds) - 1} sentences to train on, {n_batch} needed for one batch; "
                "lower --batch, or add text."
            )

    def _shuffled(self, epoch: int) -> npt.NDArray[np.int64]:
        """(windows, B) sentence numbers."""
        random = np.random.Generator(np.random.Philox(key=[self._seed, SHUFFLE + epoch]))
        order = random.permutation(len(self._bounds) - 1)[: self.windows * self._n_batch]
        lengths = np.diff(self._bounds)
        for first in range(0, len(order), POOL * self._n_batch):
            pool = order[first : first + POOL * self._n_batch]
            pool[:] = pool[np.argsort(lengths[pool], kind="stable")]
        return random.permutation(order.reshape(self.windows, self._n_batch))

    def window(self, epoch: int, index: int) -> Batch:
        """Batch `index` of an epoch."""
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._shuffled(epoch)
        begins, ends = self._bounds[self._order[index]], self._bounds[self._order[index] + 1]
        return ragged([self._ids[begin : min(end, begin + LONGEST)] for begin, end in zip(begins, ends, strict=True)])
