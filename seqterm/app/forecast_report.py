"""What there is to say of a forecaster: the regression's table, and errors on held-out values beside those of naive forecasts."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from statistics import NormalDist
from typing import Any

import numpy as np

from seqterm.backends.base import Array
from seqterm.evaluation.forecast import Forecasts, ljung_box, mae, model_forecasts, naive_forecasts, rmse
from seqterm.events import Event, Fitted, ForecastErrors
from seqterm.models.autoregression import Autoregression, Criteria
from seqterm.store.run_folder import RunFolder

LEVEL = 0.95  # of the coefficients' intervals
TESTED = 10  # autocorrelations of the residuals beyond the fitted lags
REPORTS: dict[str, type[Event]] = {"fitted": Fitted, "forecast_errors": ForecastErrors}


def fitted(model: Autoregression, residuals: Array, criterion: str | None, orders: list[Criteria]) -> Fitted:
    """The regression's table; criterion: what chose among the orders, if something did."""
    criteria = model.criteria(len(residuals))
    tested = min(model.lags + TESTED, len(residuals) - 1)
    box = None
    if tested > model.lags:
        statistic, p = ljung_box(residuals, tested, model.lags)
        box = {"lags": tested, "statistic": statistic, "degrees": tested - model.lags, "p": p}
    return Fitted(
        lags=model.lags,
        observations=len(residuals),
        deviation=math.sqrt(model.variance[0]),
        log_likelihood=criteria.log_likelihood,
        aic=criteria.aic,
        bic=criteria.bic,
        hqic=criteria.hqic,
        coefficients=_coefficients(model),
        roots=[_root(complex(root)) for root in sorted(model.roots(), key=lambda root: (abs(root), -root.imag))],
        ljung_box=box,
        criterion=criterion,
        orders=[{name: value for name, value in asdict(order).items() if name != "log_likelihood"} for order in orders],
    )


def _coefficients(model: Autoregression) -> list[dict[str, Any]]:
    half, rows = NormalDist().inv_cdf((1 + LEVEL) / 2), []
    errors = np.sqrt(np.maximum(0, np.diag(model.covariance)))
    for name, value, error in zip(model.names, model.coefficients.tolist(), errors.tolist(), strict=True):
        z = value / error if error else math.copysign(math.inf, value)
        p = math.erfc(abs(z) / math.sqrt(2))
        ends = {"lower": value - half * error, "upper": value + half * error}
        rows.append({"name": name, "value": value, "error": error, "z": z, "p": p, **ends})
    return rows


def _root(root: complex) -> dict[str, float]:
    """frequency: turns a row"""
    frequency = math.atan2(root.imag, root.real) / math.tau
    return {"real": root.real, "imaginary": root.imag, "modulus": abs(root), "frequency": frequency}


def compared(model: Any, name: str, values: Array, n: int, season: int | None, offset: int = 0) -> list[Forecasts]:
    """A model's forecasts of the last n values, and the naive ones."""
    found = [model_forecasts(model, name, values, n, offset), naive_forecasts("naive", values, n)]
    if season and len(values) - n >= season:
        found.append(naive_forecasts(f"seasonal naive, {season}", values, n, season))
    return found


def forecast_errors(values: Array, forecasts: list[Forecasts]) -> Iterator[ForecastErrors]:
    """One for each method."""
    for found in forecasts:
        actual = values[len(values) - len(found.one_step) :]
        errors = [measure(actual, made) for made in (found.one_step, found.multi_step) for measure in (rmse, mae)]
        yield ForecastErrors(found.method, len(actual), *errors)


def reports(folder: RunFolder) -> Iterator[Event]:
    """What was said of a run when it was trained."""
    for event in folder.events():
        if event["event"] in REPORTS:
            yield REPORTS[event["event"]](**{name: value for name, value in event.items() if name not in ("event", "time")})
