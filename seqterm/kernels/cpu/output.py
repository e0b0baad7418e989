"""The output layer, logits = W h + b, with softmax and cross-entropy, a stretch of the vocabulary at a time.

V tokens, H hidden, m rows.  Rows stand side by side in vector registers, N to a panel, so that a softmax is arithmetic on whole
registers, and the logits are panels for the product that carries their gradient on to W: h_panels (P, H, N) is h^T packed,
logits (P, V, N).  W is read as it stands, a stretch that fits the second-level cache for all rows at once.  Threads share out
rows or, where V is large, stretches, so that W and its gradient pass through the caches once.
"""

import math

import numpy as np

from seqterm.kernels.cpu.activation import exp as exp_of
from seqterm.kernels.cpu.compile import kernel, part
from seqterm.kernels.cpu.dense import dense_forward
from seqterm.kernels.cpu.product import add_product, pack
from seqterm.kernels.cpu.softmax import log_softmax

STRETCH = 1 << 16  # elements of W that meet all rows before the next do


@kernel
def _stretch_logits(w, b, start, stop, h_panels, p, logits):
    """Writes logits (stop - start, N) of tokens start..stop for the rows of panel p."""
    for v in range(start, stop):
        bias = b[v] if b.shape[0] else 0
        row = logits[v - start]
        for c in range(row.shape[0]):
            row[c] = bias
    add_product(w[start:stop], h_panels[p : p + 1], logits)


@part
def _absorb(logits, top, total):
    """logits (n, N) -> exp(logit - top), with the largest logit of each row in top (N,) and the sum in total (N,)."""
    top[:], total[:] = -np.inf, 0
    for v in range(logits.shape[0]):
        row = logits[v]
        for c in range(top.shape[0]):
            top[c] = row[c] if row[c] > top[c] else top[c]
    for v in range(logits.shape[0]):
        row = logits[v]
        for c in range(top.shape[0]):
            row[c] = exp_of(row[c] - top[c])
            total[c] += row[c]


@kernel
def stretch_of(w):
    """Tokens in a stretch."""
    return max(1, STRETCH // w.shape[1])


@kernel
def output_forward(w, b, h_panels, targets, first, last, logits, tops, totals, wanted):
    """w (V, H), b (V,) or (0,), targets (m,), masked below zero, tokens first..last, `first` at the start of a stretch.

    Of each stretch s and row, writes the largest logit to tops (S, P, N) and the sum of exp(logit - largest) to totals; leaves
    the exponentials in logits (P, V, N), or, where that has no room for all tokens, nothing of use.  Writes the targets' logits
    to wanted (P, N).
    """
    step, width = stretch_of(w), h_panels.shape[2]
    for start in range(first, last, step):
        stop = min(last, start + step)
        place = start if logits.shape[1] == w.shape[0] else 0
        for p in range(h_panels.shape[0]):
            stretch = logits[p, place : place + stop - start]
            _stretch_logits(w, b, start, stop, h_panels, p, stretch)
            for row in range(p * width, min(targets.shape[0], (p + 1) * width)):
                if start <= targets[row] < stop:
                    wanted[p, row - p * width] = stretch[targets[row] - start, row - p * width]
            _absorb(stretch, tops[start // step, p], totals[start // step, p])


@kernel
def combine_stretches(targets, tops, totals, wanted, log_p):
    """What output_forward wrote -> the largest logit of a row and its sum of exp(logit - largest), (P, N) both.

    Writes log_p (m,) of the targets, 0 where masked.
    """
    top, total = tops[0].copy(), np.zeros_like(totals[0])
    for s in range(tops.shape[0]):
        for p in range(top.shape[0]):
            for c in range(top.shape[1]):
                top[p, c] = tops[s, p, c] if tops[s, p, c] > top[p, c] else top[p, c]
    for s in range(tops.shape[0]):
        for p in range(top.shape[0]):
            for c in range(top.shape[1]):
                total[p, c] += totals[s, p, c] * exp_of(tops[s, p, c] - top[p, c])
    for row in range(targets.shape[0]):
        p, c = row // top.shape[1], row % top.shape[1]
        log_p[row] = 0
        if targets[row] >= 0:
            log_p[row] = np.float64(wanted[p, c]) - np.float64(top[p, c]) - math.log(np.float64(total[p, c]))
    return top, total


@part
def _stretch_gradient(logits, start, targets, factor, scale, db):
    """logits (n, N): exponentials -> scale * (softmax - one-hot), for n tokens from `start` on and these targets; adds to db.

    factor (N,): scale / the sum of exponentials of a row, 0 where it is masked.
    """
    for v in range(logits.shape[0]):
        row = logits[v]
        for c in range(factor.shape[0]):
            row[c] *= factor[c]
    for c in range(targets.shape[0]):
        if start <= targets[c] < start + logits.shape[0]:
            logits[targets[c] - start, c] -= logits.dtype.type(scale)
    for v in range(start, min(start + logits.shape[0], db.shape[0])):
        row = logits[v - start]
        for c in range(factor.shape[0]):
            db[v] += row[c]


@kernel
def output_backward(w, h, targets, tops, top, total, scale, first, last, logits, dw, db, dh):
    """logits as output_forward left them; they become the gradient of -scale * log p(target), in tokens first..last.

    h (m, H), targets (m,).  Adds to dw (V, H) and db (V,) or (0,), and, of these tokens, to dh (m, H).
    """
    m, width = h.shape[0], logits.shape[2]
    h_rows = [pack(h[row : row + width]) for row in range(0, m, width)]
    factor, step = np.empty(width, logits.dtype), stretch_of(w)
    for start in range(first, last, step):
        stop = min(last, start + step)
        w_panels = pack(w[start:stop])
        for p in range(logits.shape[0]):
            row, row_after = p * width, min(m, (p + 1) * width)
            factor[:] = 0
            for c in range(row_after - row):
                if targets[row + c] >= 0:
                    factor[c] = scale / total[p, c] * exp_of(tops[start // step, p, c] - top[p, c])
            stretch = logits[p, start:stop]
            _stretch_gradient(stretch, start, targets[row:row_after], factor, scale, db)
            add_product(stretch.T[: row_after - row], w_panels, dh[row:row_after])
            add_product(stretch[:, : row_after - row], h_rows[p], dw[start:stop])


@kernel
def output_score(w, b, h_panels, targets, log_p):
    """Writes log_p (m,) of the targets (m,), 0 where masked; only a stretch of the logits is held at a time."""
    n_panels, _, width = h_panels.shape
    step = stretch_of(w)
    logits = np.empty((n_panels, min(step, w.shape[0]), width), w.dtype)
    tops = np.empty((-(-w.shape[0] // step), n_panels, width), w.dtype)
    totals, wanted = np.empty_like(tops), np.zeros_like(tops[0])
    output_forward(w, b, h_panels, targets, 0, w.shape[0], logits, tops, totals, wanted)
    combine_stretches(targets, tops, totals, wanted, log_p)


@kernel
def output_log_p(w, b, h, log_p):
    """Writes log_p (m, V) of all tokens.  w: W^T (H, V) packed, b (V,) or (0,), h (m, H)."""
    dense_forward(h, w, b, log_p)
    log_softmax(log_p, log_p)
