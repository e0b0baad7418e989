"""Dropout: what is kept, and what that depends on."""

import numpy as np
import pytest

from seqterm.kernels.cpu.dropout import dropout

SHAPE = (6, 8, 50)


def dropped(x, rate=0.3, key=17, first_row=0):
    y = np.full_like(x, np.nan)
    dropout(x, rate, key, first_row, y)
    return y


def mask(**how):
    return dropped(np.ones(SHAPE, np.float32), **how) > 0


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_as_many_are_dropped_as_the_rate_says(rate):
    ones = np.ones((20, 20, 100), np.float32)
    share = (dropped(ones, rate) == 0).mean()
    spread = np.sqrt(rate * (1 - rate) / ones.size)
    assert abs(share - rate) < 4 * spread


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_kept_is_scaled_up(dtype):
    x = np.random.default_rng(1).normal(size=SHAPE).astype(dtype)
    y = dropped(x)
    np.testing.assert_allclose(y[y != 0], x[y != 0] / 0.7, rtol=1e-6, atol=0)


def test_the_backward_pass_has_the_mask_of_the_forward_pass():
    x = np.random.default_rng(1).uniform(1, 2, SHAPE).astype(np.float32)
    np.testing.assert_array_equal(dropped(x) != 0, dropped(np.ones_like(x)) != 0)


def test_a_slice_of_the_batch_has_its_part_of_the_mask():
    x = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    parts = [dropped(np.ascontiguousarray(x[:, first:last]), first_row=first) for first, last in ((0, 3), (3, 4), (4, 8))]
    np.testing.assert_array_equal(np.concatenate(parts, 1), dropped(x))


def test_a_longer_window_begins_with_the_same_mask():
    np.testing.assert_array_equal(dropped(np.ones((3, 8, 50)))[:2], dropped(np.ones((2, 8, 50))))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_steps_rows_and_units_have_masks_of_their_own(axis):
    """Neighbours agree as often as chance has it: 0.7^2 + 0.3^2 = 0.58."""
    masks = np.moveaxis(dropped(np.ones((20, 20, 100))) > 0, axis, 0)
    assert (masks[1:] == masks[:-1]).mean() == pytest.approx(0.58, abs=0.015)


def test_keys_have_masks_of_their_own():
    assert (mask(key=17) == mask(key=18)).mean() == pytest.approx(0.58, abs=0.04)


def test_rate_zero_changes_nothing():
    x = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    np.testing.assert_array_equal(dropped(x, rate=0.0), x)


def test_nan_is_not_hidden_where_it_is_kept():
    x = np.full(SHAPE, np.nan, np.float32)
    np.testing.assert_array_equal(np.isnan(dropped(x)), mask())
