"""Affine maps against numpy in float64."""

import numpy as np
import pytest

from seqterm.kernels.cpu import dense
from seqterm.kernels.cpu.product import pack

NONE = np.empty(0)


@pytest.fixture
def x():
    return np.random.default_rng(1).normal(size=(11, 5))


@pytest.fixture
def w():
    return np.random.default_rng(2).normal(size=(5, 37))


@pytest.fixture
def dy():
    return np.random.default_rng(3).normal(size=(11, 37))


@pytest.mark.parametrize("with_bias", [True, False])
def test_forward_writes_x_w_plus_b(x, w, with_bias):
    b = np.arange(37.0) if with_bias else NONE
    y = np.full((11, 37), np.nan)
    dense.dense_forward(x, pack(w), b, y)
    np.testing.assert_allclose(y, x @ w + (b if with_bias else 0), rtol=1e-12, atol=1e-13)


def test_forward_in_float32(x, w):
    y = np.full((11, 37), np.nan, np.float32)
    dense.dense_forward(x.astype(np.float32), pack(w.astype(np.float32)), np.ones(37, np.float32), y)
    np.testing.assert_allclose(y, x @ w + 1, rtol=1e-5, atol=1e-5)


def test_forward_with_a_transposed_weight(x, w):
    """As a tied output layer has it."""
    y = np.full((11, 37), np.nan)
    dense.dense_forward(x, pack(np.ascontiguousarray(w.T).T), NONE, y)
    np.testing.assert_allclose(y, x @ w, rtol=1e-12, atol=1e-13)


def test_input_backward_writes_dy_w_transposed(w, dy):
    dx = np.full((11, 5), np.nan)
    dense.dense_input_backward(dy, w, dx)
    np.testing.assert_allclose(dx, dy @ w.T, rtol=1e-12, atol=1e-13)


def test_weight_backward_adds_x_transposed_dy(x, dy):
    dw = np.ones((5, 37))
    dense.dense_weight_backward(x, dy, dw)
    np.testing.assert_allclose(dw, 1 + x.T @ dy, rtol=1e-12, atol=1e-13)


def test_weight_backward_into_some_columns_leaves_the_others(x, dy):
    dw = np.ones((5, 40))
    dense.dense_weight_backward(x, dy, dw[:, 2:39])
    np.testing.assert_allclose(dw[:, 2:39], 1 + x.T @ dy, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(dw[:, [0, 1, 39]], 1)


def test_bias_backward_adds_the_sum_over_rows(dy):
    db = np.ones(37)
    dense.dense_bias_backward(dy, db)
    np.testing.assert_allclose(db, 1 + dy.sum(0), rtol=1e-12, atol=1e-13)


def test_bias_backward_without_a_bias_does_nothing(dy):
    db = np.empty(0)
    dense.dense_bias_backward(dy, db)
    assert db.size == 0


def test_fill_rows_without_a_bias_writes_zeros():
    y = np.full((3, 4), np.nan)
    dense.fill_rows(NONE, y)
    np.testing.assert_array_equal(y, np.zeros((3, 4)))


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-15)])
def test_tanh_and_its_gradient(dy, dtype, tolerance):
    a, dh = np.random.default_rng(4).normal(0, 2, dy.shape).astype(dtype), dy.astype(dtype)
    h, da = a.copy(), np.full_like(a, np.nan)
    dense.dense_activation_forward(h, False)
    np.testing.assert_allclose(h, np.tanh(a.astype(np.float64)), rtol=0, atol=tolerance)
    dense.dense_activation_backward(dh, h, False, da)
    np.testing.assert_allclose(da, dy / np.cosh(a.astype(np.float64)) ** 2, rtol=0, atol=10 * tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_relu_and_its_gradient(dy, dtype):
    a, dh = np.random.default_rng(4).normal(0, 2, dy.shape).astype(dtype), dy.astype(dtype)
    h, da = a.copy(), np.full_like(a, np.nan)
    dense.dense_activation_forward(h, True)
    np.testing.assert_array_equal(h, np.maximum(a, 0))
    dense.dense_activation_backward(dh, h, True, da)
    np.testing.assert_array_equal(da, dh * (a > 0))
