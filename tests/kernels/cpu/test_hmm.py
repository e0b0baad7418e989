"""Recursions of hidden Markov models against going through every path, and against recursions of logarithms."""

import numpy as np
import pytest

from seqterm.kernels.cpu import hmm
from tests.naive import hmm as naive

TOLERANCE = {"rtol": 1e-12, "atol": 1e-14}


def model(n_states, n_symbols, seed=1):
    """initial, transition, emission (K, V)"""
    random = np.random.default_rng(seed)
    return tuple(
        random.dirichlet(np.ones(n), rows) for n, rows in ((n_states, None), (n_states, n_states), (n_symbols, n_states))
    )


def packed(initial, transition, emission):
    """As kernels take a model of ids."""
    return initial, transition, np.ascontiguousarray(transition.T), np.ascontiguousarray(emission.T)


def normal(n_states, n_columns, seed=1):
    """mean, variance (K, D)"""
    random = np.random.default_rng(seed)
    return random.normal(size=(n_states, n_columns)), random.uniform(0.3, 2.0, (n_states, n_columns))


def packed_normal(initial, transition, mean, variance):
    return initial, transition, np.ascontiguousarray(transition.T), np.stack([mean.T, variance.T]).copy()


def expected(observations, bounds, packed_model, shape):
    """-> log-likelihood, counts that begin at 1"""
    n_states = len(packed_model[0])
    counts = np.ones(n_states), np.ones((n_states, n_states)), np.ones(shape)
    return hmm.expect(observations, np.array(bounds), packed_model, counts), *counts


@pytest.mark.parametrize("n_states", [1, 2, 3, 5])
def test_posteriors_equal_going_through_every_path(n_states):
    ids, (initial, transition, emission) = np.array([0, 3, 3, -1, 2, 1], np.int32), model(n_states, 4)
    filtered, smoothed = np.empty((2, 6, n_states))
    found = hmm.posteriors(ids, packed(initial, transition, emission), filtered, smoothed)
    problem = ids, initial, transition, naive.categorical(emission)
    assert found == pytest.approx(np.log(naive.probability(*problem)), rel=1e-13)
    np.testing.assert_allclose(filtered, naive.filtered(*problem), **TOLERANCE)
    np.testing.assert_allclose(smoothed, naive.smoothed(*problem), **TOLERANCE)


def test_posteriors_of_numbers_equal_going_through_every_path():
    (initial, transition, _), (mean, variance) = model(3, 1), normal(3, 2)
    rows = np.random.default_rng(2).normal(size=(5, 2))
    filtered, smoothed = np.empty((2, 5, 3))
    found = hmm.posteriors(rows, packed_normal(initial, transition, mean, variance), filtered, smoothed)
    problem = rows, initial, transition, naive.gaussian(mean, variance)
    assert found == pytest.approx(np.log(naive.probability(*problem)), rel=1e-13)
    np.testing.assert_allclose(smoothed, naive.smoothed(*problem), **TOLERANCE)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_path_is_the_best_of_all(seed):
    initial, transition, emission = model(3, 4, seed)
    ids, path = np.random.default_rng(seed).integers(-1, 4, 7).astype(np.int32), np.empty(7, np.int64)
    found = hmm.viterbi(ids, (np.log(initial), np.log(transition), np.log(emission.T).copy()), path)
    problem = ids, initial, transition, naive.categorical(emission)
    assert tuple(path) == naive.best_path(*problem)
    assert found == pytest.approx(np.log(naive.paths(*problem)[tuple(path)]), rel=1e-13)


def test_of_equally_good_paths_the_first_is_taken():
    path, even = np.empty(4, np.int64), np.log(np.full((3, 3), 1 / 3))
    hmm.viterbi(np.zeros(4, np.int32), (even[0], even, np.zeros((1, 3))), path)
    assert path.tolist() == [0, 0, 0, 0]


def test_a_path_goes_through_no_forbidden_transition():
    with np.errstate(divide="ignore"):
        log_model = np.log([1.0, 0.0]), np.log([[0.0, 1.0], [1.0, 0.0]]), np.log([[0.9, 0.1], [0.9, 0.1]])
    path = np.empty(4, np.int64)
    hmm.viterbi(np.array([0, 0, 1, 1], np.int32), log_model, path)
    assert path.tolist() == [0, 1, 0, 1]


