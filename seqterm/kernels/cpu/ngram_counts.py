"""n-grams of a corpus, sorted and counted into a trie.

ids (T,): word numbers; an n-gram may end with the number `end`, but does not reach beyond it (-1: nothing ends).  A trie over
V words has a node for every n-gram: those of one word first (node w is word w), then those of two, each level in the order of its
n-grams.  words: the last word of each node; counts; children (one more than there are inner nodes): the children of node x are
the nodes children[x]:children[x + 1], in the order of their words.
"""

import numpy as np

from seqterm.kernels.cpu.compile import kernel, part
from seqterm.kernels.cpu.rows import borrow

NONE = -1  # where an n-gram has ended


@part
def _key(ids, i, end, n_words, pairs):
    """The number by whose ranges a corpus is taken in parts: of the first word, or of the first two."""
    if not pairs:
        return np.int64(ids[i])
    following = np.int64(ids[i + 1]) + 1 if i + 1 < len(ids) and ids[i] != end else 0
    return np.int64(ids[i]) * (n_words + 1) + following


@kernel
def count_keys(ids, end, n_words, pairs, counts):
    """Adds to counts (V,), or ((V + 1) V,) for pairs."""
    ids = borrow(ids)
    for i in range(len(ids)):
        counts[_key(ids, i, end, n_words, pairs)] += 1


@kernel
def copy_windows(ids, end, n_words, pairs, ranges, first, last, places, windows):
    """Writes the n-grams that begin in ids and whose key has a range first <= ranges[key] < last to rows of windows (M, N), NONE
    behind their ends; range r goes on from row places[r], which moves on."""
    ids = borrow(ids)
    n_order = windows.shape[1]
    for i in range(len(ids)):
        number = ranges[_key(ids, i, end, n_words, pairs)]
        if first <= number < last:
            row, n = places[number], 0
            while n < n_order and i + n < len(ids):
                windows[row, n] = ids[i + n]
                n += 1
                if ids[i + n - 1] == end:
                    break
            windows[row, n:] = NONE
            places[number] += 1


@kernel
def sort_windows(windows, n_words, order, scratch, places):
    """Writes to order (M,) the rows of windows (M, N) in the order of their words, the last word sorted first.

    scratch (M,), places (V + 2,): overwritten.
    """
    for m in range(len(order)):
        order[m] = m
    a, b = order, scratch
    for n in range(windows.shape[1] - 1, -1, -1):
        places[:] = 0
        for m in range(len(windows)):
            places[windows[m, n] + 2] += 1
        for word in range(1, n_words + 2):
            places[word] += places[word - 1]
        for m in range(len(windows)):
            word = windows[a[m], n] + 1
            b[places[word]] = a[m]
            places[word] += 1
        a, b = b, a
    if windows.shape[1] % 2:
        for m in range(len(order)):
            order[m] = a[m]


@kernel
def measure_windows(windows, order, shared, sizes):
    """Writes to shared (M,) how many first words each window, in order, has in common with the one before; adds to sizes (N,)
    the nodes of each level."""
    n_order = windows.shape[1]
    for m in range(len(order)):
        row, n = order[m], 0
        if m:
            before = order[m - 1]
            while n < n_order and windows[row, n] == windows[before, n] and windows[row, n] != NONE:
                n += 1
        shared[m] = n
        while n < n_order and windows[row, n] != NONE:
            sizes[n] += 1
            n += 1


@kernel
def fill_levels(windows, order, shared, starts, words, counts, degrees, first_degrees):
    """The trie of sorted windows from its second level on: level n begins at starts[n] of words, counts and degrees, which are
    zero, as is first_degrees (V,).  degrees: how many children."""
    ends, n_order = starts.copy(), windows.shape[1]
    for m in range(len(order)):
        row, known = order[m], max(1, shared[m])
        n = known
        while n < n_order and windows[row, n] != NONE:
            words[ends[n]] = windows[row, n]
            if n == 1:
                first_degrees[windows[row, 0]] += 1
            else:
                degrees[ends[n - 1] - 1] += 1
            ends[n] += 1
            n += 1
        n = 1
        while n < n_order and windows[row, n] != NONE:
            counts[ends[n] - 1] += 1
            n += 1


@part
def find_child(words, begin, end, word):
    """The first node of begin:end whose word is not below `word`; words rise there.  Without branches that depend on words."""
    n = end - begin
    while n > 0:
        half = (n + 1) >> 1
        begin += half & ((np.int64(words[begin + half - 1]) - word) >> 63)
        n -= half
    return begin


@kernel
def link_children(words, children, n_words, first, last, links):
    """Writes for the children of nodes first..last, which are of one level, the nodes of their n-grams without the first word."""
    words, children, links = borrow((words, children, links))
    for parent in range(first, last):
        begin, end = np.int64(children[parent]), np.int64(children[parent + 1])
        if parent < n_words:
            for node in range(begin, end):
                links[node] = words[node]
            continue
        shorter = links[parent]
        low, high = np.int64(children[shorter]), np.int64(children[shorter + 1])
        for node in range(begin, end):
            step = 1
            while low + step < high and words[low + step] <= words[node]:
                step *= 2
            low = find_child(words, low, min(low + step, high), words[node])
            links[node] = low


@kernel
def count_left_words(links, first, last, counts):
    """Adds to counts, for the nodes first..last, one to the node of each n-gram without its first word."""
    for node in range(first, last):
        counts[links[node]] += 1


@kernel
def count_counts(counts, first, last, found):
    """Adds to found (K,) how many of counts[first:last] are 0, 1, ... and, at the end, K - 1 or more."""
    most = len(found) - 1
    for node in range(first, last):
        found[min(np.int64(counts[node]), most)] += 1
