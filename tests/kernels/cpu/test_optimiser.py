"""Update rules against their formulas, written as PyTorch's documentation has them."""

from functools import partial

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


def updated(start, gradients, n_kept, apply, factor=1.0, limit=np.inf):
    """apply(parameters, gradient, *kept, factor, limit, step) five times -> parameters; every gradient is zero afterwards."""
    parameters, kept = start.copy(), [np.zeros_like(start) for _ in range(n_kept)]
    for step, gradient in enumerate(gradients.copy(), 1):
        apply(parameters, gradient, *kept, factor, limit, step)
        np.testing.assert_array_equal(gradient, 0)
    return parameters


def plain_sgd(start, gradients, momentum):
    p, velocity = start.astype(np.float64), np.zeros(11)
    for g in gradients.astype(np.float64):
        velocity = momentum * velocity + g
        p = p - RATE * velocity
    return p


def plain_adagrad(start, gradients):
    p, squares = start.astype(np.float64), np.zeros(11)
    for g in gradients.astype(np.float64):
        squares = squares + g**2
        p = p - RATE * g / (np.sqrt(squares) + EPSILON)
    return p


def plain_rmsprop(start, gradients):
    p, squares = start.astype(np.float64), np.zeros(11)
    for g in gradients.astype(np.float64):
        squares = 0.9 * squares + 0.1 * g**2
        p = p - RATE * g / (np.sqrt(squares) + EPSILON)
    return p


def plain_adam(start, gradients, decay):
    p, mean, squares = start.astype(np.float64), np.zeros(11), np.zeros(11)
    for step, g in enumerate(gradients.astype(np.float64), 1):
        p = p - RATE * decay * p
        mean = 0.9 * mean + 0.1 * g
        squares = 0.99 * squares + 0.01 * g**2
        corrected_mean, corrected_squares = mean / (1 - 0.9**step), squares / (1 - 0.99**step)
        p = p - RATE * corrected_mean / (np.sqrt(corrected_squares) + EPSILON)
    return p


# name: vectors kept, the kernel after (parameters, gradient, *kept, factor, limit, step), the plain rule
RULES = {
    "sgd": (0, lambda p, g, f, limit, step: optimiser.sgd(p, g, f, limit, RATE), partial(plain_sgd, momentum=0.0)),
    "momentum": (
        1,
        lambda p, g, v, f, limit, step: optimiser.momentum_sgd(p, g, v, f, limit, RATE, 0.9),
        partial(plain_sgd, momentum=0.9),
    ),
    "momentum zero": (
        1,
        lambda p, g, v, f, limit, step: optimiser.momentum_sgd(p, g, v, f, limit, RATE, 0.0),
        partial(plain_sgd, momentum=0.0),
    ),
    "adagrad": (1, lambda p, g, s, f, limit, step: optimiser.adagrad(p, g, s, f, limit, RATE, EPSILON), plain_adagrad),
    "rmsprop": (1, lambda p, g, s, f, limit, step: optimiser.rmsprop(p, g, s, f, limit, RATE, 0.9, EPSILON), plain_rmsprop),
    "adam": (
        2,
        lambda p, g, m, s, f, limit, step: optimiser.adam(p, g, m, s, f, limit, step, RATE, 0.9, 0.99, EPSILON, 0.0),
        partial(plain_adam, decay=0.0),
    ),
    "adamw": (
        2,
        lambda p, g, m, s, f, limit, step: optimiser.adam(p, g, m, s, f, limit, step, RATE, 0.9, 0.99, EPSILON, 0.1),
        partial(plain_adam, decay=0.1),
    ),
}
each_rule = pytest.mark.parametrize(("n_kept", "apply", "plain"), RULES.values(), ids=RULES)


@each_rule
def test_a_rule_equals_its_formula(n_kept, apply, plain, start, gradients, dtype):
    found = updated(start, gradients, n_kept, apply)
    np.testing.assert_allclose(found, plain(start, gradients), **TOLERANCE[dtype])


@each_rule
def test_a_rule_takes_the_gradient_times_a_factor_within_a_limit(n_kept, apply, plain, start, gradients, dtype):
    clipped = np.clip(0.25 * gradients.astype(np.float64), -0.5, 0.5)
    assert 0 < (np.abs(clipped) == 0.5).sum() < clipped.size
    found = updated(start, gradients, n_kept, apply, factor=0.25, limit=0.5)
    np.testing.assert_allclose(found, plain(start, clipped), **TOLERANCE[dtype])


def test_decay_shrinks_a_parameter_that_has_no_gradient():
    p, zero = np.array([2.0]), np.zeros(1)
    optimiser.adam(p, zero, np.zeros(1), np.zeros(1), 1.0, np.inf, 1, 0.5, 0.9, 0.99, 1e-8, 0.1)
    np.testing.assert_allclose(p, [2.0 * (1 - 0.5 * 0.1)], rtol=1e-15, atol=0)


def test_the_limit_keeps_nan_and_what_is_within(dtype):
    gradient, p = np.array([-7.0, -0.5, np.nan, 0.0, 0.4999, np.inf, -np.inf], dtype), np.zeros(7, dtype)
    optimiser.sgd(p, gradient, 1.0, 0.5, 1.0)
    np.testing.assert_array_equal(-p, np.array([-0.5, -0.5, np.nan, 0.0, 0.4999, 0.5, -0.5], dtype))


def test_a_factor_comes_before_the_limit(dtype):
    gradient, p = np.array([1.0, -2.0, 8.0], dtype), np.zeros(3, dtype)
    optimiser.sgd(p, gradient, 0.25, 1.0, 1.0)
    np.testing.assert_array_equal(-p, np.array([0.25, -0.5, 1.0], dtype))


def test_norm_is_euclidean(gradients):
    wanted = (gradients[0].astype(np.float64) ** 2).sum()
    assert optimiser.squared_norm(gradients[0]) == pytest.approx(wanted, rel=1e-12)


def test_norm_of_float32_does_not_overflow():
    assert optimiser.squared_norm(np.array([3e30, 4e30], np.float32)) == pytest.approx(25e60, rel=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_norm_shows_what_is_not_finite(bad, dtype):
    gradient = np.ones(37, dtype)
    gradient[20] = bad
    assert not np.isfinite(optimiser.squared_norm(gradient))


@pytest.mark.parametrize("n", range(10))
def test_slices_are_added_in_order_and_left_zero(n, dtype):
    """Of a stretch of longer slices, as threads share them out."""
    random = np.random.default_rng(n)
    gradient, slices = random.normal(size=37).astype(dtype), random.normal(size=(n, 50)).astype(dtype)
    before, wanted = slices.copy(), gradient.copy()
    for one in slices:
        wanted = wanted + one[5:42]
    for one in slices:
        optimiser.add_slice(gradient, one[5:42])
    np.testing.assert_array_equal(gradient, wanted)
    before[:, 5:42] = 0
    np.testing.assert_array_equal(slices, before)
