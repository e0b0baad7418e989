"""Sums over a series and its lags, for least squares that never hold the matrix of lags.

z (T,) is a series; sums are over the times t from `first` on, where all lags are there: first >= p.  They are made a stretch of
z at a time, which the first-level cache holds, and whose sums are added up: so many small errors instead of few large ones.
"""

import numpy as np

from seqterm.kernels.cpu.compile import kernel

STRETCH = 1024


@kernel
def lagged_products(x, z, first, products):
    """Writes sum over t of x[t] z[t - i] to products (p + 1,) for i from 0 to p.  x (T,)"""
    products[:] = 0
    for begin in range(first, z.shape[0], STRETCH):
        end = min(begin + STRETCH, z.shape[0])
        for i in range(products.shape[0]):
            total = 0.0
            left, right = x[begin:end], z[begin - i : end - i]
            for t in range(left.shape[0]):
                total += left[t] * right[t]
            products[i] += total


@kernel
def seasonal_sums(z, first, sums):
    """Writes sum of z[t - i] over the t of each season t % S to sums (S, p + 1)."""
    n_seasons, n = sums.shape
    sums[:] = 0
    part = np.empty_like(sums)
    season = first % n_seasons
    for begin in range(first, z.shape[0], STRETCH):
        part[:] = 0
        for t in range(begin, min(begin + STRETCH, z.shape[0])):
            row, lags = part[season], z[t - n + 1 : t + 1]
            for i in range(n):
                row[i] += lags[i]
            season = season + 1 if season + 1 < n_seasons else 0
        for s in range(n_seasons):
            for i in range(n):
                sums[s, i] += part[s, n - 1 - i]


@kernel
def subtract_lags(z, coefficients, first, residuals):
    """Subtracts sum over i of coefficients[i] z[t - i] from residuals[t - first] for every t.  coefficients (p + 1,), the first
    of z[t] itself."""
    for begin in range(first, z.shape[0], STRETCH):
        end = min(begin + STRETCH, z.shape[0])
        target = residuals[begin - first : end - first]
        for i in range(coefficients.shape[0]):
            weight, source = coefficients[i], z[begin - i : end - i]
            for t in range(target.shape[0]):
                target[t] -= weight * source[t]


@kernel
def continue_series(coefficients, series, first):
    """Adds to each of series[first:] what the lags before it make: series[t] += sum over i of coefficients[i] series[t - 1 - i].

    coefficients (p,), first >= p; what stands there before is the part that does not depend on the series.
    """
    for t in range(first, series.shape[0]):
        for i in range(coefficients.shape[0]):
            series[t] += coefficients[i] * series[t - 1 - i]
