"""How good forecasts are, beside those that cost nothing."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqterm.backends.base import Array


@dataclass(frozen=True)
class Forecasts:
    """Of the last n values: from the real values before each (`one_step`), and from those before all of them (`multi_step`)."""

    method: str
    one_step: Array
    multi_step: Array


def rmse(actual: Array, forecast: Array) -> float:
    """The root of the mean squared error."""
    return float(np.sqrt(np.mean((actual - forecast) ** 2)))


def mae(actual: Array, forecast: Array) -> float:
    """The mean absolute error."""
    return float(np.mean(np.abs(actual - forecast)))


def model_forecasts(model: Any, method: str, values: Array, n: int, offset: int = 0) -> Forecasts:
    """A forecaster's, of the last n of values (T,), the first of which is at time `offset`; T - n >= model.reach."""
    one_step = model.one_step(values, offset)
    return Forecasts(method, one_step[len(one_step) - n :], model.forecast(values[: len(values) - n], n, offset))


def naive_forecasts(method: str, values: Array, n: int, season: int = 1) -> Forecasts:
    """The value one season before, or the last such value that is known (Hyndman & Athanasopoulos, Forecasting, 5.2).

    season 1: the value before.  T - n >= season.
    """
    first = len(values) - n
    return Forecasts(method, values[first - season : len(values) - season], values[first - season + np.arange(n) % season])


def chi_squared_tail(x: float, degrees: int) -> float:
    """P(X > x) of a chi-squared X with a whole number of degrees of freedom, for which it is a finite sum.

    Abramowitz & Stegun 1964, Handbook of Mathematical Functions, 26.4.4 and 26.4.5.
    """
    if x <= 0:
        return 1.0
    half, odd = x / 2, degrees % 2
    powers = (j + odd / 2 for j in range(degrees // 2))
    terms = sum(math.exp(power * math.log(half) - half - math.lgamma(power + 1)) for power in powers)
    return terms + (math.erfc(math.sqrt(half)) if odd else 0.0)


def ljung_box(residuals: Array, lags: int, fitted: int) -> tuple[float, float]:
    """Q of the first autocorrelations of residuals (n,), and the probability of a larger one, were they noise.

    Q = n (n + 2) sum over k of rho_k^2 / (n - k) with lags - fitted degrees of freedom (Ljung & Box 1978); fitted < lags < n.
    """
    n, centred = len(residuals), residuals - residuals.mean()
    total = float(centred @ centred) or 1.0
    rho = np.array([centred[k:] @ centred[: n - k] for k in range(1, lags + 1)]) / total
    q = float(n * (n + 2) * np.sum(rho**2 / (n - np.arange(1, lags + 1))))
    return q, chi_squared_tail(q, lags - fitted)
