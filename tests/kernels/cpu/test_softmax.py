"""The softmax against the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqterm.kernels.cpu import softmax
from tests.naive import softmax as naive

TOLERANCE = {np.float32: {"rtol": 1e-5, "atol": 1e-6}, np.float64: {"rtol": 1e-12, "atol": 1e-14}}


def some_logits(dtype, scale=2.0):
    return np.random.default_rng(1).normal(0, scale, (6, 9)).astype(dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_log_softmax(dtype):
    logits, log_p = some_logits(dtype), np.full((6, 9), np.nan, dtype)
    wanted = [naive.log_softmax([float(logit) for logit in row]) for row in logits]
    softmax.log_softmax(logits, log_p)
    np.testing.assert_allclose(log_p, wanted, **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_large_logits_do_not_overflow(dtype):
    log_p = np.empty((1, 3), dtype)
    softmax.log_softmax(np.array([[3e4, -3e4, 2.9e4]], dtype), log_p)
    np.testing.assert_array_equal(log_p, [[0, -6e4, -1000]])


@pytest.mark.parametrize("place", [0, 5])
def test_nan_is_seen_in_its_row_and_nowhere_else(place):
    logits, log_p = some_logits(np.float32), np.empty((6, 9), np.float32)
    logits[1, place] = np.nan
    softmax.log_softmax(logits, log_p)
    assert np.flatnonzero(np.isnan(log_p).all(1)).tolist() == [1]
    assert np.flatnonzero(np.isnan(log_p).any(1)).tolist() == [1]


@given(arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 40)), elements=st.floats(-80, 80, width=32)))
@settings(deadline=None, max_examples=100)
def test_probabilities_sum_to_one(logits):
    log_p = np.empty_like(logits)
    softmax.log_softmax(logits.copy(), log_p)
    np.testing.assert_allclose(np.exp(log_p.astype(np.float64)).sum(1), 1, rtol=2e-5, atol=0)


@given(arrays(np.float64, (1, 7), elements=st.floats(-30, 30)), st.floats(-100, 100))
@settings(deadline=None, max_examples=50)
def test_a_shift_of_all_logits_changes_nothing(logits, shift):
    plain, shifted = np.empty((1, 7)), np.empty((1, 7))
    softmax.log_softmax(logits.copy(), plain)
    softmax.log_softmax(logits + shift, shifted)
    np.testing.assert_allclose(shifted, plain, rtol=0, atol=1e-12)


@pytest.mark.parametrize("low", [-8.0, -10.0, -12.0])
def test_many_small_probabilities_beside_a_large_one_are_all_counted(low):
    """In float32 every term would lose the same part of itself."""
    logits = np.full((1, 50_000), low, np.float32)
    logits[0, 0] = 0
    log_p = np.empty_like(logits)
    softmax.log_softmax(logits, log_p)
    assert np.exp(log_p.astype(np.float64)).sum() == pytest.approx(1, rel=0, abs=2e-6)
