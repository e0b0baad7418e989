"""Tables of vectors."""

import numpy as np
from numba import cuda

LINE_BYTES = 128  # what a warp reads at once


def padded_rows(n, size, dtype):
    """Zeros (n, P) for rows of `size` numbers, each beginning at a cache line."""
    width = -(-size * dtype.itemsize // LINE_BYTES) * LINE_BYTES
    return cuda.to_device(np.zeros((n, width // dtype.itemsize), dtype))
