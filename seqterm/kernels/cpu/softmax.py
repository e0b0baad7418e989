"""Softmax and cross-entropy over rows of logits (m, V).  A target below zero is masked: no loss, no gradient."""

import math

import numpy as np

from seqterm.kernels.cpu.activation import exp as exp_of
from seqterm.kernels.cpu.compile import kernel


@kernel
def _largest(row):
    top = row[0]
    for j in range(row.shape[0]):
        top = row[j] if row[j] > top else top
    return top


@kernel
def _exponentials(row):
    """row (V,) -> replaces it by exp(row - max); returns max and the sum"""
    top = _largest(row)
    total = row.dtype.type(0)
    for j in range(row.shape[0]):
        row[j] = exp_of(row[j] - top)
        total += row[j]
    return top, total


@kernel
def cross_entropy(logits, targets, scale, log_p):
    """Replaces logits by scale * (softmax - one-hot), the gradient of scale * loss.

    Writes log_p (m,) of the targets, 0 where masked.
    """
    for i in range(logits.shape[0]):
        row, target = logits[i], targets[i]
        if target < 0:
            row[:] = 0
            log_p[i] = 0
            continue
        wanted = row[target]
        top, total = _exponentials(row)
        log_p[i] = np.float64(wanted) - np.float64(top) - math.log(np.float64(total))
        factor = row.dtype.type(scale) / total
        for j in range(row.shape[0]):
            row[j] *= factor
        row[target] -= row.dtype.type(scale)


@kernel
def target_log_softmax(logits, targets, log_p):
    """Writes log_p (m,) of the targets, 0 where masked.  logits are overwritten."""
    for i in range(logits.shape[0]):
        log_p[i] = 0
        if targets[i] >= 0:
            wanted = logits[i, targets[i]]
            top, total = _exponentials(logits[i])
            log_p[i] = np.float64(wanted) - np.float64(top) - math.log(np.float64(total))


@kernel
def log_softmax(logits, log_p):
    """logits, log_p (m, V): writes log_p."""
    for i in range(logits.shape[0]):
        source, row = logits[i], log_p[i]
        top = _largest(source)
        total = row.dtype.type(0)
        for j in range(row.shape[0]):
            row[j] = source[j] - top  # on its own: top + log(total) would round to what top has room for
            total += exp_of(row[j])
        log_total = row.dtype.type(math.log(total))
        for j in range(row.shape[0]):
            row[j] -= log_total
