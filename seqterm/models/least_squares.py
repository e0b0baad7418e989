"""Least squares of a series on its lags, a trend and seasons, from sums over the series.

X has a row for each time t = first ... T - 1 and the columns (d of a trend and of seasons, then p of lags); everything comes from
the triangle R (d + p + 1, d + p + 1) of the QR decomposition of (X, y), found by Cholesky's of the products G = (X, y)^T (X, y),
which p sums over the series give.  Where columns are nearly dependent, that is only a first R, shifted so that it exists, and the
products of (X, y) R^-1, whose columns are less so, lead to the next (Fukaya et al. 2020, Shifted Cholesky QR, arXiv:1809.11085).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqterm.backends.base import Array, Backend

SOUND = 1e-4  # smallest eigenvalue of normalised products that leave ten digits
SHIFT = 1e-15  # of their eigenvalues, a column
PASSES = 4
RANK = 1e-13  # singular values below this share of the largest are noise
ROWS = 4096  # in a block


@dataclass(frozen=True)
class Terms:
    """What a series has besides its lags: trend none, constant or linear, and so many seasons (0: none).

    Times t are counted from 0; season s has those with t % seasons == s.  With a constant, seasons are differences from the
    first.  The trend's column is t + 1, as its coefficient is reported, or (t - middle) / half for sums.
    """

    trend: str
    seasons: int
    middle: float = -1.0
    half: float = 1.0

    @property
    def names(self) -> list[str]:
        """Of the d columns."""
        first = int(self.trend != "none")
        seasons = [f"season {s + 1}" for s in range(first, self.seasons)]
        return ["constant"] * first + ["trend"] * (self.trend == "linear") + seasons

    @property
    def is_trend(self) -> Array:
        """(d,)"""
        return np.array([name == "trend" for name in self.names], bool)

    @property
    def places(self) -> bool:
        """Whether it matters at what time a value stands."""
        return self.trend == "linear" or self.seasons > 0

    @property
    def by_season(self) -> Array:
        """(S, d): what columns hold in each season, or at all times if there are none; zeros for the trend."""
        n, first = max(1, self.seasons), int(self.trend != "none")
        seasons = np.eye(n)[:, first:] if self.seasons else np.empty((n, 0))
        return np.hstack([np.ones((n, first)), np.zeros((n, int(self.trend == "linear"))), seasons])

    def columns(self, t: Array) -> Array:
        """t (n,) -> (n, d)"""
        columns = self.by_season[t % max(1, self.seasons)]
        columns[:, self.is_trend] = (t[:, None] - self.middle) / self.half
        return columns

    def level(self, coefficients: Array, t: Array) -> Array:
        """columns(t) @ coefficients (d,), without the columns."""
        level = (self.by_season @ coefficients)[t % max(1, self.seasons)]
        return level + coefficients[self.is_trend].sum() * (t - self.middle) / self.half


def triangle(z: Array, lags: int, first: int, terms: Terms, backend: Backend) -> Array:
    """R of (X, y) of z (T,), upper triangular."""
    products, found = _products(z, lags, first, terms, backend), np.eye(len(terms.names) + lags + 1)
    for _ in range(PASSES):
        norms = np.sqrt(np.diag(products))
        norms[norms == 0] = 1
        normalised = products / np.outer(norms, norms)
        eigenvalues = np.linalg.eigvalsh(normalised)
        shift = max(0.0, len(norms) * SHIFT - eigenvalues[0])
        found = np.linalg.cholesky(normalised + shift * np.eye(len(norms))).T * norms @ found
        if eigenvalues[0] > SOUND:
            break
        products = _transformed_products(z, lags, first, terms, np.linalg.inv(found))
    return found


def _products(z: Array, lags: int, first: int, terms: Terms, backend: Backend) -> Array:
    """G: those of the lags come from the first row's, as a lag more moves the sum by one time."""
    kernels, size, d = backend.kernels("autoregression"), len(z), len(terms.names)
    lagged = np.empty((lags + 1, lags + 1))
    kernels.lagged_products(z, z, first, lagged[0])
    entering, leaving = z[first - lags : first][::-1], z[size - lags :][::-1]
    for i in range(lags):
        lagged[i + 1, 0] = lagged[0, i + 1]
        lagged[i + 1, 1:] = lagged[i, :-1] + entering[i] * entering - leaving[i] * leaving
    order = [d + lags, *range(d, d + lags)]  # y stands last
    products = np.empty((d + lags + 1, d + lags + 1))
    products[np.ix_(order, order)] = lagged
    if d:
        products[:d, :d], crossed = _term_products(z, lags, first, terms, kernels)
        products[:d, order], products[order, :d] = crossed, crossed.T
    return products


def _term_products(z: Array, lags: int, first: int, terms: Terms, kernels: Any) -> tuple[Array, Array]:
    """Of the terms' columns with one another (d, d), and with y and the lags (d, p + 1): of sums over each season."""
    t, shares = np.arange(first, len(z)), terms.by_season
    sums = np.empty((len(shares), lags + 1))
    kernels.seasonal_sums(z, first, sums)
    counts = np.bincount(t % len(shares), minlength=len(shares))
    own, crossed = shares.T @ (counts[:, None] * shares), shares.T @ sums
    for trend in np.flatnonzero(terms.is_trend):
        tau = (np.arange(len(z)) - terms.middle) / terms.half
        own[trend] = own[:, trend] = shares.T @ np.bincount(t % len(shares), tau[first:], len(shares))
        own[trend, trend] = tau[first:] @ tau[first:]
        kernels.lagged_products(tau, z, first, crossed[trend])
    return own, crossed


def _transformed_products(z: Array, lags: int, first: int, terms: Terms, inverse: Array) -> Array:
    """Those of (X, y) inverse, a block of rows at a time."""
    d, found = len(terms.names), np.zeros_like(inverse)
    for begin in range(first, len(z), ROWS):
        end = min(begin + ROWS, len(z))
        block = np.empty((len(inverse), end - begin))
        block[:d] = terms.columns(np.arange(begin, end)).T
        for i in range(lags + 1):
            block[d + i - 1 if i else -1] = z[begin - i : end - i]
        block = inverse.T @ block
        found += block @ block.T
    return found


def solve(r: Array) -> tuple[Array, Array]:
    """R -> coefficients (k,) and (X^T X)^-1 (k, k); where columns depend on one another, the shortest coefficients."""
    k = len(r) - 1
    norms = np.linalg.norm(r[:, :k], axis=0)
    norms[norms == 0] = 1
    inverse = np.linalg.pinv(r[:k, :k] / norms, rcond=RANK) / norms[:, None]
    return inverse @ r[:k, -1], inverse @ inverse.T
