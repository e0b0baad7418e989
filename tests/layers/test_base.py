"""Flat parameter vectors and workspaces."""

import numpy as np
import pytest

from seqterm.layers import base
from seqterm.layers.base import Workspace
from tests.layers.checks import BACKEND


class Tensors:
    """A layer as far as `split` is concerned."""

    def __init__(self, name, **shapes):
        self.name, self.shapes = name, shapes


LAYERS = [Tensors("first", W=(2, 3), b=(0,)), Tensors("second", W=(1, 2), v=(2,))]


def test_the_flat_size_counts_all_tensors():
    assert base.flat_size(LAYERS) == 6 + 0 + 2 + 2


def test_tensors_stand_one_after_the_other():
    views = base.split(np.arange(10), LAYERS)
    assert {layer: list(tensors) for layer, tensors in views.items()} == {"first": ["W", "b"], "second": ["W", "v"]}
    np.testing.assert_array_equal(views["first"]["W"], [[0, 1, 2], [3, 4, 5]])
    assert views["first"]["b"].shape == (0,)
    np.testing.assert_array_equal(views["second"]["W"], [[6, 7]])
    np.testing.assert_array_equal(views["second"]["v"], [8, 9])


def test_a_tensor_is_a_view_of_the_vector():
    flat = np.zeros(10)
    base.split(flat, LAYERS)["second"]["v"][1] = 5
    assert flat[9] == 5


def test_rows_join_time_and_batch_without_a_copy():
    x = np.arange(24.0).reshape(2, 3, 4)
    joined = base.rows(x)
    np.testing.assert_array_equal(joined[4], x[1, 1])
    assert np.shares_memory(joined, x)


def test_a_workspace_keeps_a_buffer_while_its_shape_and_type_stay():
    workspace = Workspace(BACKEND)
    first = workspace.array("a", (2, 3), np.dtype(np.float32))
    first[...] = 5
    assert np.shares_memory(workspace.array("a", (2, 3), np.dtype(np.float32)), first)
    np.testing.assert_array_equal(workspace["a"], first)


def test_a_workspace_gives_less_of_a_buffer_that_is_there():
    workspace = Workspace(BACKEND)
    large = workspace.array("a", (4, 3), np.dtype(np.float32))
    small = workspace.array("a", (2, 3), np.dtype(np.float32))
    assert small.flags.c_contiguous
    assert np.shares_memory(small, large)
    assert workspace["a"].shape == (2, 3)


@pytest.mark.parametrize(("shape", "dtype"), [((3, 2), np.float32), ((2, 3), np.float64)])
def test_a_workspace_makes_a_new_buffer_for_another_shape_or_type(shape, dtype):
    workspace = Workspace(BACKEND)
    workspace.array("a", (2, 3), np.dtype(np.float32))
    other = workspace.array("a", shape, np.dtype(dtype))
    assert (other.shape, other.dtype) == (shape, dtype)


def test_children_of_a_workspace_have_buffers_of_their_own():
    workspace = Workspace(BACKEND)
    mine = workspace.array("a", (2,), np.dtype(np.float64))
    child = workspace.child("layer")
    assert child.array("a", (2,), np.dtype(np.float64)) is not mine
    assert workspace.child("layer") is child
