"""Probabilities of the n-grams of a trie (see ngram_counts) from their counts."""

import math

import numpy as np

from seqterm.kernels.cpu.compile import kernel, part
from seqterm.kernels.cpu.rows import borrow

TINY = 1e-12  # of a probability, in double precision


@part
def _kept(count, table, shift):
    """What a discount leaves of a count."""
    return table[count] if count < len(table) else count - shift


@kernel
def interpolate(children, values, counts, threshold, links, table, shift, first, last, p, weights):
    """p(w | context) = kept(value) / total + weight p(w | shorter context), the weight being what was not kept / total.

    Of the children of nodes first..last (contexts): values are what totals are made of, n-grams of at most `threshold` counts
    keep nothing.  Writes p of the children and weights of the contexts.
    """
    table = borrow(table)
    for context in range(first, last):
        begin, end = np.int64(children[context]), np.int64(children[context + 1])
        total, left = 0.0, 0.0
        for node in range(begin, end):
            value = np.int64(values[node])
            total += value
            left += value if counts[node] <= threshold else value - _kept(value, table, shift)
        weight = left / total if total > 0.0 else 1.0
        weights[context] = weight
        for node in range(begin, end):
            kept = 0.0 if counts[node] <= threshold else _kept(np.int64(values[node]), table, shift)
            p[node] = kept / total + weight * p[links[node]]


@kernel
def back_off(children, counts, threshold, links, table, shift, leaves_some, first, last, p, weights):
    """p(w | context) = kept(count) / total; a word that never followed: weight p(w | shorter context).

    p in double precision: little may be left of 1 when all words that followed are taken from it.
    `leaves_some`: where the whole count is kept, totals are one higher, so that something is left for words that never followed.
    """
    table = borrow(table)
    for context in range(first, last):
        begin, end = np.int64(children[context]), np.int64(children[context + 1])
        total, kept, lower = 0.0, 0.0, 0.0
        for node in range(begin, end):
            count = np.int64(counts[node])
            total += count
            if count > threshold:
                kept += _kept(count, table, shift)
                lower += p[links[node]]
        if total == 0.0:
            weights[context] = 1.0
            continue
        nothing_else = 1.0 - lower < TINY  # the words that followed are all that there are: they get everything
        if leaves_some and kept >= total and not nothing_else:
            total += 1.0
        left = 0.0 if nothing_else else total - kept
        weights[context] = left / total / (1.0 - lower) if left > 0.0 else 0.0
        for node in range(begin, end):
            count = np.int64(counts[node])
            p[node] = 0.0 if count <= threshold else _kept(count, table, shift) / (kept if nothing_else else total)


@kernel
def add_to_counts(children, counts, threshold, k, n_kinds, first, last, p, weights):
    """p(w | context) = (count + k) / (total + k n_kinds); the weight is that of a word that never followed."""
    for context in range(first, last):
        begin, end = np.int64(children[context]), np.int64(children[context + 1])
        total = 0.0
        for node in range(begin, end):
            if counts[node] > threshold:
                total += counts[node]
        weights[context] = k / (total + k * n_kinds)
        for node in range(begin, end):
            p[node] = (counts[node] + k) / (total + k * n_kinds)


@kernel
def take_logarithms(values, first, last):
    """Of values[first:last], in place; that of zero is minus infinity."""
    for i in range(first, last):
        values[i] = math.log(values[i]) if values[i] > 0.0 else -math.inf


@kernel
def keep_frequent(words, children, counts, thresholds, firsts, new_words, new_children, sources):
    """The trie without n-grams of at most thresholds[n] counts (whose longer ones are as rare), level n beginning at firsts[n].

    Writes new_words, new_children (as far as they go) and sources, which old node each new node was.  -> where its levels begin.
    """
    n_order, n_nodes = len(firsts) - 1, firsts[1]
    starts = np.zeros(n_order + 1, np.int64)
    starts[1] = n_nodes
    for node in range(n_nodes):
        new_words[node], sources[node] = words[node], node
    for level in range(1, n_order):
        for parent in range(starts[level - 1], starts[level]):
            new_children[parent] = n_nodes
            old = sources[parent]
            for node in range(np.int64(children[old]), np.int64(children[old + 1])):
                if counts[node] > thresholds[level]:
                    new_words[n_nodes], sources[n_nodes] = words[node], node
                    n_nodes += 1
        starts[level + 1] = n_nodes
    new_children[starts[n_order - 1]] = n_nodes
    return starts
