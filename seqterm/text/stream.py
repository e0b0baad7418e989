"""A corpus as one long stream of ids: in a file, mapped into memory, cut into batches."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqterm.errors import DataError
from seqterm.text.vocabulary import Ids, Vocabulary


def write_ids(pieces: Iterable[str], vocabulary: Vocabulary, path: Path) -> tuple[int, int]:
    """Encode a corpus into a file of plain ids; tokens that the vocabulary lacks are left out.

    -> tokens written, tokens left out.
    """
    written = unknown = 0
    with path.open("wb") as file:
        for piece in pieces:
            ids = vocabulary.encode(piece)
            known = ids[ids >= 0]
            known.astype(vocabulary.id_dtype).tofile(file)
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
    return np.memmap(path, vocabulary.id_dtype, "r")


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

    def window(self, index: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """ids and targets (T, B) of window `index` of an epoch."""
        row_length = self.windows * self._n_steps
        first = index * self._n_steps
        block = np.empty((self._n_steps + 1, self._n_batch), np.int64)
        for row in range(self._n_batch):
            start = row * row_length + first
            block[:, row] = self._ids[start : start + self._n_steps + 1]
        return block[:-1], block[1:]
