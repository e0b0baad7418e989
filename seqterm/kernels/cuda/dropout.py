"""Inverted dropout.  The mask is not kept: it is a function of the key, the step, the row of the whole batch and the column."""

import numpy as np
from numba import cuda

from seqterm.kernels.cuda.compile import THREADS, kernel, launch
from seqterm.kernels.cuda.random import derived, mix32

LANES = min(32, THREADS)  # threads of a row, each of which derives the row's key once
u32 = np.uint32


@kernel
def _dropout(x, threshold, scale, key, first_row, y):
    row, lane = cuda.grid(1) // LANES, cuda.grid(1) % LANES
    if row < x.shape[0] * x.shape[1]:
        t, b = row // x.shape[1], row % x.shape[1]
        row_key = u32(derived(derived(key, t), first_row + b))
        for j in range(lane, x.shape[2], LANES):
            kept = mix32(u32(row_key ^ u32(u32(j) * u32(0x9E3779B1)))) >= u32(threshold)
            y[t, b, j] = x[t, b, j] * scale if kept else x.dtype.type(0)


def dropout(x, rate, key, first_row, y):
    """x (T, B, H) -> writes y: x / (1 - rate) where kept, else 0.  The backward pass is the same call on gradients.

    `first_row`: the place of this slice's first row in the whole batch.
    """
    scale = x.dtype.type(1.0 / (1.0 - rate))
    launch(_dropout, x.shape[0] * x.shape[1] * LANES, x, int(rate * 4294967296.0), scale, key, first_row, y)
