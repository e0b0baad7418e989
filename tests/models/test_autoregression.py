"""Linear autoregression against the whole matrix of lags, and against statsmodels' AutoReg."""

import warnings

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.datasets.series import read_series
from seqterm.errors import DataError
from seqterm.models.autoregression import Autoregression, select_order
from seqterm.models.forecast_settings import ArSettings
from tests.naive import autoregression as naive

BACKEND = CPU(2)
FORMS = [("none", 0), ("constant", 0), ("linear", 0), ("none", 4), ("constant", 4), ("linear", 4)]
TRENDS = {"none": "n", "constant": "c", "linear": "ct"}
KNOWN = [("airline-passengers", None), ("eu-stock-markets", "DAX"), ("monthly-sunspots", None), ("daily-min-temperatures", None)]


def random_series(n=120, seed=1, level=50.0):
    noise = np.random.default_rng(seed).normal(size=n)
    y = np.zeros(n)
    for t in range(2, n):
        y[t] = 0.6 * y[t - 1] - 0.3 * y[t - 2] + noise[t]
    return level + 0.02 * np.arange(n) + np.tile([1.0, -2.0, 0.5, 3.0], n // 4 + 1)[:n] + y


def fitted(y, lags, trend="constant", seasons=0):
    model = Autoregression(ArSettings(lags=lags, trend=trend, seasonal=seasons or None), BACKEND)
    return model, model.fit(y)


@pytest.mark.parametrize(("trend", "seasons"), FORMS)
@pytest.mark.parametrize("lags", [1, 5])
def test_a_fit_is_that_of_the_whole_matrix(trend, seasons, lags):
    y = random_series()
    model, residuals = fitted(y, lags, trend, seasons)
    coefficients, covariance, wanted = naive.fit(y, lags, trend, seasons)
    assert len(model.names) == len(coefficients)
    np.testing.assert_allclose(model.coefficients, coefficients, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(model.covariance, covariance, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(residuals, wanted, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("trend", "seasons"), FORMS)
def test_forecasts_are_those_of_one_row_after_the_other(trend, seasons):
    y = random_series(101)
    model, _ = fitted(y[:90], 3, trend, seasons)
    wanted = naive.forecast(y[:90], 11, model.coefficients, 3, trend, seasons)
    np.testing.assert_allclose(model.forecast(y[:90], 11), wanted, rtol=1e-12, atol=1e-12)
    one_step = [naive.forecast(y[:n], 1, model.coefficients, 3, trend, seasons)[0] for n in range(90, 101)]
    np.testing.assert_allclose(model.one_step(y)[-11:], one_step, rtol=1e-12, atol=1e-12)


def test_values_from_later_on_keep_their_place_in_trend_and_seasons():
    y = random_series(101)
    model, _ = fitted(y, 3, "linear", 4)
    np.testing.assert_allclose(model.forecast(y[70:], 5, offset=70), model.forecast(y, 5), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(model.one_step(y[70:], offset=70), model.one_step(y)[70:], rtol=1e-13, atol=1e-13)
    assert np.abs(model.forecast(y[70:], 5) - model.forecast(y, 5)).max() > 0.1


def test_intervals_of_an_ar_1_by_hand():
    model, _ = fitted(random_series(), 1)
    model.coefficients[:], model.variance[0] = [0.0, 0.5], 4.0
    lower, upper = model.interval(np.array([8.0]), model.forecast(np.array([8.0]), 3), 0.9)
    deviations = 2 * np.sqrt([1, 1 + 0.25, 1 + 0.25 + 0.0625])
    np.testing.assert_allclose(lower, [4, 2, 1] - 1.6448536269514722 * deviations, rtol=1e-13, atol=0)
    np.testing.assert_allclose(upper, [4, 2, 1] + 1.6448536269514722 * deviations, rtol=1e-13, atol=0)


def test_roots_are_those_of_the_polynomial():
    model, _ = fitted(random_series(), 2)
    model.coefficients[1:] = [1.5, -0.56]  # (1 - 0.7 z) (1 - 0.8 z)
    np.testing.assert_allclose(sorted(model.roots().real), [1 / 0.8, 1 / 0.7], rtol=1e-12, atol=0)


@pytest.mark.parametrize("level", [1e6, 1e-6, -3e4])
def test_levels_far_from_the_spread_cost_few_digits(level):
    y = random_series(400, level=level)
    found, _ = fitted(y, 4, "linear", 4)
    wanted, _ = fitted(y - level, 4, "linear", 4)
    np.testing.assert_allclose(found.phi, wanted.phi, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(found.forecast(y, 12) - level, wanted.forecast(y - level, 12), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("y", [np.arange(40.0), np.sin(np.arange(60) / 3), np.arange(30.0) ** 2], ids=["line", "sine", "square"])
def test_series_that_their_lags_determine_are_continued(y):
    """Columns depend on one another: any coefficients that fit will do."""
    model, residuals = fitted(y[:-3], 4)
    assert np.isfinite(model.covariance).all()
    np.testing.assert_allclose(residuals, 0, rtol=0, atol=1e-8 * np.abs(y).max())
    np.testing.assert_allclose(model.forecast(y[:-3], 3), y[-3:], rtol=1e-7, atol=1e-7)


def test_too_few_values_are_an_error():
    with pytest.raises(DataError, match="need 10 at least"):
        fitted(np.arange(9.0), 4)
    fitted(np.arange(10.0), 4)


@pytest.mark.parametrize("level", [0.0, 1000.0])
def test_order_selection_compares_fits_to_the_same_values(level):
    y = random_series(200) + level
    orders = select_order(y, ArSettings(trend="linear"), 6, BACKEND)
    assert [order.lags for order in orders] == [1, 2, 3, 4, 5, 6]
    for order in orders:
        x, target = naive.design(y, order.lags, "linear", first=6)
        residuals = target - x @ np.linalg.lstsq(x, target, rcond=None)[0]
        n, k = x.shape
        log_p = -n / 2 * (np.log(2 * np.pi * np.mean(residuals**2)) + 1)
        np.testing.assert_allclose(order.log_likelihood, log_p, rtol=1e-9, atol=0)
        found = [order.aic, order.bic, order.hqic]
        wanted = [-2 * log_p + penalty * (k + 1) for penalty in (2, np.log(n), 2 * np.log(np.log(n)))]
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=0)


# Parity


@pytest.mark.parametrize(("trend", "seasons"), [("none", 0), ("constant", 0), ("linear", 12), ("none", 12)])
@pytest.mark.parametrize("lags", [1, 12, 20])
@pytest.mark.parametrize(("name", "column"), KNOWN)
def test_statsmodels_has_the_same_coefficients_intervals_and_criteria(real_data, name, column, lags, trend, seasons):
    ar_model = pytest.importorskip("statsmodels.tsa.ar_model")
    y = read_series(str(real_data / "timeseries" / f"{name}.csv"), (column,) if column else ()).values[:, 0]
    model, residuals = fitted(y, lags, trend, seasons)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ar_model.AutoReg(y, lags, TRENDS[trend], seasonal=bool(seasons), period=seasons or None).fit()
    same = {"rtol": 1e-6, "atol": 0}
    criteria, errors = model.criteria(len(residuals)), np.sqrt(np.diag(model.covariance))
    np.testing.assert_allclose(model.coefficients, theirs.params, **same)
    np.testing.assert_allclose(errors, theirs.bse, **same)
    ends = model.coefficients[:, None] + 1.959963984540054 * errors[:, None] * [-1, 1]
    np.testing.assert_allclose(ends, theirs.conf_int(), **same)
    found = [criteria.log_likelihood, criteria.aic, criteria.bic, criteria.hqic, model.variance[0]]
    np.testing.assert_allclose(found, [theirs.llf, theirs.aic, theirs.bic, theirs.hqic, theirs.sigma2], **same)
    np.testing.assert_allclose(np.sort(np.abs(model.roots())), np.sort(np.abs(theirs.roots)), **same)
    forecast = model.forecast(y, 24)
    prediction = theirs.get_prediction(len(y), len(y) + 23)
    np.testing.assert_allclose(forecast, prediction.predicted_mean, **same)
    np.testing.assert_allclose(np.stack(model.interval(y, forecast, 0.9), axis=1), prediction.conf_int(0.1), **same)
    np.testing.assert_allclose(model.one_step(y), theirs.fittedvalues, **same)


@pytest.mark.parametrize("criterion", ["aic", "bic", "hqic"])
def test_statsmodels_chooses_the_same_order(real_data, criterion):
    """Its figures leave the constant out of the count: each is smaller by the penalty of one parameter."""
    ar_model = pytest.importorskip("statsmodels.tsa.ar_model")
    y = read_series(str(real_data / "timeseries" / "monthly-sunspots.csv")).values[:, 0]
    orders = select_order(y, ArSettings(), 13, BACKEND)
    theirs = getattr(ar_model.ar_select_order(y, 13, ic=criterion, trend="c"), criterion)
    apart = [getattr(order, criterion) - theirs[tuple(range(1, order.lags + 1))] for order in orders]
    n = len(y) - 13
    penalty = {"aic": 2, "bic": np.log(n), "hqic": 2 * np.log(np.log(n))}[criterion]
    np.testing.assert_allclose(apart, penalty, rtol=1e-6, atol=0)
