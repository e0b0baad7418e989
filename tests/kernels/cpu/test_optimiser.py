"""Update rules against their formulas, written as PyTorch's documentation has them."""

import numpy as np
import pytest

from seqterm.kernels.cpu import optimiser

TOLERANCE = {np.float32: {"rtol": 2e-5, "atol": 1e-6}, np.float64: {"rtol": 1e-12, "atol": 1e-14}}
RATE, EPSILON = 0.05, 1e-3


@pytest.fixture(params=TOLERANCE, ids=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture
def gradients(dtype):
    """Of five steps, with a zero and very different sizes."""
    random = np.random.default_rng(1)
    values = random.normal(size=(5, 11)) * np.geomspace(1e-3, 1e3, 11)
    values[:, 3] = 0
    return values.astype(dtype)


@pytest.fixture
def start(dtype):
    return np.random.default_rng(2).normal(size=11).astype(dtype)


def updated(start, gradients, n_kept, apply):
    """apply(parameters, gradient, *kept, step) five times -> parameters"""
    parameters, kept = start.copy(), [np.zeros_like(start) for _ in range(n_kept)]
    for step, gradient in enumerate(gradients, 1):
        apply(parameters, gradient.copy(), *kept, step)
    return parameters


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd(start, gradients, dtype, momentum):
    p, velocity = start.astype(np.float64), np.zeros(11)
    for g in gradients.astype(np.float64):
        velocity = momentum * velocity + g
        p = p - RATE * velocity
    found = updated(start, gradients, 1, lambda p, g, v, step: optimiser.sgd(p, g, v, RATE, momentum))
    np.testing.assert_allclose(found, p, **TOLERANCE[dtype])


def test_adagrad(start, gradients, dtype):
    p, squares = start.astype(np.float64), np.zeros(11)
    for g in gradients.astype(np.float64):
        squares = squares + g**2
        p = p - RATE * g / (np.sqrt(squares) + EPSILON)
    found = updated(start, gradients, 1, lambda p, g, s, step: optimiser.adagrad(p, g, s, RATE, EPSILON))
    np.testing.assert_allclose(found, p, **TOLERANCE[dtype])


def test_rmsprop(start, gradients, dtype):
    p, squares = start.astype(np.float64), np.zeros(11)
    for g in gradients.astype(np.float64):
        squares = 0.9 * squares + 0.1 * g**2
        p = p - RATE * g / (np.sqrt(squares) + EPSILON)
    found = updated(start, gradients, 1, lambda p, g, s, step: optimiser.rmsprop(p, g, s, RATE, 0.9, EPSILON))
    np.testing.assert_allclose(found, p, **TOLERANCE[dtype])


@pytest.mark.parametrize("decay", [0.0, 0.1], ids=["adam", "adamw"])
def test_adam_and_its_decoupled_decay(start, gradients, dtype, decay):
    p, mean, squares = start.astype(np.float64), np.zeros(11), np.zeros(11)
    for step, g in enumerate(gradients.astype(np.float64), 1):
        p = p - RATE * decay * p
        mean = 0.9 * mean + 0.1 * g
        squares = 0.99 * squares + 0.01 * g**2
        corrected_mean, corrected_squares = mean / (1 - 0.9**step), squares / (1 - 0.99**step)
        p = p - RATE * corrected_mean / (np.sqrt(corrected_squares) + EPSILON)
    found = updated(
        start, gradients, 2, lambda p, g, m, s, step: optimiser.adam(p, g, m, s, step, RATE, 0.9, 0.99, EPSILON, decay)
    )
    np.testing.assert_allclose(found, p, **TOLERANCE[dtype])


def test_decay_shrinks_a_parameter_that_has_no_gradient():
    p, zero = np.array([2.0]), np.zeros(1)
    optimiser.adam(p, zero, np.zeros(1), np.zeros(1), 1, 0.5, 0.9, 0.99, 1e-8, 0.1)
    np.testing.assert_allclose(p, [2.0 * (1 - 0.5 * 0.1)], rtol=1e-15, atol=0)


def test_clip_by_value_keeps_nan_and_what_is_within(dtype):
    gradient = np.array([-7.0, -0.5, np.nan, 0.0, 0.4999, np.inf, -np.inf], dtype)
    optimiser.clip_values(gradient, 0.5)
    np.testing.assert_array_equal(gradient, np.array([-0.5, -0.5, np.nan, 0.0, 0.4999, 0.5, -0.5], dtype))


def test_norm_is_euclidean(gradients):
    wanted = np.sqrt((gradients[0].astype(np.float64) ** 2).sum())
    assert optimiser.norm(gradients[0]) == pytest.approx(wanted, rel=1e-12)


def test_norm_of_float32_does_not_overflow():
    assert optimiser.norm(np.array([3e30, 4e30], np.float32)) == pytest.approx(5e30, rel=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_norm_shows_what_is_not_finite(bad, dtype):
    gradient = np.ones(37, dtype)
    gradient[20] = bad
    assert not np.isfinite(optimiser.norm(gradient))


def test_scale(dtype):
    gradient = np.array([1.0, -2.0], dtype)
    optimiser.scale(gradient, 0.25)
    np.testing.assert_array_equal(gradient, np.array([0.25, -0.5], dtype))


def tree(slices):
    """Neighbours first, then pairs of neighbours, ..."""
    while len(slices) > 1:
        slices = [slices[i] + slices[i + 1] if i + 1 < len(slices) else slices[i] for i in range(0, len(slices), 2)]
    return slices[0]


@pytest.mark.parametrize("n", range(1, 10))
def test_slices_are_summed_in_a_fixed_tree(n, dtype):
    slices = np.random.default_rng(n).normal(size=(n, 37)).astype(dtype)
    wanted = tree(list(slices))
    optimiser.sum_slices(slices)
    np.testing.assert_array_equal(slices[0], wanted)
