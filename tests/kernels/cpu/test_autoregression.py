"""The sums over a series against loops that hold everything."""

import numpy as np
import pytest

from seqterm.kernels.cpu import autoregression
from seqterm.kernels.cpu.autoregression import STRETCH


def series(n, seed=1):
    return np.random.default_rng(seed).normal(size=n)


@pytest.mark.parametrize("n", [6, STRETCH + 5, 2 * STRETCH + 6])
@pytest.mark.parametrize("first", [3, 5])
def test_lagged_products(n, first):
    x, z, found = series(n), series(n, 2), np.full(4, np.nan)
    autoregression.lagged_products(x, z, first, found)
    wanted = [sum(x[t] * z[t - i] for t in range(first, n)) for i in range(4)]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n", [7, STRETCH + 4, 2 * STRETCH + 9])
@pytest.mark.parametrize("seasons", [1, 2, 5])
@pytest.mark.parametrize("first", [2, 4])
def test_seasonal_sums(n, seasons, first):
    z, found = series(n), np.full((seasons, 3), np.nan)
    autoregression.seasonal_sums(z, first, found)
    wanted = [[sum(z[t - i] for t in range(first, n) if t % seasons == s) for i in range(3)] for s in range(seasons)]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n", [5, STRETCH + 3, STRETCH + 4])
def test_subtract_lags(n):
    z, weights = series(n), np.array([-1.0, 0.5, 0.25])
    found = np.full(n - 3, 10.0)
    autoregression.subtract_lags(z, weights, 3, found)
    wanted = [10 + z[t] - 0.5 * z[t - 1] - 0.25 * z[t - 2] for t in range(3, n)]
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-13)


def test_continue_series():
    found = np.array([1.0, 2.0, 10.0, 20.0])
    autoregression.continue_series(np.array([0.5, 0.25]), found, 2)
    np.testing.assert_allclose(found, [1, 2, 10 + 1 + 0.25, 20 + 5.625 + 0.5], rtol=0, atol=1e-15)
