"""The softmax of rows of logits."""

import math

from seqterm.kernels.cpu.activation import exp as exp_of
from seqterm.kernels.cpu.compile import part


@part
def _largest(row):
    top = row[0]
    for j in range(row.shape[0]):
        top = row[j] if row[j] > top else top
    return top


@part
def log_softmax(logits, log_p):
    """logits (m, V or more), log_p (m, V): writes log_p of the first V."""
    for i in range(log_p.shape[0]):
        source, row = logits[i, : log_p.shape[1]], log_p[i]
        top = _largest(source)
        total = 0.0  # in float64: of many small terms float32 would lose a part that all of them miss
        for j in range(row.shape[0]):
            row[j] = source[j] - top  # on its own: top + log(total) would round to what top has room for
            total += exp_of(row[j])
        log_total = row.dtype.type(math.log(total))
        for j in range(row.shape[0]):
            row[j] -= log_total
