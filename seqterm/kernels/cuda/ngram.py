"""Scoring with an n-gram model: a trie as kernels.cpu.ngram explains it, copied to the device once.

Of texts, all n-grams of one length are looked up at once, a thread a place, then those of the next length; a batch that is read
on from states has a thread a row, which reads its tokens one after the other.
"""

import math

import numpy as np
from numba import cuda

from seqterm.kernels.cuda.compile import device, kernel, launch, scratch

UNSEEN, NOT_YET = -1, -2
HALF, MIX = np.uint64(32), np.uint64(0x9E3779B97F4A7C15)


@device
def _indexed_child(children, index, node, word):
    """The node of an n-gram with one word more, or UNSEEN; node is one of those that are indexed."""
    n_slots = index.shape[0] >> 1
    hashed = ((np.uint64(node) << HALF) | np.uint64(word)) * MIX
    slot = 2 * np.int64(((hashed >> HALF) * np.uint64(n_slots)) >> HALF)
    for _ in range(n_slots):
        child = np.int64(index[slot + 1])
        if child == 0:
            break
        if index[slot] == word and np.int64(children[node]) <= child and child < np.int64(children[node + 1]):
            return child
        slot = slot + 2 if slot + 2 < index.shape[0] else np.int64(0)
    return np.int64(UNSEEN)


@device
def _child(words, children, index, n_indexed, node, word):
    """The node of an n-gram with one word more, or UNSEEN."""
    if node < n_indexed:
        return _indexed_child(children, index, node, word)
    low, end = np.int64(children[node]), np.int64(children[node + 1])
    high = end
    while low < high:
        middle = (low + high) // 2
        if words[middle] < word:
            low = middle + 1
        else:
            high = middle
    return low if low < end and words[low] == word else np.int64(UNSEEN)


@kernel
def _first_nodes(log_p, ids, nodes, out, lengths):
    i = cuda.grid(1)
    if i < ids.shape[0]:
        nodes[i], lengths[i], out[i] = ids[i], 1, log_p[ids[i]]


@kernel
def _blank_starts(begins, out, lengths):
    i = cuda.grid(1)
    if i < begins.shape[0]:
        out[begins[i]], lengths[begins[i]] = 0, 0


@device
def _begin_of(begins, i):
    """Where the text begins that place i is in."""
    low, high = 0, begins.shape[0] - 1
    while low < high:
        middle = (low + high + 1) // 2
        if begins[middle] <= i:
            low = middle
        else:
            high = middle - 1
    return begins[low]


@kernel
def _longer_nodes(words, log_p, backoff, children, index, n_indexed, n_kinds, order, n, ids, begins, before, nodes, out, lengths):
    """before: the nodes of n-grams of length n - 1 that end at each place -> nodes of those of length n, and what they give."""
    i = cuda.grid(1)
    if i >= ids.shape[0]:
        return
    begin = _begin_of(begins, i)
    if i < begin + n - 1:
        return
    context, node = before[i - 1], np.int64(UNSEEN)
    if context >= 0:
        node = _child(words, children, index, n_indexed, context, ids[i])
    nodes[i] = node
    if node >= 0:
        lengths[i], out[i] = n, log_p[node]
    elif n_kinds == 0:
        if context >= 0:
            out[i] += backoff[context]
    elif n == order or i == begin + n - 1:
        lengths[i] = 0
        if log_p[ids[i]] > -math.inf:
            out[i] = backoff[context] if context >= 0 else -math.log(np.float64(n_kinds))


def score_texts(words, log_p, backoff, children, index, n_indexed, n_kinds, order, ids, begins, ends, given, nodes, out, lengths):
    """Writes the log-probabilities of texts ids[begin:end], which follow one another and are all of ids, and the lengths of their
    n-grams.

    given: the first token of a text is the start of all, and has no probability: 0.  nodes (N,): overwritten.
    """
    n_places, others = ids.shape[0], scratch("nodes", nodes.shape, nodes.dtype)
    launch(_first_nodes, n_places, log_p, ids, nodes, out, lengths)
    if given:
        launch(_blank_starts, begins.shape[0], begins, out, lengths)
    trie = words, log_p, backoff, children, index, n_indexed, n_kinds, order
    for n in range(2, order + 1):
        launch(_longer_nodes, n_places, *trie, n, ids, begins, nodes, others, out, lengths)
        nodes, others = others, nodes


@device
def _step(words, log_p, backoff, children, index, n_indexed, n_kinds, states, row, word, after, to):
    """Read a word in the state of a row: writes the state after it to row `to` of after -> its log-probability."""
    width, available = states.shape[1], states.shape[1]
    while available and states[row, available - 1] == NOT_YET:
        available -= 1
    node, length, weight = np.int64(word), 1, 0.0
    for n in range(1, available + 1):
        found, context = np.int64(UNSEEN), states[row, n - 1]
        if context >= 0:
            found = _child(words, children, index, n_indexed, context, word)
            if found >= 0:
                node, length, weight = found, n + 1, 0.0
            else:
                weight += backoff[context]
        if n < width:
            after[to, n] = found
    for n in range(available + 1, width):
        after[to, n] = NOT_YET
    if width:
        after[to, 0] = word
    if n_kinds and length <= available:
        longest = states[row, available - 1]
        if log_p[word] == -math.inf:
            return -math.inf
        return np.float64(backoff[longest]) if longest >= 0 else -math.log(np.float64(n_kinds))
    return np.float64(log_p[node]) + weight


@kernel
def _score(words, log_p, backoff, children, index, n_indexed, n_kinds, states, ids, targets, spare, out):
    row = cuda.grid(1)
    if row >= ids.shape[1]:
        return
    for t in range(ids.shape[0]):
        _step(words, log_p, backoff, children, index, n_indexed, n_kinds, states, row, ids[t, row], spare, row)
        for n in range(states.shape[1]):
            states[row, n] = spare[row, n]
        target, found = targets[t, row], 0.0
        if target >= 0:
            found = _step(words, log_p, backoff, children, index, n_indexed, n_kinds, states, row, target, spare, row)
        out[t, row] = found


def score(words, log_p, backoff, children, index, n_indexed, n_kinds, states, ids, targets, out):
    """Reads ids (T, n) in the states (n, N - 1), which become those after them; writes the log-probabilities of targets (T, n),
    0 where a target is below zero, to out (T, n)."""
    trie = words, log_p, backoff, children, index, n_indexed, n_kinds
    launch(_score, ids.shape[1], *trie, states, ids, targets, scratch("states", states.shape, states.dtype), out)
