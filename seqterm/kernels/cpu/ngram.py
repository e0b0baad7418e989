"""Queries of an n-gram model: a trie (see ngram_counts) with natural log-probabilities and log back-off weights.

The children of its first n_indexed nodes, which have many, stand in a hash table too, index (2 S,): a word, and the node of its
n-gram, 0 where a slot is empty.

A state (N - 1,) holds the nodes of the last word, the last two words, ...: UNSEEN where they never occurred, NOT_YET where
nothing was read.  log p(w | context) is that of the longest n-gram that occurred, plus the weights of all longer contexts that
did.  With n_kinds > 0 the weight of the longest context that there is stands for every word that never followed it; a context
that never occurred gives each of n_kinds words the same.
"""

import math

import numpy as np

from seqterm.kernels.cpu.compile import kernel, part
from seqterm.kernels.cpu.ngram_counts import find_child
from seqterm.kernels.cpu.rows import borrow
from seqterm.kernels.cpu.vector import fetch_item

UNSEEN, NOT_YET = -1, -2
HALF, MIX = np.uint64(32), np.uint64(0x9E3779B97F4A7C15)
TOGETHER = 256  # tokens that are looked up side by side


@part
def _slot(index, node, word):
    """Where the search for a node's child begins."""
    hashed = ((np.uint64(node) << HALF) | np.uint64(word)) * MIX
    return 2 * np.int64(((hashed >> HALF) * np.uint64(len(index) >> 1)) >> HALF)


@part
def _indexed_child(children, index, node, word):
    """The node of an n-gram with one word more, or UNSEEN; node is one of those that are indexed."""
    slot = _slot(index, node, word)
    for _ in range(len(index) >> 1):
        child = np.int64(index[slot + 1])
        if child == 0:
            break
        if index[slot] == word and np.int64(children[node]) <= child < np.int64(children[node + 1]):
            return child
        slot = slot + 2 if slot + 2 < len(index) else 0
    return np.int64(UNSEEN)


@part
def _child(words, children, index, n_indexed, node, word):
    """The node of an n-gram with one word more, or UNSEEN."""
    if node < n_indexed:
        return _indexed_child(children, index, node, word)
    end = np.int64(children[node + 1])
    child = find_child(words, np.int64(children[node]), end, word)
    return child if child < end and words[child] == word else np.int64(UNSEEN)


@kernel
def fill_index(words, children, n_indexed, index):
    """Writes index (2 S,), zero before, which has more slots than the indexed nodes have children."""
    for node in range(n_indexed):
        for child in range(np.int64(children[node]), np.int64(children[node + 1])):
            slot = _slot(index, node, words[child])
            while index[slot + 1]:
                slot = slot + 2 if slot + 2 < len(index) else 0
            index[slot], index[slot + 1] = words[child], child


@part
def _available(states, row):
    """How many words of context there are."""
    n = states.shape[1]
    while n and states[row, n - 1] == NOT_YET:
        n -= 1
    return n


@part
def _floor(backoff, n_kinds, states, row, available):
    """The uniform log-probability of every word that never followed the context."""
    node = states[row, available - 1]
    return np.float64(backoff[node]) if node >= 0 else -math.log(n_kinds)


@part
def _step(words, log_p, backoff, children, index, n_indexed, n_kinds, states, row, word, after, to):
    """Read a word in the state of a row: writes the state after it to another row, `to` of after -> its log-probability, and the
    length of the n-gram that gave it, 0 where none did."""
    width, available = states.shape[1], _available(states, row)
    node, length = np.int64(word), 1
    for n in range(1, width + 1):
        found = np.int64(NOT_YET if n > available else UNSEEN)
        if n <= available and states[row, n - 1] >= 0:
            found = _child(words, children, index, n_indexed, states[row, n - 1], word)
            if found >= 0:
                node, length = found, n + 1
        if n < width:
            after[to, n] = found
    if width:
        after[to, 0] = word
    if n_kinds and length <= available:
        impossible = log_p[word] == -math.inf
        return (-math.inf if impossible else _floor(backoff, n_kinds, states, row, available)), 0
    total = np.float64(log_p[node])
    for n in range(length, available + 1):
        if states[row, n - 1] >= 0:
            total += backoff[states[row, n - 1]]
    return total, length


@kernel
def advance(words, log_p, backoff, children, index, n_indexed, n_kinds, states, tokens, after):
    """Writes the states after (n, N - 1) when each row has read its token."""
    words, log_p, backoff, children, index = borrow((words, log_p, backoff, children, index))
    for row in range(len(tokens)):
        _step(words, log_p, backoff, children, index, n_indexed, n_kinds, states, row, tokens[row], after, row)


