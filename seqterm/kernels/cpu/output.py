"""The output layer, logits = W h + b, with softmax and cross-entropy, a stretch of the vocabulary at a time.

V tokens, H hidden, m rows.  Logits (V, M) stand with tokens below each other and rows side by side, so that a softmax is
arithmetic on whole registers and the logits are the left side of both products that carry their gradient on: to h over the
tokens of a stretch, to W over all rows.  M is at least m rounded up to whole panels; h_panels (., H, N) is h^T packed.  W is read
as it stands, a stretch that fits the second-level cache for all rows at once.  Threads share out rows or, where V is large,
stretches, so that W and its gradient pass through the caches once.
"""

import math

import numpy as np

from seqterm.kernels.cpu.activation import exp as exp_of
from seqterm.kernels.cpu.compile import inlined, kernel, part
from seqterm.kernels.cpu.dense import dense_forward
from seqterm.kernels.cpu.product import add_product, pack
from seqterm.kernels.cpu.softmax import log_softmax
from seqterm.kernels.cpu.team import meet, share

STRETCH = 1 << 16  # elements of W that meet all rows before the next do
BLOCK = 1 << 15  # logits in a block: they are still in the second-level cache when their gradient comes to them
FEWEST = 512  # rows in a block, as each block reads the weights anew
MULTIPLE = 32  # of rows in a block: whole panels


@part
def _absorb(logits, top, total):
    """logits (n, M) -> exp(logit - top), with the largest logit of each row in top (m,) and the sum in total (m,); m <= M."""
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


