"""From log-probabilities to a token: penalty, temperature, filters, draw.  A row at a time, sums in float64."""

import numpy as np

from seqterm.kernels.cpu.activation import exp as exp_of
from seqterm.kernels.cpu.compile import kernel

LEAST = -87.0  # exp of less is nothing beside the most probable token's 1
BLOCK = 64  # tokens whose sum is looked at before they are


@kernel
def penalise_repeats(log_p, seen, penalty):
    """Multiplies the log-probabilities of seen tokens (V,) by penalty > 1 (Keskar et al. 2019, on log-probabilities)."""
    for j in range(log_p.shape[0]):
        if seen[j]:
            log_p[j] *= penalty


@kernel
def _kth_largest(p, k):
    """The k-th largest of p (V,), by a heap of k whose root is its smallest."""
    heap = np.full(k, -np.inf)
    for j in range(p.shape[0]):
        if p[j] > heap[0]:
            parent, child = 0, 1
            while child < k:
                if child + 1 < k and heap[child + 1] < heap[child]:
                    child += 1
                if heap[child] >= p[j]:
                    break
                heap[parent] = heap[child]
                parent, child = child, 2 * child + 1
            heap[parent] = p[j]
    return heap[0]


@kernel
def keep_top_k(p, k):
    """Zeroes all but the k largest of p (V,); of equals the earlier stay."""
    if k >= p.shape[0]:
        return
    threshold = _kth_largest(p, k)
    room = k
    for j in range(p.shape[0]):
        if p[j] > threshold:
            room -= 1
    for j in range(p.shape[0]):
        if p[j] == threshold and room > 0:
            room -= 1
        elif p[j] <= threshold:
            p[j] = 0.0


@kernel
def keep_top_p(p, mass):
    """Zeroes all but the fewest most probable that hold at least `mass` of the sum of p (V,) (Holtzman et al. 2020)."""
    order = np.argsort(-p)
    wanted = mass * p.sum()
    total = 0.0
    for rank in range(p.shape[0]):
        if total >= wanted and rank > 0:
            p[order[rank]] = 0.0
        else:
            total += p[order[rank]]


@kernel
def keep_min_p(p, share):
    """Zeroes what is below `share` of the largest of p (V,) (Nguyen et al. 2024)."""
    limit = share * p.max()
    for j in range(p.shape[0]):
        if p[j] < limit:
            p[j] = 0.0


@kernel
def allowed(log_p, seen, banned, penalty):
    """log_p (V,) in float64, -inf where banned (V,), with repeats penalised."""
    scaled = log_p.astype(np.float64)
    if penalty != 1.0:
        penalise_repeats(scaled, seen, penalty)
    for j in range(scaled.shape[0]):
        if banned[j]:
            scaled[j] = -np.inf
    return scaled


@kernel
def filtered(log_p, seen, banned, temperature, top_k, top_p, min_p, penalty):
    """log_p (V,) -> unnormalised probabilities (V,) after penalty, temperature and filters (off: top_k 0, top_p 1, min_p 0)."""
    scaled = allowed(log_p, seen, banned, penalty)
    top = scaled.max()
    p = np.empty_like(scaled)
    for j in range(p.shape[0]):
        x = (scaled[j] - top) / temperature
        p[j] = exp_of(log_p.dtype.type(x)) if x > LEAST else 0.0
    if top_k > 0:
        keep_top_k(p, top_k)
    if top_p < 1.0:
        keep_top_p(p, top_p)
    if min_p > 0.0:
        keep_min_p(p, min_p)
    return p


@kernel
def pick(p, u):
    """The token in which a uniform u in [0, 1) of the sum of p (V,) falls; never one with p = 0."""
    n_blocks = -(-p.shape[0] // BLOCK)
    sums = np.empty(n_blocks)
    last_block = 0
    for block in range(n_blocks):
        sums[block] = p[block * BLOCK : (block + 1) * BLOCK].sum()
        last_block = block if sums[block] > 0.0 else last_block
    target = u * sums.sum()
    total = 0.0
    last = 0
    for block in range(last_block + 1):
        if total + sums[block] <= target and block < last_block:
            total += sums[block]
            continue
        for j in range(block * BLOCK, min(p.shape[0], (block + 1) * BLOCK)):
            if p[j] > 0.0:
                total += p[j]
                last = j
                if total > target:
                    return last
    return last


@kernel
def chances(log_p, seen, banned, greedy, temperature, top_k, top_p, min_p, penalty, equal_weights):
    """What tokens of log_p (V,) are drawn with: unnormalised probabilities (V,), 0 where a token cannot be drawn.

    `greedy` leaves the most probable alone, `equal_weights` gives all that the filters leave the same."""
    if greedy:
        p = np.zeros(log_p.shape[0])
        p[np.argmax(allowed(log_p, seen, banned, penalty))] = 1.0
        return p
    p = filtered(log_p, seen, banned, temperature, top_k, top_p, min_p, penalty)
    if equal_weights:
        for j in range(p.shape[0]):
            p[j] = 1.0 if p[j] > 0.0 else 0.0
    return p


@kernel
def draw_token(log_p, seen, banned, greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, u):
    """One token of log_p (V,) with a uniform u."""
    return pick(chances(log_p, seen, banned, greedy, temperature, top_k, top_p, min_p, penalty, equal_weights), u)