def test_expected_counts_are_added_over_sequences():
    initial, transition, emission = model(3, 4)
    ids, bounds = np.array([0, 3, 1, 2, 2, 0, 1], np.int32), [0, 4, 4, 5, 7]  # one sequence is empty, one a single id
    total, firsts, steps, emitted = expected(ids, bounds, packed(initial, transition, emission), (4, 3))
    problems = [(ids[a:b], initial, transition, naive.categorical(emission)) for a, b in ((0, 4), (4, 5), (5, 7))]
    smoothed = [np.array(naive.smoothed(*problem)) for problem in problems]
    assert total == pytest.approx(sum(np.log(naive.probability(*problem)) for problem in problems), rel=1e-13)
    np.testing.assert_allclose(firsts, 1 + sum(gamma[0] for gamma in smoothed), **TOLERANCE)
    np.testing.assert_allclose(steps, 1 + sum(np.array(naive.transitions(*problem)) for problem in problems), **TOLERANCE)
    gammas = np.concatenate(smoothed)
    np.testing.assert_allclose(emitted, [1 + gammas[ids == v].sum(axis=0) for v in range(4)], **TOLERANCE)


@pytest.mark.parametrize("n_states", [4, 30, 515])
def test_lengths_beyond_a_block(n_states):
    """Blocks of 64 steps and of more; a number of states that is no multiple of four."""
    length = 2 * max(hmm.FEWEST, hmm.BLOCK // n_states) + 3 if n_states > 4 else 40
    initial, transition, emission = model(n_states, 3)
    ids = np.random.default_rng(1).integers(0, 3, length).astype(np.int32)
    total, firsts, steps, emitted = expected(ids, [0, length], packed(initial, transition, emission), (3, n_states))
    wanted, gamma, counts = naive.recursions(ids, initial, transition, naive.categorical(emission))
    assert total == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_allclose(firsts, 1 + gamma[0], rtol=1e-10, atol=0)
    np.testing.assert_allclose(steps, 1 + counts, rtol=1e-10, atol=0)
    np.testing.assert_allclose(emitted, [1 + gamma[ids == v].sum(axis=0) for v in range(3)], rtol=1e-10, atol=0)


def test_expected_moments_are_about_the_means():
    (initial, transition, _), (mean, variance) = model(3, 1), normal(3, 2)
    rows = np.random.default_rng(3).normal(size=(5, 2)) + 1e6
    mean += 1e6
    _, _, steps, moments = expected(rows, [0, 5], packed_normal(initial, transition, mean, variance), (3, 2, 3))
    problem = rows, initial, transition, naive.gaussian(mean, variance)
    gamma = np.array(naive.smoothed(*problem))
    np.testing.assert_allclose(steps, 1 + np.array(naive.transitions(*problem)), **TOLERANCE)
    for d in range(2):
        away = rows[:, d, None] - mean[:, d]
        for power in range(3):
            np.testing.assert_allclose(moments[power, d], 1 + (gamma * away**power).sum(axis=0), rtol=1e-11, atol=1e-13)


def test_a_density_far_below_the_smallest_number_is_kept():
    """A row 100 standard deviations from every mean: each density is 0 in floating point, their ratio is not."""
    mean, variance = np.array([[0.0], [1.0]]), np.ones((2, 1))
    filtered, smoothed = np.empty((2, 1, 2))
    half = np.array([0.5, 0.5])
    total = hmm.posteriors(np.array([[100.0]]), packed_normal(half, np.full((2, 2), 0.5), mean, variance), filtered, smoothed)
    odds = np.exp(-(100.0**2) / 2 + 99.0**2 / 2)
    np.testing.assert_allclose(smoothed, [[odds / (1 + odds), 1 / (1 + odds)]], rtol=1e-9, atol=0)
    wanted = -(99.0**2) / 2 - 0.5 * np.log(2 * np.pi) + np.log(0.5 * (1 + odds))
    assert total == pytest.approx(wanted, rel=1e-13)


def test_what_is_impossible_has_no_likelihood_and_says_nothing():
    initial, transition, emission = model(2, 3)
    emission = np.array([[0.5, 0.5, 0.0], [0.1, 0.9, 0.0]])
    found = []
    for ids in ([0, 2, 1], [0, -1, 1]):
        filtered, smoothed = np.empty((2, 3, 2))
        found.append(
            (hmm.posteriors(np.array(ids, np.int32), packed(initial, transition, emission), filtered, smoothed), smoothed)
        )
    assert found[0][0] == -np.inf
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-14, atol=0)


def test_a_number_that_is_none_is_seen():
    initial, transition, emission = model(2, 3)
    emission[0, 1] = np.nan
    assert np.isnan(expected(np.array([0, 1], np.int32), [0, 2], packed(initial, transition, emission), (3, 2))[0])
