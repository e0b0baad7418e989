"""Linear autoregression by least squares: orders, coefficients with their covariance, forecasts with intervals.

Definitions follow statsmodels' AutoReg: the likelihood is conditional on the first p values, the variance is the mean square of
the residuals, and criteria count the variance among the parameters (Luetkepohl 2005, New Introduction to Multiple Time Series
Analysis, section 4.3).
"""

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.errors import DataError
from seqterm.models.base import load_tensors
from seqterm.models.forecast_settings import ArSettings
from seqterm.models.least_squares import Terms, solve, triangle


@dataclass(frozen=True)
class Criteria:
    """Information criteria, the smaller the better, of a fit with so many lags."""

    lags: int
    log_likelihood: float
    aic: float
    bic: float
    hqic: float

    @classmethod
    def of(cls, lags: int, squares: float, n: int, parameters: int) -> "Criteria":
        """squares: of the n residuals; parameters: coefficients, without the variance."""
        log_p = -n / 2 * (math.log(2 * math.pi * max(squares / n, np.finfo(float).tiny)) + 1)
        penalties = (2.0, math.log(n), 2 * math.log(math.log(n))) if n > 1 else (2.0, 0.0, 0.0)
        return cls(lags, log_p, *(-2 * log_p + penalty * (parameters + 1) for penalty in penalties))


class Autoregression:
    """`coefficients` (d + p,) of the terms and of the lags, their `covariance`, the noise's `variance` (1,); all for raw values.

    Times are counted from the first training row, which is 0.
    """

    unit = "squared error, standardised"

    @classmethod
    def of(cls, settings: ArSettings, vocabulary: None, backend: Backend) -> "Autoregression":
        """Not fitted; settings.lags is a number."""
        return cls(settings, backend)

    def __init__(self, settings: ArSettings, backend: Backend):
        assert settings.lags
        self.settings, self.backend, self.lags = settings, backend, settings.lags
        self.terms = Terms(settings.trend, settings.seasonal or 0)
        k = len(self.terms.names) + self.lags
        self.coefficients, self.covariance, self.variance = np.zeros(k), np.zeros((k, k)), np.zeros(1)
        self._kernels = backend.kernels("autoregression")

    @property
    def reach(self) -> int:
        """How many values a forecast needs before it."""
        return self.lags

    @property
    def names(self) -> list[str]:
        return [*self.terms.names, *(f"lag {i + 1}" for i in range(self.lags))]

    @property
    def phi(self) -> Array:
        """(p,), of the lags"""
        return self.coefficients[len(self.terms.names) :]

    def tensors(self) -> dict[str, Array]:
        return {"coefficients": self.coefficients, "covariance": self.covariance, "variance": self.variance}

    def load(self, tensors: dict[str, Array]) -> None:
        """DataError where they do not fit."""
        load_tensors(self.tensors(), tensors)

    # Fitting

    def fit(self, values: Array) -> Array:
        """values (T,), not all the same -> residuals (T - p,); DataError where they are too few."""
        check_length(len(values), self.lags, self.terms)
        z, terms, mean, scale = _standardised(values, self.terms)
        coefficients, inverse = solve(triangle(z, self.lags, self.lags, terms, self.backend))
        residuals = scale * self._residuals(z, 0, terms, coefficients)
        self.variance[0] = residuals @ residuals / len(residuals)
        to_raw, shift = _to_raw(terms, self.lags, mean, scale)
        self.coefficients[...] = to_raw @ coefficients + shift
        self.covariance[...] = self.variance / scale**2 * (to_raw @ inverse @ to_raw.T)
        return residuals

    def _residuals(self, values: Array, offset: int, terms: Terms, coefficients: Array) -> Array:
        """(T - p,), of values (T,), the first of which is at time `offset`."""
        d = len(terms.names)
        residuals = -terms.level(coefficients[:d], np.arange(self.lags, len(values)) + offset)
        self._kernels.subtract_lags(values, np.concatenate([[-1.0], coefficients[d:]]), self.lags, residuals)
        return residuals

    # What was learned

    def criteria(self, n: int) -> Criteria:
        """Of a fit to n + p values."""
        return Criteria.of(self.lags, float(self.variance[0]) * n, n, len(self.coefficients))

    def roots(self) -> Array:
        """(p,) complex roots of 1 - phi_1 z - ... - phi_p z^p: the series is stationary where all are outside the unit circle."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return 1 / np.roots([1.0, *-self.phi])

    # Forecasts

    def one_step(self, values: Array, offset: int = 0) -> Array:
        """Forecasts (T - p,) of values[p:], each from the real values before it; values[0] is at time `offset`."""
        return values[self.lags :] - self._residuals(values, offset, self.terms, self.coefficients)

    def forecast(self, values: Array, steps: int, offset: int = 0) -> Array:
        """(steps,) after the end of values, on the model's own predictions."""
        d, end = len(self.terms.names), offset + len(values)
        level = self.terms.level(self.coefficients[:d], np.arange(end, end + steps))
        series = np.concatenate([values[len(values) - self.lags :], level])
        self._kernels.continue_series(self.phi, series, self.lags)
        return series[self.lags :]

    def interval(self, values: Array, forecast: Array, level: float, offset: int = 0) -> tuple[Array, Array]:
        """Lower and upper ends (steps,) of what holds the future values with a probability of `level`, were the coefficients true
        and the noise normal."""
        psi = np.zeros(self.lags + len(forecast))  # of noise at one time, on the values after it
        psi[self.lags] = 1
        self._kernels.continue_series(self.phi, psi, self.lags)
        deviation = np.sqrt(self.variance[0] * np.cumsum(psi[self.lags :] ** 2))
        half = NormalDist().inv_cdf((1 + level) / 2) * deviation
        return forecast - half, forecast + half


