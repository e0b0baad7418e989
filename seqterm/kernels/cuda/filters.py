"""From log-probabilities to a token: penalty, temperature, filters, draw.  A group of threads a row, sums in float64.

What is largest of all, or reaches a mass, is not sorted for: a threshold is, bit by bit, as every threshold splits the row.
"""

import math

import numpy as np
from numba import cuda

from seqterm.kernels.cuda.activation import exp
from seqterm.kernels.cuda.compile import device
from seqterm.kernels.cuda.groups import largest_of, sum_before, sum_of

LEAST = -87.0  # exp of less is nothing beside the most probable token's 1
EXPONENTS = 127  # of powers of two down to below exp(LEAST)


@device
def _allowed(log_p, seen, banned, penalty, j):
    """log_p[j] in float64, -inf where banned, with repeats penalised."""
    if banned[j]:
        return -math.inf
    return np.float64(log_p[j]) * penalty if seen[j] else np.float64(log_p[j])


@device
def _measure(p, n, limit, by_mass, shared, lane, lanes):
    """How many of the first n of p are `limit` or more, or the sum of these."""
    total = 0.0
    for j in range(lane, n, lanes):
        if p[j] >= limit:
            total += np.float64(p[j]) if by_mass else 1.0
    return sum_of(total, shared, lane, lanes)


@device
def _threshold(p, n, wanted, by_mass, shared, lane, lanes):
    """The largest number from which on p measures at least `wanted`, 0 where all of p does not.

    Each that is tried is one of p's type, and compared as such: many devices are slow with float64.
    """
    real, low, high = p.dtype.type, 0, EXPONENTS
    for _ in range(7):  # as many for every group of the block
        middle = (low + high) // 2
        enough = _measure(p, n, real(0.5**middle), by_mass, shared, lane, lanes) >= wanted
        low, high = (low, middle) if enough else (middle + 1, high)
    found, step = 0.5**low, 0.5**low
    for _ in range(23 if p.itemsize == 4 else 52):
        step *= 0.5
        if _measure(p, n, real(found + step), by_mass, shared, lane, lanes) >= wanted:
            found += step
    return real(found) if low < EXPONENTS else real(0)


@device
def _part(n, lane, lanes):
    """(first, last) of a lane's own stretch: where order matters, lanes have a stretch each."""
    size = (n + lanes - 1) // lanes
    return min(n, lane * size), min(n, (lane + 1) * size)


@device
def _keep_from(p, n, limit, room, shared, lane, lanes):
    """Zeroes what is below limit in p, and of what equals it all but the first `room`."""
    first, last = _part(n, lane, lanes)
    count = 0.0
    for j in range(first, last):
        if p[j] == limit:
            count += 1.0
    rank, _ = sum_before(count, shared, lane, lanes)
    for j in range(first, last):
        if p[j] < limit or (p[j] == limit and rank >= room):
            p[j] = 0
        elif p[j] == limit:
            rank += 1.0
    cuda.syncthreads()  # other lanes read it


@device
def _filter(p, n, top_k, top_p, min_p, shared, lane, lanes):
    """Leaves of p (n,), whose largest is 1, what the filters leave (off: top_k 0, top_p 1, min_p 0)."""
    if top_k > 0:
        limit = _threshold(p, n, top_k, False, shared, lane, lanes)
        above = _measure(p, n, limit, False, shared, lane, lanes) - _equal(p, n, limit, shared, lane, lanes)
        _keep_from(p, n, limit, top_k - above, shared, lane, lanes)
    if top_p < 1.0:
        wanted = top_p * _measure(p, n, p.dtype.type(0), True, shared, lane, lanes)
        limit = _threshold(p, n, wanted, True, shared, lane, lanes)
        equal = _equal(p, n, limit, shared, lane, lanes)
        above = _measure(p, n, limit, True, shared, lane, lanes) - equal * limit
        room = math.ceil((wanted - above) / limit) if limit else equal
        _keep_from(p, n, limit, max(1.0, room), shared, lane, lanes)
    if min_p > 0.0:
        for j in range(lane, n, lanes):
            if p[j] < min_p:
                p[j] = 0


@device
def _equal(p, n, limit, shared, lane, lanes):
    """How many of p are `limit`."""
    count = 0.0
    for j in range(lane, n, lanes):
        if p[j] == limit:
            count += 1.0
    return sum_of(count, shared, lane, lanes)


@device
def _pick(p, n, u, shared, lane, lanes):
    """The token in which a uniform u in [0, 1) of the sum of p (n,) falls; never one with p = 0."""
    cuda.syncthreads()  # other lanes have written it
    (first, last), own = _part(n, lane, lanes), 0.0
    for j in range(first, last):
        own += np.float64(p[j])
    before, total = sum_before(own, shared, lane, lanes)
    target = min(u * total, total * (1.0 - 2.0**-52))  # some lane's part reaches beyond
    token, reached = -1.0, before
    if before <= target < before + own:
        for j in range(first, last):
            if p[j] > 0 and reached <= target:
                reached += np.float64(p[j])
                token = float(j)
    return int(max(0.0, largest_of(token, shared, lane, lanes)))  # 0 where nothing is a number


@device
def draw_token(log_p, seen, banned, settings, u, p, n, shared, lane, lanes):
    """One of the first n tokens of log_p with a uniform u; p: scratch for n numbers.

    settings: greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, all of them float64, the same for all groups.
    """
    greedy, temperature, top_k, top_p, min_p, penalty, equal_weights = settings
    top = -math.inf
    for j in range(lane, n, lanes):
        top = max(top, _allowed(log_p, seen, banned, penalty, j))
    top = largest_of(top, shared, lane, lanes)
    if greedy:
        place = -math.inf  # of the first that is as probable as any
        for j in range(lane, n, lanes):
            if _allowed(log_p, seen, banned, penalty, j) == top:
                place = max(place, -float(j))
        place = largest_of(place, shared, lane, lanes)
        return int(-place) if place > -n else 0
    for j in range(lane, n, lanes):
        x = (_allowed(log_p, seen, banned, penalty, j) - top) / temperature
        p[j] = exp(p.dtype.type(x)) if x > LEAST else p.dtype.type(0)
    _filter(p, n, top_k, top_p, min_p, shared, lane, lanes)
    if equal_weights:
        for j in range(lane, n, lanes):
            p[j] = 1 if p[j] > 0 else 0
    return _pick(p, n, u, shared, lane, lanes)
