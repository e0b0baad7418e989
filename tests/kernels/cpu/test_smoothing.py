"""Probabilities of the trie of a few n-grams, by hand."""

import numpy as np
import pytest

from seqterm.kernels.cpu import smoothing
from tests.kernels.cpu.test_ngram_counts import CHILDREN, COUNTS, FIRSTS, WORDS

LINKS = np.array([0, 0, 0, 0, 1, 2, 0, 4, 5, 6], np.uint32)
UNIGRAMS = [0.5, 0.3, 0.2]
TABLE = np.array([0.0, 0.25, 1.0])  # of counts 1 and 2; 1.5 off those beyond


@pytest.fixture
def p():
    return np.array([*UNIGRAMS, *[np.nan] * 7])


@pytest.fixture
def weights():
    return np.full(7, np.nan)


def test_interpolated(p, weights):
    smoothing.interpolate(CHILDREN, COUNTS, COUNTS, 0, LINKS, TABLE, 1.5, 0, 3, p, weights)
    np.testing.assert_allclose(weights[:3], [(0.75 + 1.5) / 4, 1 / 2, 1 / 2], rtol=1e-12, atol=0)
    gamma = 2.25 / 4
    wanted = [0.25 / 4 + gamma * 0.5, 1.5 / 4 + gamma * 0.3, 1 / 2 + 0.5 * 0.2, 1 / 2 + 0.5 * 0.5]
    np.testing.assert_allclose(p[3:7], wanted, rtol=1e-12, atol=0)
    assert np.isnan(p[7:]).all()


def test_interpolated_without_rare_ngrams(p, weights):
    smoothing.interpolate(CHILDREN, COUNTS, COUNTS, 1, LINKS, TABLE, 1.5, 0, 1, p, weights)
    gamma = (1 + 1.5) / 4
    np.testing.assert_allclose(weights[0], gamma, rtol=1e-12, atol=0)
    np.testing.assert_allclose(p[3:5], [gamma * 0.5, 1.5 / 4 + gamma * 0.3], rtol=1e-12, atol=0)


def test_backed_off(p, weights):
    smoothing.back_off(CHILDREN, COUNTS, 0, LINKS, TABLE, 1.5, True, 0, 3, p, weights)
    np.testing.assert_allclose(p[3:7], [0.25 / 4, 1.5 / 4, 1 / 2, 1 / 2], rtol=1e-12, atol=0)
    np.testing.assert_allclose(weights[:3], [(2.25 / 4) / 0.2, 0.5 / 0.8, 0.5 / 0.5], rtol=1e-12, atol=0)


@pytest.mark.parametrize("leaves_some", [False, True])
def test_backed_off_where_all_is_kept(leaves_some, p, weights):
    smoothing.back_off(CHILDREN, COUNTS, 0, LINKS, np.zeros(1), 0.0, leaves_some, 0, 3, p, weights)
    np.testing.assert_allclose(p[3:7], np.array([1, 3, 2, 2]) / (np.array([4, 4, 2, 2]) + leaves_some), rtol=1e-12, atol=0)
    left = [1 / 5 / 0.2, 1 / 3 / 0.8, 1 / 3 / 0.5] if leaves_some else [0, 0, 0]
    np.testing.assert_allclose(weights[:3], left, rtol=1e-12, atol=0)


def test_the_words_that_followed_get_everything_where_there_are_no_others(p, weights):
    p[:3] = [0.4, 0.6, 0]
    smoothing.back_off(CHILDREN, COUNTS, 0, LINKS, TABLE, 1.5, True, 0, 1, p, weights)
    np.testing.assert_allclose(p[3:5], [0.25 / 1.75, 1.5 / 1.75], rtol=1e-12, atol=0)
    assert weights[0] == 0


def test_a_context_that_nothing_follows_hands_on(p, weights):
    nothing = np.full(8, 10, np.uint32)
    smoothing.back_off(nothing, COUNTS, 0, LINKS, TABLE, 1.5, True, 0, 2, p, weights)
    smoothing.interpolate(nothing, COUNTS, COUNTS, 0, LINKS, TABLE, 1.5, 2, 3, p, weights)
    smoothing.add_to_counts(nothing, COUNTS, 0, 0.5, 3.0, 3, 4, p, weights)
    np.testing.assert_allclose(weights[:4], [1, 1, 1, 1 / 3], rtol=1e-12, atol=0)


def test_counts_and_k(p, weights):
    smoothing.add_to_counts(CHILDREN, COUNTS, 1, 0.5, 3.0, 0, 3, p, weights)
    np.testing.assert_allclose(p[4:7], [3.5 / 4.5, 2.5 / 3.5, 2.5 / 3.5], rtol=1e-12, atol=0)
    np.testing.assert_allclose(weights[:3], [0.5 / 4.5, 0.5 / 3.5, 0.5 / 3.5], rtol=1e-12, atol=0)


def test_logarithms():
    values = np.array([1, 0, 0.5, 7], np.float32)
    smoothing.take_logarithms(values, 0, 3)
    np.testing.assert_allclose(values, [0, -np.inf, np.log(0.5), 7], rtol=1e-6, atol=0)


def test_rare_ngrams_go():
    words, children, sources = np.zeros_like(WORDS), np.zeros_like(CHILDREN), np.zeros(10, np.uint32)
    firsts = smoothing.keep_frequent(WORDS, CHILDREN, COUNTS, np.array([0, 1, 1]), FIRSTS, words, children, sources)
    assert firsts.tolist() == [0, 3, 6, 8]
    assert sources[:8].tolist() == [0, 1, 2, 4, 5, 6, 8, 9]
    assert words[:8].tolist() == [0, 1, 2, 1, 2, 0, 2, 0]
    assert children[:7].tolist() == [3, 4, 5, 6, 7, 8, 8]
