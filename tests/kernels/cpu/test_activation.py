"""Activations over arrays, as loops of kernels use them: float32 against float64, float64 against numpy."""

import numpy as np
import pytest

from seqterm.kernels.cpu.activation import exp, relu, sigmoid, step, tanh
from seqterm.kernels.cpu.compile import kernel


@kernel
def tanh_of(x, y):
    for j in range(x.shape[0]):
        y[j] = tanh(x[j])


@kernel
def sigmoid_of(x, y):
    for j in range(x.shape[0]):
        y[j] = sigmoid(x[j])


@kernel
def exp_of(x, y):
    for j in range(x.shape[0]):
        y[j] = exp(x[j])


@kernel
def relu_of(x, y):
    for j in range(x.shape[0]):
        y[j] = relu(x[j])


@kernel
def step_of(x, y):
    for j in range(x.shape[0]):
        y[j] = step(x[j])


def apply(loop, x, dtype):
    x = np.asarray(x, dtype)
    y = np.empty_like(x)
    loop(x, y)
    return y


def exact_sigmoid(x):
    """Without overflow, and with relative precision at both ends."""
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1.0) / (1.0 + small)


TINY = np.geomspace(1e-30, 1e-3, 1000)
WIDE = np.concatenate([np.linspace(-100, 100, 200_001), np.linspace(-9.1, 9.1, 200_001), TINY, -TINY]).astype(np.float32)


def test_float32_tanh_is_close_to_the_exact_one():
    # 4e-7: what the module promises
    np.testing.assert_allclose(apply(tanh_of, WIDE, np.float32), np.tanh(WIDE.astype(np.float64)), rtol=4e-7, atol=0)


def test_float32_sigmoid_is_close_to_the_exact_one():
    np.testing.assert_allclose(apply(sigmoid_of, WIDE, np.float32), exact_sigmoid(WIDE.astype(np.float64)), rtol=0, atol=2e-7)


def test_float32_exp_is_close_to_the_exact_one():
    x = WIDE[np.abs(WIDE) <= 20]
    np.testing.assert_allclose(apply(exp_of, x, np.float32), np.exp(x.astype(np.float64)), rtol=1.3e-7, atol=0)
    x = WIDE[np.abs(WIDE) <= 87]
    np.testing.assert_allclose(apply(exp_of, x, np.float32), np.exp(x.astype(np.float64)), rtol=4e-7, atol=0)


def test_float32_results_stay_in_their_ranges():
    assert np.abs(apply(tanh_of, WIDE, np.float32)).max() <= 1
    gate = apply(sigmoid_of, WIDE, np.float32)
    assert gate.min() >= 0
    assert gate.max() <= 1


def test_tanh_is_odd():
    np.testing.assert_array_equal(apply(tanh_of, -WIDE, np.float32), -apply(tanh_of, WIDE, np.float32))


@pytest.mark.parametrize(
    ("loop", "exact"), [(tanh_of, np.tanh), (sigmoid_of, exact_sigmoid), (exp_of, np.exp)], ids=["tanh", "sigmoid", "exp"]
)
def test_float64_is_exact(loop, exact):
    x = WIDE.astype(np.float64)
    np.testing.assert_allclose(apply(loop, x, np.float64), exact(x), rtol=1e-15, atol=3e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_relu_and_its_step(dtype):
    x = [-3.0, -1e-30, 0.0, 1e-30, 2.5]
    np.testing.assert_array_equal(apply(relu_of, x, dtype), np.array([0, 0, 0, 1e-30, 2.5], dtype))
    np.testing.assert_array_equal(apply(step_of, x, dtype), [0, 0, 0, 1, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loop", [tanh_of, sigmoid_of, exp_of, relu_of], ids=["tanh", "sigmoid", "exp", "relu"])
def test_nan_passes_through_wherever_it_stands(loop, dtype):
    """Places before, in and after whole vector registers."""
    for place in (0, 17, 36):
        x = np.linspace(-2, 2, 37)
        x[place] = np.nan
        assert np.flatnonzero(np.isnan(apply(loop, x, dtype))).tolist() == [place]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("loop", "below", "above"),
    [(tanh_of, -1, 1), (sigmoid_of, 0, 1), (relu_of, 0, np.inf)],
    ids=["tanh", "sigmoid", "relu"],
)
def test_infinity_gives_the_limit(loop, below, above, dtype):
    np.testing.assert_allclose(apply(loop, [-np.inf, np.inf], dtype), [below, above], rtol=0, atol=4e-7)


def test_exp_of_infinity():
    """In float32 it stops at the ends of its range, without becoming small again or negative."""
    np.testing.assert_array_equal(apply(exp_of, [-np.inf, np.inf], np.float64), [0, np.inf])
    least, most = apply(exp_of, [-np.inf, np.inf], np.float32)
    assert 0 <= least < 2e-38
    assert most > 1e38


def test_plain_python_gives_float64_values():
    """What runs without the compiler."""
    assert [f(0.5) for f in (tanh, sigmoid, exp, relu, step)] == pytest.approx(
        [np.tanh(0.5), 1 / (1 + np.exp(-0.5)), np.exp(0.5), 0.5, 1.0], rel=1e-15
    )
