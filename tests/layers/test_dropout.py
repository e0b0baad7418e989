"""Which units dropout drops between layers."""

import numpy as np
import pytest

from seqterm.layers.base import Workspace
from seqterm.layers.dropout import Dropout, DropoutKey
from tests.layers.checks import BACKEND

X = np.ones((3, 8, 40))


def apply(place=0, rate=0.5, key=11, first_row=0, x=X):
    return Dropout(place, rate, BACKEND).apply(x, DropoutKey(key, first_row), Workspace(BACKEND), "y")


def test_the_same_key_drops_the_same_units():
    np.testing.assert_array_equal(apply(), apply())


@pytest.mark.parametrize("other", [{"key": 12}, {"place": 1}])
def test_another_key_or_place_drops_others(other):
    assert (apply() == apply(**other)).mean() == pytest.approx(0.5, abs=0.07)


def test_slices_of_the_batch_drop_what_the_whole_batch_drops():
    halves = [apply(x=np.ascontiguousarray(X[:, :4])), apply(x=np.ascontiguousarray(X[:, 4:]), first_row=4)]
    np.testing.assert_array_equal(np.concatenate(halves, 1), apply())


def test_the_gradient_passes_where_the_unit_was_kept():
    """The map is linear, x -> m x, so its gradient is the same map."""
    dy = np.random.default_rng(1).normal(size=X.shape)
    np.testing.assert_array_equal(apply(x=dy), dy * apply())


def test_the_input_is_left_as_it_was():
    x = X.copy()
    apply(x=x)
    np.testing.assert_array_equal(x, X)
