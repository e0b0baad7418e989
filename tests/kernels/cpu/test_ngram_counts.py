"""n-grams as windows: cut, sorted, counted, pruned; and children that are looked for."""

from bisect import bisect_left
from itertools import pairwise

import numpy as np
import pytest

from seqterm.kernels.cpu import ngram_counts as kernels

V, END = 5, 2


def windows_of(ids, order):
    """The n-grams that begin at each place, as far as an end."""
    found = []
    for i in range(len(ids)):
        window = ids[i : i + order]
        if END in window:
            window = window[: window.index(END) + 1]
        found.append([*window, *[kernels.NONE] * (order - len(window))])
    return found


@pytest.fixture(params=[1, 2, 3, 4])
def order(request):
    return request.param


@pytest.fixture
def ids():
    return np.random.default_rng(3).integers(0, V, 200).astype(np.uint8)


@pytest.fixture
def windows(ids, order):
    return np.array(windows_of(ids.tolist(), order), np.int32)


def sorted_windows(windows):
    rows = np.empty(len(windows), np.uint32)
    kernels.sort_windows(windows, V, rows, np.empty_like(rows), np.empty(V + 2, np.int64))
    return rows


@pytest.mark.parametrize("pairs", [False, True])
def test_windows_go_to_the_ranges_of_their_keys(ids, order, pairs):
    keys = np.zeros(V * (V + 1) if pairs else V, np.int64)
    kernels.count_keys(ids, END, V, pairs, keys)
    expected = windows_of(ids.tolist(), order)
    seconds = [window[1] for window in windows_of(ids.tolist(), 2)]
    by_key = {}
    for i, window in enumerate(expected):
        key = int(ids[i]) * (V + 1) + seconds[i] + 1 if pairs else int(ids[i])
        by_key.setdefault(key, []).append(window)
    assert keys.tolist() == [len(by_key.get(key, [])) for key in range(len(keys))]
    ranges = (np.arange(len(keys)) // 2).astype(np.int32)  # two keys a range; the first and the last are left out
    sizes = np.bincount(ranges, keys).astype(np.int64)
    first, last = 1, len(sizes) - 1
    places = np.concatenate([[0] * first, np.cumsum(sizes[first:last]) - sizes[first:last], [0]]).astype(np.int64)
    found = np.full((sizes[first:last].sum(), order), 99, np.int32)
    kernels.copy_windows(ids, END, V, pairs, ranges, first, last, places, found)
    wanted = [sorted(by_key.get(2 * r, []) + by_key.get(2 * r + 1, [])) for r in range(first, last)]
    begins = np.cumsum([0, *map(len, wanted)])
    assert [sorted(found[a:b].tolist()) for a, b in pairwise(begins)] == wanted


def test_windows_are_sorted_by_all_their_words(windows):
    assert windows[sorted_windows(windows)].tolist() == sorted(windows.tolist())


def test_windows_become_levels(windows, order):
    rows, shared, sizes = sorted_windows(windows), np.empty(len(windows), np.uint8), np.zeros(order, np.int64)
    kernels.measure_windows(windows, rows, shared, sizes)
    ngrams = [sorted({tuple(w[:n]) for w in windows.tolist() if kernels.NONE not in w[:n]}) for n in range(1, order + 1)]
    assert sizes.tolist() == [len(level) for level in ngrams]
    starts = np.concatenate([[0, 0], np.cumsum(sizes[1:])])
    words, counts, degrees = np.zeros(starts[-1], np.int32), np.zeros(starts[-1], np.uint32), np.zeros(starts[-1], np.uint32)
    first_degrees = np.zeros(V, np.int64)
    kernels.fill_levels(windows, rows, shared, starts, words, counts, degrees, first_degrees)
    everything = [ngram for level in ngrams[1:] for ngram in level]
    assert words.tolist() == [ngram[-1] for ngram in everything]
    assert counts.tolist() == [sum(tuple(w[: len(ngram)]) == ngram for w in windows.tolist()) for ngram in everything]
    below = {ngram: sum(other[:-1] == ngram for level in ngrams for other in level) for level in ngrams for ngram in level}
    assert degrees.tolist() == [below[ngram] for ngram in everything]
    assert first_degrees.tolist() == [below.get((word,), 0) if order > 1 else 0 for word in range(V)]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 8, 100])
def test_a_child_is_found_as_bisection_finds_it(n):
    words = np.sort(np.random.default_rng(n).choice(300, n, replace=False)).astype(np.int32)
    padded = np.concatenate([[999, 999], words, [-1]]).astype(np.int32)
    for word in (*range(0, 301, 3), *words.tolist()):
        assert kernels.find_child(padded, 2, 2 + n, word) == 2 + bisect_left(words.tolist(), word)


# a, b, c; aa, ab, bc, ca; aab, abc, bca: an end nowhere
WORDS = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0], np.int32)
CHILDREN = np.array([3, 5, 6, 7, 8, 9, 10, 10], np.uint32)
COUNTS = np.array([5, 3, 3, 1, 3, 2, 2, 1, 2, 2], np.uint32)
FIRSTS = np.array([0, 3, 7, 10])


def test_ngrams_know_those_without_their_first_word():
    links = np.zeros(10, np.uint32)
    kernels.link_children(WORDS, CHILDREN, 3, 0, 3, links)
    kernels.link_children(WORDS, CHILDREN, 3, 3, 7, links)
    assert links[3:].tolist() == [0, 1, 2, 0, 4, 5, 6]
    left = np.zeros(10, np.uint32)
    kernels.count_left_words(links, 7, 10, left)
    assert left.tolist() == [0, 0, 0, 0, 1, 1, 1, 0, 0, 0]


def test_counts_of_counts():
    found = np.array([10, 0, 0, 0], np.int64)
    kernels.count_counts(COUNTS, 0, 9, found)
    assert found.tolist() == [10, 2, 3, 4]
