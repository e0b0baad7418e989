"""From the counts of n-grams to probabilities and back-off weights.

Katz: back-off with Good-Turing counts (Katz 1987, IEEE ASSP 35(3)).  Kneser-Ney: interpolated and modified (Chen and Goodman
1999) with the counts and sums of Heafield et al. 2013: below the highest order a count is the number of different words to the
left, but for n-grams that begin a sentence.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.errors import UsageError
from seqterm.events import NgramOrder
from seqterm.models.ngram_counts import Room, Trie
from seqterm.models.ngram_settings import NgramSettings

GOOD_TURING = 5  # the highest count that Good-Turing lowers
FALLBACK = (0.5, 1.0, 1.5)  # Kneser-Ney's discounts where counts of counts allow none


class Discount(NamedTuple):
    """What is kept of counts: table[count] while there is one, then count - shift.  `instead`: why it is not the usual one."""

    table: Array
    shift: float
    instead: str = ""

    def off(self) -> list[float]:
        """What is taken off counts of 1, 2, ..., the last of all beyond; none where counts are kept whole."""
        off = [count - float(kept) for count, kept in enumerate(self.table)][1:]
        return off if off or not self.shift else [self.shift]


class Estimate(NamedTuple):
    """A trie as kernels.cpu.ngram has it, level n (from 0) at firsts[n]:firsts[n + 1], and the discount of each level."""

    words: Array
    log_p: Array
    backoff: Array
    children: Array
    firsts: Array
    discounts: list[Discount]


def good_turing(found: Array) -> Discount:
    """found (K,): how many n-grams have each count.

    Katz's d_r r = (r* - r m) / (1 - m) for counts r up to k, with r* = (r + 1) n_{r+1} / n_r and m = (k + 1) n_{k+1} / n_1.
    """
    n, k = found.astype(np.float64), GOOD_TURING
    r = np.arange(1, k + 1)
    if (found[1 : k + 2] > 0).all() and (k + 1) * n[k + 1] < n[1]:
        m = (k + 1) * n[k + 1] / n[1]
        kept = ((r + 1) * n[2 : k + 2] / n[1 : k + 1] - r * m) / (1 - m)
        if (kept > 0).all() and (kept <= r).all():
            return Discount(np.concatenate([[0.0], kept]), 0.0)
    shift = n[1] / (n[1] + 2 * n[2]) if found[1] else 0.0
    shift = float(shift) if 0 < shift < 1 else 0.5
    why = f"the counts of counts allow no Good-Turing estimate: {shift:.3g} is taken off every count"
    return Discount(np.zeros(1), shift, why)


def kneser_ney(found: Array) -> Discount:
    """found (K,): how many n-grams have each count.

    D_j = j - (j + 1) Y n_{j+1} / n_j for j = 1, 2, 3 and more, Y = n_1 / (n_1 + 2 n_2).
    """
    n, off, why = found.astype(np.float64), np.array(FALLBACK), ""
    if (found[1:4] > 0).all():
        y = n[1] / (n[1] + 2 * n[2])
        own = np.array([j - (j + 1) * y * n[j + 1] / n[j] for j in (1, 2, 3)])
        off, why = (own, "") if (own >= 0).all() else (off, "the counts of counts give discounts below zero")
    else:
        why = f"no count is {' or '.join(str(j) for j in (1, 2, 3) if not found[j])}"
    instead = why and f"{why}: the discounts {', '.join(f'{value:g}' for value in FALLBACK)} are used"
    return Discount(np.arange(4) - np.concatenate([[0.0], off]), float(off[2]), instead)


def thresholds(prune: tuple[int, ...], order: int) -> Array:
    """(N,) for each order the highest count that is left out; UsageError where a longer n-gram could outlive its beginning."""
    if any(count < 0 for count in prune) or list(prune) != sorted(prune) or len(prune) > order:
        raise UsageError(f"--prune takes up to {order} counts, one an order, none below the one before: 0 0 1.")
    if prune and prune[0] > 0:
        raise UsageError("--prune must begin with 0: rare words are left out by --min-count.")
    last = prune[-1] if prune else 0
    return np.array([*prune, *([last] * (order - len(prune)))], np.int64)


class Smoothing:
    """Estimates a model of a trie, level by level."""

    def __init__(self, trie: Trie, settings: NgramSettings, prune: tuple[int, ...], room: Room, backend: Backend):
        """prune: for each order the highest count that is left out of the model; the last one is for all orders beyond."""
        self._trie, self._settings, self._room, self._backend = trie, settings, room, backend
        self._kernels, self._counting = backend.kernels("smoothing"), backend.kernels("ngram_counts")
        self._order, self._n_words = len(trie.firsts) - 1, int(trie.firsts[1])
        self._thresholds = thresholds(prune, self._order)

    def estimate(self, start: int, unknown: int) -> Estimate:
        """start: the word that begins sentences and is never predicted, -1: there is none; unknown: that of all other words."""
        trie = self._trie
        precision = np.float64 if self._settings.smoothing in ("mle", "katz") else np.float32  # as kernels' back_off asks
        links, p = self._room.zeros(trie.firsts[-1], np.uint32), self._room.zeros(trie.firsts[-1], precision)
        weights = self._room.zeros(trie.firsts[-2], precision)
        for level in range(1, self._order):
            self._for_contexts(level, self._counting.link_children, trie.words, trie.children, self._n_words, then=(links,))
        values = self._left_words(links, start) if self._settings.smoothing == "kneser-ney" else trie.counts
        discounts = [self._discount(values, 0, start)]
        p[: self._n_words] = self._unigrams(values[: self._n_words].astype(np.float64), discounts[0], start, unknown)
        for level in range(1, self._order):
            discounts.append(self._discount(values, level, start))
            self._level(level, values, discounts[level], links, p, weights)
        return self._finished(p, weights, discounts)

    def orders(self, estimate: Estimate) -> list[NgramOrder]:
        """What became of each order."""
        counted, kept = np.diff(self._trie.firsts).tolist(), np.diff(estimate.firsts).tolist()
        return [
            NgramOrder(level + 1, counted[level], kept[level], discount.off(), discount.instead)
            for level, discount in enumerate(estimate.discounts)
        ]

    def _for_contexts(self, level: int, kernel: Callable[..., None], *arrays: Any, then: tuple[Any, ...] = ()) -> None:
        """kernel(*arrays, first, last, *then) over the contexts of a level, in threads."""
        ranges = self._trie.contexts(level - 1, 4 * self._backend.threads)
        self._backend.map(lambda own: kernel(*arrays, *own, *then), ranges)

    def _left_words(self, links: Array, start: int) -> Array:
        """Counts as Kneser-Ney has them; those of the highest order, and of what nothing stands to the left of, as they are."""
        trie, values = self._trie, self._room.zeros(self._trie.firsts[-1], np.uint32)

        def count(level: int) -> None:
            first, last = trie.firsts[level], trie.firsts[level + 1]
            if level == self._order - 1:
                values[first:last] = trie.counts[first:last]
                return
            self._counting.count_left_words(links, last, trie.firsts[level + 2], values)
            np.maximum(values[first:last], trie.counts[first:last] > 0, out=values[first:last], casting="unsafe")

        self._backend.map(count, reversed(range(self._order)))
        first, last = start, start + 1
        for _ in range(self._order - 1 if start >= 0 else 0):
            values[first:last] = trie.counts[first:last]
            first, last = int(trie.children[first]), int(trie.children[last])
        return values

    def _discount(self, values: Array, level: int, start: int) -> Discount:
        if self._settings.smoothing not in ("katz", "kneser-ney"):
            return Discount(np.zeros(1), 0.0)
        found = np.zeros(GOOD_TURING + 3, np.int64)
        self._counting.count_counts(values, self._trie.firsts[level], self._trie.firsts[level + 1], found)
        if level == 0 and start >= 0:
            found[min(int(values[start]), len(found) - 1)] -= 1
        return (good_turing if self._settings.smoothing == "katz" else kneser_ney)(found)

    def _unigrams(self, values: Array, discount: Discount, start: int, unknown: int) -> Array:
        """(V,) probabilities of single words."""
        if start >= 0:
            values[start] = 0
        n_kinds, total = self._n_words - (start >= 0), values.sum()
        if self._settings.smoothing == "add-k":
            p = (values + self._settings.k) / (total + self._settings.k * n_kinds)
        else:
            whole, table = values.astype(np.int64), discount.table
            kept = np.where(whole < len(table), table[np.minimum(whole, len(table) - 1)], whole - discount.shift)
            if self._settings.smoothing == "katz" and kept.sum() > total * (1 - 1e-12):
                total += 1
            p, left = kept / total, 1 - kept.sum() / total
            if self._settings.smoothing == "kneser-ney":
                p += left / n_kinds
            elif self._settings.smoothing == "katz":
                p[unknown] += left
        if start >= 0:
            p[start] = 0
        return p

    def _level(self, level: int, values: Array, discount: Discount, links: Array, p: Array, weights: Array) -> None:
        """Writes p of the n-grams of a level above the first, and the weights of their contexts."""
        trie, threshold = self._trie, self._thresholds[level]
        shape, results = (discount.table, discount.shift), (p, weights)
        match self._settings.smoothing:
            case "kneser-ney":
                arrays = (trie.children, values, trie.counts, threshold, links, *shape)
                self._for_contexts(level, self._kernels.interpolate, *arrays, then=results)
            case "add-k":
                n_kinds = float(np.count_nonzero(p[: self._n_words]))
                given = (trie.children, trie.counts, threshold, self._settings.k, n_kinds)
                self._for_contexts(level, self._kernels.add_to_counts, *given, then=results)
            case smoothing:
                taken = (trie.children, trie.counts, threshold, links, *shape, smoothing == "katz")
                self._for_contexts(level, self._kernels.back_off, *taken, then=results)

    def _finished(self, p: Array, weights: Array, discounts: list[Discount]) -> Estimate:
        """Logarithms, of the n-grams that are frequent enough."""
        words, counts, children, firsts = self._trie
        if self._thresholds.any():
            kept, inner, sources = np.empty_like(words), np.empty_like(children), np.empty(len(words), np.uint32)
            firsts = self._kernels.keep_frequent(words, children, counts, self._thresholds, firsts, kept, inner, sources)
            words, children = kept[: firsts[-1]], inner[: firsts[-2] + 1]
            p, weights = p[sources[: firsts[-1]]], weights[sources[: firsts[-2]]]
        for values in (p, weights):
            cuts = np.linspace(0, len(values), 4 * self._backend.threads + 1).astype(int).tolist()
            self._backend.map(partial(self._take_logarithms, values), pairwise(cuts))
        return Estimate(words, p, weights, children, firsts, discounts)

    def _take_logarithms(self, values: Array, own: tuple[int, int]) -> None:
        self._kernels.take_logarithms(values, *own)