def output_scratch(w, n_rows, workers):
    """{name: shape} of what output_gradient wants as scratch, for blocks of rows, as few as can be, of about the same size."""
    n_tokens, n_hidden = w.shape
    n_blocks = max(1, -(-n_rows // max(FEWEST, BLOCK // n_tokens)))
    together = max(1, -(-n_rows // (n_blocks * MULTIPLE))) * MULTIPLE
    of_stretches = -(-n_tokens // stretch_of(w)), together
    return {
        "logits": (n_tokens, together),
        "tops": of_stretches,
        "totals": of_stretches,
        "wanted": (together,),
        "dh_parts": (workers - 1, together, n_hidden),
    }


@inlined
def output_forward(w, b, h_panels, targets, first, last, logits, tops, totals, wanted):
    """w (V, H), b (V,) or (0,), targets (m,), masked below zero, tokens first..last, `first` at the start of a stretch.

    Of each stretch s and row, writes the largest logit to tops (S, M) and the sum of exp(logit - largest) to totals; leaves the
    exponentials in logits (V, M), or, where that has no room for all tokens, nothing of use.  Writes the targets' logits to
    wanted (M,).
    """
    step, n_columns = stretch_of(w), h_panels.shape[0] * h_panels.shape[2]
    for start in range(first, last, step):
        stop = min(last, start + step)
        place = start if logits.shape[0] == w.shape[0] else 0
        stretch = logits[place : place + stop - start]
        for v in range(start, stop):
            bias, row = b[v] if b.shape[0] else 0, stretch[v - start]
            for c in range(n_columns):
                row[c] = bias
        add_product(w[start:stop], h_panels, stretch[:, :n_columns])
        for c in range(targets.shape[0]):
            if start <= targets[c] < stop:
                wanted[c] = stretch[targets[c] - start, c]
        _absorb(stretch, tops[start // step, :n_columns], totals[start // step, :n_columns])


@inlined
def combine_stretches(targets, tops, totals, wanted, log_p):
    """What output_forward wrote -> the largest logit of a row and its sum of exp(logit - largest), (m,) both.

    Writes log_p (m,) of the targets, 0 where masked.
    """
    top, total = np.full_like(log_p, -np.inf), np.zeros_like(log_p)
    for s in range(tops.shape[0]):
        for c in range(top.shape[0]):
            top[c] = tops[s, c] if tops[s, c] > top[c] else top[c]
    for s in range(tops.shape[0]):
        for c in range(top.shape[0]):
            total[c] += totals[s, c] * exp_of(tops[s, c] - top[c])
    for c in range(targets.shape[0]):
        log_p[c] = 0
        if targets[c] >= 0:
            log_p[c] = np.float64(wanted[c]) - np.float64(top[c]) - math.log(np.float64(total[c]))
    return top, total


@part
def _stretch_gradient(logits, start, targets, factor, scale, db):
    """logits (n, M): exponentials -> scale * (softmax - one-hot), for n tokens from `start` on and these targets; adds to db.

    factor (m,): scale / the sum of exponentials of a row, 0 where it is masked.
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


@inlined
def output_backward(w, h, targets, tops, top, total, scale, first, last, logits, dw, db, dh):
    """logits as output_forward left them; they become the gradient of -scale * log p(target), in tokens first..last.

    h (m, H), targets (m,).  Adds to dw (V, H) and db (V,) or (0,), and, of these tokens, to dh (m, H).
    """
    m, step, h_rows = h.shape[0], stretch_of(w), pack(h)
    factor = np.empty(m, logits.dtype)
    for start in range(first, last, step):
        stop = min(last, start + step)
        for c in range(m):
            factor[c] = scale / total[c] * exp_of(tops[start // step, c] - top[c]) if targets[c] >= 0 else 0
        _stretch_gradient(logits[start:stop], start, targets, factor, scale, db)
        stretch = logits[start:stop, :m]
        add_product(stretch.T, pack(w[start:stop]), dh)
        add_product(stretch, h_rows, dw[start:stop])


@inlined
def _block_gradient(w, b, h, targets, scale, log_p, dw, db, dh, scratch, team):
    """As output_gradient, of rows that there is room for."""
    logits, tops, totals, wanted, parts = scratch
    worker, workers, _ = team
    first, end = share(tops.shape[0], team)
    first, last = first * stretch_of(w), min(w.shape[0], end * stretch_of(w))
    output_forward(w, b, pack(h.T), targets, first, last, logits, tops, totals, wanted)
    meet(team)
    top, total = combine_stretches(targets, tops, totals, wanted, log_p)  # every worker writes the same
    own = dh if worker == 0 else parts[worker - 1, : h.shape[0]]
    own[:] = 0
    output_backward(w, h, targets, tops, top, total, scale, first, last, logits, dw, db, own)
    meet(team)
    for c in range(*share(h.shape[0], team)):
        for i in range(workers - 1):
            source, target = parts[i, c], dh[c]
            for j in range(target.shape[0]):
                target[j] += source[j]


@kernel
def output_gradient(w, b, h, targets, scale, log_p, dw, db, dh, scratch, team):
    """A worker's share of forward and backward of loss = -scale * sum(log_p), as many rows at a time as there is room for.

    Writes log_p (m,) of the targets (m,), 0 where they are masked below zero, and dh (m, H); adds to dw (V, H) and db (V,) or
    (0,).  scratch, as `output_scratch` says: logits (V, M), tops and totals (S, M) of S stretches, wanted (M,); of workers after
    the first, dh (., M, H).
    """
    together = scratch[0].shape[1]
    for first in range(0, h.shape[0], together):
        rows = slice(first, min(h.shape[0], first + together))
        _block_gradient(w, b, h[rows], targets[rows], scale, log_p[rows], dw, db, dh[rows], scratch, team)


@kernel
def output_score(w, b, h, targets, log_p):
    """Writes log_p (m,) of the targets (m,), 0 where masked; only a stretch of the logits is held at a time."""
    h_panels = pack(h.T)
    n_columns = h_panels.shape[0] * h_panels.shape[2]
    step = stretch_of(w)
    logits = np.empty((min(step, w.shape[0]), n_columns), w.dtype)
    tops = np.empty((-(-w.shape[0] // step), n_columns), w.dtype)
    totals, wanted = np.empty_like(tops), np.zeros_like(tops[0])
    output_forward(w, b, h_panels, targets, 0, w.shape[0], logits, tops, totals, wanted)
    combine_stretches(targets, tops, totals, wanted, log_p)


@kernel
def output_log_p(w, b, h, log_p):
    """Writes log_p (m, V) of all tokens.  w: W^T (H, V) packed, b (V,) or (0,), h (m, H)."""
    dense_forward(h, w, b, log_p)
    log_softmax(log_p, log_p)
