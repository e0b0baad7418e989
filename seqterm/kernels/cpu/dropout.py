"""Inverted dropout.  The mask is not kept: it is a function of the key, the step, the row of the whole batch and the column."""

import numpy as np

from seqterm.kernels.cpu.compile import kernel
from seqterm.kernels.cpu.random import derive_key, mix32

u32 = np.uint32


@kernel
def dropout(x, rate, key, first_row, y):
    """x (T, B, H) -> writes y: x / (1 - rate) where kept, else 0.  The backward pass is the same call on gradients.

    `first_row`: the place of this slice's first row in the whole batch.
    """
    threshold = u32(rate * 4294967296.0)
    scale = x.dtype.type(1.0 / (1.0 - rate))
    zero = x.dtype.type(0)
    for t in range(x.shape[0]):
        step_key = derive_key(key, t)
        for b in range(x.shape[1]):
            row_key = u32(derive_key(step_key, first_row + b))
            source, target = x[t, b], y[t, b]
            for j in range(source.shape[0]):
                kept = mix32(u32(row_key ^ u32(u32(j) * u32(0x9E3779B1)))) >= threshold
                target[j] = source[j] * scale if kept else zero