def check_length(n: int, lags: int, terms: Terms) -> None:
    """DataError where n values are too few."""
    parameters = len(terms.names) + lags
    if n < lags + parameters + 1:
        raise DataError(
            f"There are {n:,} rows to train on: {lags} lags, {parameters} coefficients in all, "
            f"need {lags + parameters + 1:,} at least."
        )


def select_order(values: Array, settings: ArSettings, most: int, backend: Backend) -> list[Criteria]:
    """Of fits with 1 to `most` lags, all to values[most:], so that they can be compared."""
    z, terms, _, scale = _standardised(values, Terms(settings.trend, settings.seasonal or 0))
    d, n = len(terms.names), len(values) - most
    r = triangle(z, most, most, terms, backend)
    squares = scale**2 * np.cumsum(r[::-1, -1] ** 2)[::-1]  # of what is left after so many columns
    return [Criteria.of(lags, float(squares[d + lags]), n, d + lags) for lags in range(1, most + 1)]


def _standardised(values: Array, terms: Terms) -> tuple[Array, Terms, float, float]:
    """z = (values - mean) / scale, and the terms with a trend between -1 and 1; mean 0 where no term could hold it."""
    mean, n = float(values.mean()) if terms.names else 0.0, len(values)
    z = values - mean
    scale = float(np.sqrt(z @ z / n)) or 1.0
    z /= scale
    return z, replace(terms, middle=(n - 1) / 2, half=n / 2), mean, scale


def _to_raw(terms: Terms, lags: int, mean: float, scale: float) -> tuple[Array, Array]:
    """Matrix and shift that turn coefficients of standardised values into those of raw ones, whose trend is t + 1."""
    d = len(terms.names)
    matrix = np.diag(np.concatenate([np.full(d, scale), np.ones(lags)]))
    has_mean = np.array([name == "constant" if terms.trend != "none" else True for name in terms.names], bool)
    for trend in np.flatnonzero(terms.is_trend):
        matrix[trend, trend] = scale / terms.half
        matrix[0, trend] = -scale * (terms.middle + 1) / terms.half
    matrix[np.ix_(np.flatnonzero(has_mean), np.arange(d, d + lags))] = -mean
    shift = np.zeros(d + lags)
    shift[:d][has_mean] = mean
    return matrix, shift
