"""The output layer, logits = W h + b, with softmax and cross-entropy, a block of rows at a time.

V tokens, H hidden, m rows.  cuBLAS makes the logits (M, V) of a block, one kernel turns them into their gradient in place, and
cuBLAS carries that on to h and W.  A block has LOGITS of them: 32 MB in float32, so that they wait in the second-level cache
(50 MB on an H100 or H200) for the kernel and for both products.  It has no fewer than FEWEST rows, however many tokens there are,
as every block reads W twice, and reads and writes its gradient: with 512 rows that is a tenth of the time of the products.
"""

import math

import numpy as np
from numba import cuda

from seqterm.kernels.cuda.activation import exp
from seqterm.kernels.cuda.blas import add_product, transposed, write_product
from seqterm.kernels.cuda.compile import THREADS, kernel, launch, scratch
from seqterm.kernels.cuda.dense import dense_bias_backward
from seqterm.kernels.cuda.groups import lanes_of
from seqterm.kernels.cuda.softmax import largest_with_bias, log_softmax_with_bias, sum_of_exp

LOGITS = 1 << 23
FEWEST = 512


@kernel
def _loss(logits, b, targets, scale, has_gradient, log_p, lanes):
    """logits (m, V) without b -> writes log_p (m,); with b added on return, or, where asked for, their gradient."""
    shared = cuda.shared.array(THREADS, np.float64)
    row, lane = cuda.grid(1) // lanes, cuda.grid(1) % lanes
    n = logits.shape[1] if row < logits.shape[0] else 0
    x, target = logits[row if n else 0], targets[row] if n else -1
    top = largest_with_bias(x, b, n, shared, lane, lanes)
    wanted = x[target] if target >= 0 else top
    total = sum_of_exp(x, n, top, shared, lane, lanes)
    if lane == 0 and n:
        log_p[row] = np.float64(wanted) - np.float64(top) - math.log(total) if target >= 0 else 0.0
    if has_gradient:
        factor, zero = x.dtype.type(scale / total) if n else scale, x.dtype.type(0)
        for j in range(lane, n, lanes):
            p = exp(x[j] - top) * factor if target >= 0 else zero
            x[j] = p - scale if j == target else p


def stretch_of(w):
    """Tokens that workers could share out: there is one worker."""
    return w.shape[0]


def output_scratch(w, n_rows, workers):
    """Nothing is asked of the caller."""
    return {}


def _blocks(h, w):
    """Logits (M, V) of a block, and its rows, for all blocks, which are of about the same size."""
    m, n_tokens = h.shape[0], w.shape[0]
    n_blocks = max(1, -(-m // max(FEWEST, LOGITS // n_tokens)))
    together = -(-m // n_blocks)
    logits = scratch("logits", (together, n_tokens), h.dtype)
    for first in range(0, m, max(1, together)):
        last = min(m, first + together)
        yield logits[: last - first], slice(first, last)


def _lose(logits, w, b, h, targets, scale, has_gradient, log_p):
    write_product(h, transposed(w), logits)
    lanes = lanes_of(w.shape[0])
    launch(_loss, h.shape[0] * lanes, logits, b, targets, h.dtype.type(scale), has_gradient, log_p, lanes)


def output_gradient(w, b, h, targets, scale, log_p, dw, db, dh, scratch, team):
    """Forward and backward of loss = -scale * sum(log_p).  w (V, H), b (V,) or (0,), h (m, H), targets (m,).

    Writes log_p (m,) of the targets, 0 where they are masked below zero, and dh (m, H); adds to dw (V, H) and db (V,) or (0,).
    """
    for logits, rows in _blocks(h, w):
        _lose(logits, w, b, h[rows], targets[rows], scale, True, log_p[rows])
        write_product(logits, w, dh[rows])
        add_product(transposed(logits), h[rows], dw)
        dense_bias_backward(logits, db)


def output_score(w, b, h, targets, log_p):
    """Writes log_p (m,) of the targets (m,), 0 where masked."""
    for logits, rows in _blocks(h, w):
        _lose(logits, w, b, h[rows], targets[rows], 0.0, False, log_p[rows])


def output_log_p(w, b, h, log_p):
    """Writes log_p (m, V) of all tokens.  w: W^T (H, V) as `pack_transposed` gives it, b (V,) or (0,), h (m, H)."""
    write_product(h, w, log_p)
    log_softmax_with_bias(log_p, b, log_p)