@kernel
def distribution(words, log_p, backoff, children, index, n_indexed, n_kinds, states, out, lengths):
    """Writes log-probabilities of all words (n, V) after each state, and the lengths of the n-grams that gave them."""
    for row in range(len(states)):
        available, first = _available(states, row), 1
        weights = np.zeros(available + 1)  # of all contexts longer than n
        if n_kinds and available:
            first = available
            out[row] = np.where(log_p[: out.shape[1]] > -np.inf, _floor(backoff, n_kinds, states, row, available), -np.inf)
            lengths[row] = 0
        else:
            for n in range(available, 0, -1):
                weights[n - 1] = weights[n]
                if states[row, n - 1] >= 0:
                    weights[n - 1] += backoff[states[row, n - 1]]
            for word in range(out.shape[1]):
                out[row, word] = log_p[word] + weights[0]
            lengths[row] = 1
        for n in range(first, available + 1):
            context = states[row, n - 1]
            if context >= 0:
                for node in range(np.int64(children[context]), np.int64(children[context + 1])):
                    out[row, words[node]] = log_p[node] + weights[n]
                    lengths[row, words[node]] = n + 1


@kernel
def score(words, log_p, backoff, children, index, n_indexed, n_kinds, states, ids, targets, out):
    """Reads ids (T, n) in the states (n, N - 1), which become those after them; writes the log-probabilities of targets (T, n),
    0 where a target is below zero, to out (T, n)."""
    words, log_p, backoff, children, index = borrow((words, log_p, backoff, children, index))
    after = np.empty((1, states.shape[1]), states.dtype)
    for row in range(ids.shape[1]):
        is_read = False
        for t in range(len(ids)):
            if not is_read:
                _step(words, log_p, backoff, children, index, n_indexed, n_kinds, states, row, ids[t, row], after, 0)
                states[row] = after[0]
            target, out[t, row], is_read = targets[t, row], 0.0, False
            if target >= 0:
                out[t, row], _ = _step(words, log_p, backoff, children, index, n_indexed, n_kinds, states, row, target, after, 0)
                if t + 1 < len(ids) and ids[t + 1, row] == target:
                    states[row], is_read = after[0], True


@kernel
def score_texts(words, log_p, backoff, children, index, n_indexed, n_kinds, order, ids, begins, ends, given, nodes, out, lengths):
    """Writes the log-probabilities of texts ids[begin:end], which follow one another, and the lengths of their n-grams.

    given: the first token of a text is the start of all, and has no probability: 0.  nodes (N,): overwritten.
    """
    words, log_p, backoff, children, index = borrow((words, log_p, backoff, children, index))
    ids, begins, ends, nodes, out, lengths = borrow((ids, begins, ends, nodes, out, lengths))
    first = 0
    while first < len(begins):
        last = first + 1
        while last < len(begins) and ends[last] - begins[first] <= TOGETHER:
            last += 1
        trie = words, log_p, backoff, children, index, n_indexed
        _score_texts(*trie, n_kinds, order, ids, begins, ends, first, last, given, nodes, out, lengths)
        first = last


@part
def _score_texts(
    words, log_p, backoff, children, index, n_indexed, n_kinds, order, ids, begins, ends, first, last, given, nodes, out, lengths
):
    """All n-grams of one length after the other: places do not wait for one another, and memory is sent for a pass ahead."""
    for text in range(first, last):
        for i in range(begins[text], ends[text]):
            nodes[i], lengths[i] = ids[i], 1
            out[i] = log_p[ids[i]]
        if given:
            out[begins[text]], lengths[begins[text]] = 0.0, 0
    for n in range(2, order + 1):
        for text in range(first, last):
            for i in range(begins[text] + n - 1, ends[text]):
                context = nodes[i - 1]
                if context >= n_indexed:
                    fetch_item(words, np.int64(children[context]))
                elif context >= 0:
                    fetch_item(index, _slot(index, context, ids[i]))
        for text in range(first, last):
            for i in range(ends[text] - 1, begins[text] + n - 2, -1):
                context, node = nodes[i - 1], np.int64(UNSEEN)
                if context >= 0:
                    node = _child(words, children, index, n_indexed, context, ids[i])
                nodes[i] = node
                if node >= 0:
                    lengths[i] = n
                    fetch_item(log_p, node)
                    if n < order:
                        fetch_item(children, node)
                        fetch_item(backoff, node)
                elif n_kinds == 0:
                    out[i] += backoff[context] if context >= 0 else np.float32(0)
                elif n == order or i == begins[text] + n - 1:
                    lengths[i] = 0
                    if log_p[ids[i]] > -math.inf:
                        out[i] = backoff[context] if context >= 0 else -math.log(n_kinds)
        for text in range(first, last):
            for i in range(begins[text] + n - 1, ends[text]):
                if lengths[i] == n:
                    out[i] = log_p[nodes[i]]


@kernel
def is_trie(words, children, firsts):
    """Whether no query could leave the arrays: every node's children are in the next level, and their words rise below V."""
    if children[0] != firsts[1]:
        return False
    for level in range(len(firsts) - 2):
        for node in range(firsts[level], firsts[level + 1]):
            begin, end = np.int64(children[node]), np.int64(children[node + 1])
            if begin > end or end > firsts[level + 2]:
                return False
            for child in range(begin, end):
                if words[child] < 0 or words[child] >= firsts[1] or (child > begin and words[child] <= words[child - 1]):
                    return False
        if np.int64(children[firsts[level + 1]]) != firsts[level + 2]:
            return False
    return True
