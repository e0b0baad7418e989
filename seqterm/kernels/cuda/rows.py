"""Tables of vectors."""

from seqterm.kernels.cuda.allocation import empty
from seqterm.kernels.cuda.arrays import fill

LINE_BYTES = 128  # what a warp reads at once


def padded_rows(n, size, dtype):
    """Zeros (n, P) for rows of `size` numbers, each beginning at a cache line."""
    width = -(-size * dtype.itemsize // LINE_BYTES) * LINE_BYTES
    rows = empty((n, width // dtype.itemsize), dtype)
    fill(rows, 0)
    return rows
