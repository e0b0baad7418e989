import numpy as np
import pytest

from seqterm.evaluation.forecast import chi_squared_tail, ljung_box, mae, model_forecasts, naive_forecasts, rmse


def test_errors_by_hand():
    actual, forecast = np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 2.0])
    assert mae(actual, forecast) == 1.0
    assert rmse(actual, forecast) == pytest.approx((5 / 3) ** 0.5, rel=1e-15)


def test_naive_forecasts_by_hand():
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    found = naive_forecasts("naive", values, 5)
    np.testing.assert_array_equal(found.one_step, [3, 4, 5, 6, 7])
    np.testing.assert_array_equal(found.multi_step, [3, 3, 3, 3, 3])
    found = naive_forecasts("seasonal", values, 5, 2)
    np.testing.assert_array_equal(found.one_step, [2, 3, 4, 5, 6])
    np.testing.assert_array_equal(found.multi_step, [2, 3, 2, 3, 2])


def test_a_model_sees_no_value_that_it_forecasts():
    class Last:
        def one_step(self, values, offset):
            return values[2:-1] + offset if len(values) > 3 else values

        def forecast(self, values, n, offset):
            return np.full(n, values[-1])

    values = np.arange(8.0)
    found = model_forecasts(Last(), "last", values, 3, offset=100)
    np.testing.assert_array_equal(found.multi_step, [4, 4, 4])
    np.testing.assert_array_equal(found.one_step, [104, 105, 106])


@pytest.mark.parametrize(
    ("x", "degrees", "tail"),
    [(3.841458820694124, 1, 0.05), (5.991464547107979, 2, 0.05), (18.307038053275146, 10, 0.05), (24.99579013972863, 15, 0.05)],
)
def test_chi_squared_tails_of_the_tables(x, degrees, tail):
    assert chi_squared_tail(x, degrees) == pytest.approx(tail, rel=1e-12)


@pytest.mark.parametrize(("x", "tail"), [(0.0, 1.0), (1e4, 0.0)])
def test_chi_squared_tails_at_the_ends(x, tail):
    assert chi_squared_tail(x, 7) == tail


def test_ljung_box_is_that_of_statsmodels():
    diagnostic = pytest.importorskip("statsmodels.stats.diagnostic")
    residuals = np.random.default_rng(1).normal(size=300).cumsum()[::3] + 2
    theirs = diagnostic.acorr_ljungbox(residuals, lags=[12], model_df=3)
    q, p = ljung_box(residuals, 12, 3)
    np.testing.assert_allclose([q, p], theirs.iloc[0], rtol=1e-10, atol=1e-300)
