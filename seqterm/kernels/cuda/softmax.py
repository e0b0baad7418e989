"""The softmax of rows of logits, a group of threads a row."""

import math

import numpy as np
from numba import cuda

from seqterm.kernels.cuda.activation import exp
from seqterm.kernels.cuda.compile import THREADS, device, kernel, launch
from seqterm.kernels.cuda.groups import lanes_of, largest_of, sum_of


@device
def largest_with_bias(row, b, n, shared, lane, lanes):
    """Adds b (n,) or (0,) to the first n of a row -> the largest of them; NaN is left to `sum_of_exp`."""
    top = -math.inf
    for j in range(lane, n, lanes):
        if b.shape[0]:
            row[j] += b[j]
        if row[j] > top:
            top = row[j]
    return row.dtype.type(largest_of(top, shared, lane, lanes))


@device
def sum_of_exp(row, n, top, shared, lane, lanes):
    """The sum of exp(x - top) over the first n of a row, in float64: of many small terms float32 would lose a part."""
    total = 0.0
    for j in range(lane, n, lanes):
        total += exp(row[j] - top)
    return sum_of(total, shared, lane, lanes)


@kernel
def _log_softmax(logits, b, log_p, lanes):
    shared = cuda.shared.array(THREADS, np.float64)
    row, lane = cuda.grid(1) // lanes, cuda.grid(1) % lanes
    n = log_p.shape[1] if row < log_p.shape[0] else 0
    source, target = logits[row if n else 0], log_p[row if n else 0]
    top = largest_with_bias(source, b, n, shared, lane, lanes)
    total = sum_of_exp(source, n, top, shared, lane, lanes)  # for all threads to come to
    log_total = source.dtype.type(math.log(total)) if n else top
    for j in range(lane, n, lanes):
        target[j] = source[j] - top - log_total


def log_softmax_with_bias(logits, b, log_p):
    """As log_softmax, of logits to which b (V,) or (0,) is added, in place."""
    lanes = lanes_of(log_p.shape[1])
    launch(_log_softmax, log_p.shape[0] * lanes, logits, b, log_p, lanes)


def log_softmax(logits, log_p):
    """logits (m, V or more), log_p (m, V): writes log_p of the first V."""
    log_softmax_with_bias(logits, log_p.reshape(-1)[:0], log_p)
