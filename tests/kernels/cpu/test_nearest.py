"""The best rows of a table.  Small whole numbers make scores exact and equals frequent."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.kernels.cpu.nearest import BLOCK, EPSILON, nearest, squared_distances
from tests.kernels.cpu.layouts import DTYPES, whole_numbers
from tests.naive import words as naive


def search(table, offset, asked, terms, excluded, n, multiply=False, parts=(0,)):
    """ids (m, n), scores (m, n) after all parts of the table, which begin at `parts`."""
    ids, scores = np.full((len(terms), n), -1), np.full((len(terms), n), -np.inf, table.dtype)
    for first, last in zip(parts, (*parts[1:], len(table)), strict=True):
        nearest(table[first:last], first, offset[first:last], asked, terms, multiply, excluded, ids, scores)
    return ids, scores


def wanted(table, offset, asked, terms, excluded, n):
    ids, scores = np.full((len(terms), n), -1), np.full((len(terms), n), -np.inf)
    for row, question in enumerate(terms):
        a, b, c = asked[np.resize(question, 3)]
        aim = a if len(question) == 1 else b - a + c
        every = [naive.dot(aim, x) + float(extra) for x, extra in zip(table, offset, strict=True)]
        for place, (i, score) in enumerate(naive.best(every, excluded[row], n)):
            ids[row, place], scores[row, place] = i, score
    return ids, scores


def is_exact(size, n, n_terms, dtype, seed, parts=(0,)):
    random = np.random.default_rng(seed)
    table, asked, offset = (whole_numbers(random, shape, dtype) for shape in ((size, 3), (9, 3), (size,)))
    terms, excluded = random.integers(0, 9, (6, n_terms)), random.integers(-1, size, (6, 4))
    found = search(table, offset, asked, terms, excluded, n, parts=parts)
    for one, other in zip(found, wanted(table, offset, asked, terms, excluded, n), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_terms", [1, 3])
@pytest.mark.parametrize("n", [1, 2, 7])
@pytest.mark.parametrize("size", [1, 8, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3])
def test_the_best_are_found_of_equals_the_earlier(size, n, n_terms, dtype):
    is_exact(size, n, n_terms, dtype, size)


@given(st.integers(1, 300), st.integers(1, 320), st.sampled_from([1, 3]), st.integers(0, 1000))
@settings(max_examples=40)
def test_any_size(size, n, n_terms, seed):
    is_exact(size, n, n_terms, np.float32, seed)


@pytest.mark.parametrize("parts", [[0, 1], [0, 5, 5, 200], [0, BLOCK]])
def test_parts_one_after_the_other_give_what_the_whole_gives(parts):
    is_exact(BLOCK + 90, 5, 3, np.float32, 3, parts)


@pytest.mark.parametrize("n_asked", [1, 16, 17, 33, 200])
def test_any_number_of_things_asked(n_asked):
    random = np.random.default_rng(2)
    table, asked = whole_numbers(random, (BLOCK + 9, 5), np.float32), whole_numbers(random, (n_asked, 5), np.float32)
    offset, terms, none = np.zeros(len(table), np.float32), np.arange(n_asked)[:, None], np.zeros((n_asked, 0), np.int64)
    _, scores = search(table, offset, asked, terms, none, 1)
    np.testing.assert_array_equal(scores[:, 0], (asked @ table.T).max(axis=1))


@pytest.mark.parametrize("dtype", DTYPES)
def test_multiplied_scores(dtype):
    random = np.random.default_rng(4)
    table, asked = random.uniform(-0.5, 0.5, (2, 200, 4)).astype(dtype)
    terms, none = random.integers(0, 200, (20, 3)), np.zeros((20, 0), np.int64)
    ids, scores = search(table, np.zeros(200, dtype), asked, terms, none, 3, multiply=True)
    for row, question in enumerate(terms):
        a, b, c = ([(naive.dot(asked[word], x) + 1) / 2 for x in table] for word in question)
        best = naive.best([b[i] * c[i] / (a[i] + EPSILON) for i in range(200)], [], 3)
        assert ids[row].tolist() == [i for i, _ in best]
        np.testing.assert_allclose(scores[row], [score for _, score in best], rtol=1e-5, atol=0)


def test_a_score_that_is_no_number_is_never_the_best():
    table = np.array([[np.nan], [-3], [-np.inf], [2], [np.nan]], np.float32)
    none = np.zeros((1, 0), np.int64)
    ids, scores = search(table, np.zeros(5, np.float32), np.ones((1, 1), np.float32), np.array([[0]]), none, 4)
    assert ids.tolist() == [[3, 1, -1, -1]]
    assert scores.tolist() == [[2, -3, -np.inf, -np.inf]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_squared_distances(dtype):
    random = np.random.default_rng(5)
    table, asked = random.normal(size=(9, 7)).astype(dtype), random.normal(size=(3, 7)).astype(dtype)
    asked[1] = table[4]
    ids, found = np.array([[0, 8], [4, 1], [2, -1]]), np.empty((3, 2), dtype)
    squared_distances(table, asked, ids, found)
    wanted = [[naive.squared_distance(table[i], x) if i >= 0 else np.inf for i in row] for row, x in zip(ids, asked, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=0)
    assert found[1, 0] == 0


def plainly():
    """What runs without the compiler."""
    for n_terms in (1, 3):
        is_exact(BLOCK + 5, 3, n_terms, np.float32, 6)
    found = np.empty((1, 2))
    squared_distances(np.eye(2), np.array([[0.0, 2.0]]), np.array([[0, 1]]), found)
    assert found.tolist() == [[5, 1]]


def test_the_plain_twin():
    subprocess.run(
        [sys.executable, "-c", f"from {__name__} import plainly; plainly()"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=Path(__file__).parents[3],
        check=True,
        timeout=100,
    )
