"""Autoregression with the whole matrix of lags, for the tests of what does without it."""

import numpy as np


def design(y, lags, trend="constant", seasons=0, first=None):
    """X and y of every row from `first` (default: lags) on; columns: constant, trend t + 1, seasons, lags."""
    first = lags if first is None else first
    rows = []
    for t in range(first, len(y)):
        row = []
        if trend != "none":
            row.append(1.0)
        if trend == "linear":
            row.append(t + 1.0)
        row += [float(t % seasons == s) for s in range(1 if trend != "none" else 0, seasons)]
        row += [y[t - 1 - i] for i in range(lags)]
        rows.append(row)
    return np.array(rows).reshape(len(y) - first, -1), np.array(y[first:])


def fit(y, lags, trend="constant", seasons=0):
    """coefficients, their covariance, the residuals"""
    x, target = design(y, lags, trend, seasons)
    coefficients, *_ = np.linalg.lstsq(x, target, rcond=None)
    residuals = target - x @ coefficients
    return coefficients, residuals @ residuals / len(target) * np.linalg.inv(x.T @ x), residuals


def forecast(y, steps, coefficients, lags, trend="constant", seasons=0):
    """One value after the other."""
    y = list(y)
    for _ in range(steps):
        x, _ = design([*y, 0.0], lags, trend, seasons, first=len(y))
        y.append(float(x[0] @ coefficients))
    return np.array(y[len(y) - steps :])
