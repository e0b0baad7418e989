"""Training forecasters and asking them, through the one way in and from Python."""

from pathlib import Path

import numpy as np
import pytest

import seqterm
from seqterm.app.forecast import STEPS
from seqterm.errors import DataError, UsageError
from seqterm.events import ComparedPoint, Fitted, ForecastErrors, ForecastPoint, History, RunInfo, RunSummary
from tests.conftest import wave
from tests.naive import autoregression as naive

HELD_OUT = 9  # of 96 rows, by default


@pytest.fixture
def data(tmp_path):
    return wave(tmp_path / "wave.csv")


@pytest.fixture
def values(data):
    return np.genfromtxt(data, delimiter=",", skip_header=1, usecols=1)


@pytest.fixture
def fit(do, data, tmp_path):
    """fit(lags=3) -> the path of a run and its events."""

    def call(**settings):
        run = str(tmp_path / f"run{len(list(tmp_path.iterdir()))}")
        return run, do("train", "ar", data=data, out=run, **settings)

    return call


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def write(path, values, header="sold"):
    path.write_text(header + "\n" + "".join(f"{value}\n" for value in values))
    return str(path)


def test_the_last_tenth_is_held_out(fit, values):
    _, events = fit(lags=3)
    assert (events[0].training_tokens, events[0].validation_tokens, events[0].reads) == (87, 9, "rows")
    (fitted,) = of(Fitted, events)
    coefficients, covariance, residuals = naive.fit(values[:-HELD_OUT], 3)
    np.testing.assert_allclose([c["value"] for c in fitted.coefficients], coefficients, rtol=1e-8, atol=0)
    np.testing.assert_allclose([c["error"] for c in fitted.coefficients], np.sqrt(np.diag(covariance)), rtol=1e-8, atol=0)
    assert [c["name"] for c in fitted.coefficients] == ["constant", "lag 1", "lag 2", "lag 3"]
    np.testing.assert_allclose(fitted.deviation, np.sqrt(np.mean(residuals**2)), rtol=1e-8, atol=0)
    assert (fitted.observations, len(fitted.roots), fitted.orders, fitted.criterion) == (84, 3, [], None)
    assert fitted.ljung_box["degrees"] == 10


@pytest.mark.parametrize(("held_out", "n"), [("0", 0), ("12", 12), ("0.25", 24), ("1", 1)])
def test_rows_or_a_share_are_held_out(fit, held_out, n):
    run, events = fit(lags=2, held_out=held_out)
    assert events[0].validation_tokens == n
    assert [error.rows for error in of(ForecastErrors, events)] == [n] * 3 * (n > 0)
    assert Path(run, "series.bin").stat().st_size == 96 * 8


@pytest.mark.parametrize("held_out", ["-1", "1.5", "1.0", "x", "nan", "inf", "96", "", "1e400"])
def test_what_is_no_part_of_the_rows_is_an_error(fit, held_out):
    with pytest.raises(UsageError, match="--held-out"):
        fit(held_out=held_out)


def test_the_order_is_the_best_by_the_criterion(fit):
    _, events = fit(criterion="bic", max_lags=6)
    (fitted,) = of(Fitted, events)
    assert [order["lags"] for order in fitted.orders] == [1, 2, 3, 4, 5, 6]
    assert fitted.lags == min(fitted.orders, key=lambda order: order["bic"])["lags"]
    assert fitted.criterion == "bic"
    assert len(of(Fitted, fit(held_out="0")[1])[0].orders) == int(12 * 0.96**0.25)


@pytest.mark.parametrize("settings", [{"criterion": "aic"}, {"max_lags": 3}])
def test_an_order_that_is_given_is_not_chosen(fit, settings):
    with pytest.raises(UsageError, match="--lags 2"):
        fit(lags=2, **settings)


def test_forecasts_go_on_from_all_rows_with_the_times_that_come_next(fit, do, values):
    run, _ = fit(lags=3, seasonal=12, trend="linear")
    events = do("forecast", run=run, steps=5, level=0.9)
    points, (history,) = of(ForecastPoint, events), of(History, events)
    assert [point.time for point in points] == ["2008-01", "2008-02", "2008-03", "2008-04", "2008-05"]
    coefficients, *_ = naive.fit(values[:-HELD_OUT], 3, "linear", 12)
    wanted = naive.forecast(values, 5, coefficients, 3, "linear", 12)
    np.testing.assert_allclose([point.forecast for point in points], wanted, rtol=1e-9, atol=0)
    assert all(point.lower < point.forecast < point.upper for point in points)
    assert (history.column, history.time_name, history.rows, history.times[1]) == ("sold", "month", 96, "2007-12")
    assert history.values == values[history.first - 1 :].tolist()
    assert len(of(ForecastPoint, do("forecast", run=run))) == STEPS


def test_held_out_rows_are_compared_side_by_side(fit, do, values):
    run, trained = fit(lags=2)
    events = do("forecast", run=run, compare=True)
    points = of(ComparedPoint, events)
    coefficients, *_ = naive.fit(values[:-HELD_OUT], 2)
    multi_step = naive.forecast(values[:-HELD_OUT], HELD_OUT, coefficients, 2)
    one_step = [naive.forecast(values[:n], 1, coefficients, 2)[0] for n in range(len(values) - HELD_OUT, len(values))]
    np.testing.assert_allclose([point.multi_step for point in points], multi_step, rtol=1e-9, atol=0)
    np.testing.assert_allclose([point.one_step for point in points], one_step, rtol=1e-9, atol=0)
    assert [point.actual for point in points] == values[-HELD_OUT:].tolist()
    assert [point.time for point in points][-1] == "2007-12"
    assert of(ForecastErrors, events) == of(ForecastErrors, trained) == of(ForecastErrors, do("forecast", run=run))
    errors = of(ForecastErrors, events)
    assert [error.method for error in errors] == ["ar", "naive", "seasonal naive, 12"]
    np.testing.assert_allclose(errors[0].multi_step_mae, np.mean(np.abs(multi_step - values[-HELD_OUT:])), rtol=1e-9, atol=0)
    np.testing.assert_allclose(errors[1].one_step_mae, np.mean(np.abs(np.diff(values)[-HELD_OUT:])), rtol=1e-12, atol=0)


def test_comparing_needs_rows_to_compare(fit, do):
    run, _ = fit(lags=2, held_out="0")
    with pytest.raises(UsageError, match="--steps"):
        do("forecast", run=run, compare=True)
    assert len(of(ComparedPoint, do("forecast", run=run, compare=True, steps=4))) == 4
    with pytest.raises(DataError, match="needs 2"):
        do("forecast", run=run, compare=True, steps=95)


def test_other_rows_keep_their_place_by_their_times(fit, do, data, values, tmp_path):
    run, _ = fit(lags=3, seasonal=12, trend="linear")
    lines = Path(data).read_text().splitlines(keepends=True)
    later, whole = tmp_path / "later.csv", of(ForecastPoint, do("forecast", run=run))
    later.write_text("".join([lines[0], *lines[-30:]]))
    found = of(ForecastPoint, do("forecast", run=run, data=str(later)))
    assert [point.time for point in found] == [point.time for point in whole]
    np.testing.assert_allclose([p.forecast for p in found], [p.forecast for p in whole], rtol=1e-12, atol=0)
    untimed = of(ForecastPoint, do("forecast", run=run, data=write(tmp_path / "plain.csv", values)))
    assert [point.time for point in untimed] == [None] * STEPS
    np.testing.assert_allclose([p.forecast for p in untimed], [p.forecast for p in whole], rtol=1e-12, atol=0)


def test_times_that_do_not_fit_the_seasons_are_an_error(fit, do, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("day,sold\n" + "".join(f"2001-01-{day:02},{day % 5}\n" for day in range(2, 20)))
    run, _ = fit(lags=3, seasonal=12)
    with pytest.raises(DataError, match="do not go on"):
        do("forecast", run=run, data=str(other))
    run, _ = fit(lags=3)
    assert of(ForecastPoint, do("forecast", run=run, data=str(other)))[0].time == "2001-01-20"


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        ("other", range(9), "no column 'sold'; it has 'other'"),
        ("sold", range(2), "needs 3"),
        ("sold", ["1", "x", "2"], "row 3, column"),
    ],
)
def test_other_rows_that_cannot_be_gone_on_from(fit, do, tmp_path, header, rows, message):
    run, _ = fit(lags=3)
    with pytest.raises(DataError, match=message):
        do("forecast", run=run, data=write(tmp_path / "bad.csv", rows, header))


def test_a_column_of_other_rows_can_be_named(fit, do, tmp_path, values):
    run, _ = fit(lags=3)
    data = write(tmp_path / "other.csv", values, "other")
    assert of(History, do("forecast", run=run, data=data, column="other"))[0].column == "other"
    with pytest.raises(UsageError, match="--column"):
        do("forecast", run=run, column="other")


@pytest.mark.parametrize("model", ["ar", "mlp-ar", "rnn-ar"])
def test_constant_series_are_refused_and_leave_nothing(do, tmp_path, model):
    data = write(tmp_path / "flat.csv", [5] * 50)
    with pytest.raises(DataError, match="always about 5"):
        do("train", model, data=data, out=str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("model", "rows", "settings", "message"),
    [
        ("ar", 5, {"lags": 12}, "12 lags"),
        ("ar", 2, {"held_out": "0"}, "1 lags"),
        ("ar", 30, {"lags": 2, "seasonal": 40}, "need"),
        ("mlp-ar", 4, {}, "--window 4"),
        ("ar", 9, {"lags": 1, "scale": 1e200}, "too large"),
    ],
)
def test_too_few_or_too_large_numbers_are_an_error(do, tmp_path, model, rows, settings, message):
    data = write(tmp_path / "few.csv", np.random.default_rng(1).normal(size=rows) * settings.pop("scale", 1.0))
    with pytest.raises(DataError, match=message):
        do("train", model, data=data, out=str(tmp_path / "run"), **settings)
    assert not (tmp_path / "run").exists()


def test_a_series_must_be_named(do):
    with pytest.raises(UsageError, match="Name the series"):
        do("train", "ar")


def test_gaps_are_errors_unless_ignored(do, data, tmp_path):
    lines = Path(data).read_text().splitlines(keepends=True)
    gap = tmp_path / "gap.csv"
    gap.write_text("".join(lines[:5] + lines[6:]))
    with pytest.raises(DataError, match="row 6, column 'month': 2000-06 follows 2000-04"):
        do("train", "ar", data=str(gap), lags=2)
    events = do("train", "ar", data=str(gap), lags=2, ignore_gaps=True, out=str(tmp_path / "run"))
    assert [error.method for error in of(ForecastErrors, events)] == ["ar", "naive"]
    assert of(ForecastPoint, do("forecast", run=str(tmp_path / "run")))[0].time is None


def test_info_and_listing_show_what_was_said(fit, do, home):
    run, events = fit(lags=3)
    info, *said = do("info", run=run)
    assert isinstance(info, RunInfo)
    assert (info.parameters, info.corpus["rows"], info.corpus["column"]) == (4, 96, "sold")
    assert said == [event for event in events if isinstance(event, Fitted | ForecastErrors)]
    do("runs", "export", run=run, file=f"{run}.tar")
    do("runs", "import", file=f"{run}.tar", out="copy")
    (summary,) = do("runs", "list")
    assert isinstance(summary, RunSummary)
    assert (summary.model, summary.status) == ("ar", "complete")
    assert do("forecast", run="copy") == do("forecast", run=run)


def test_what_asks_for_language_or_vectors_says_what_the_run_is(fit, do):
    run, _ = fit(lags=3)
    with pytest.raises(UsageError, match="forecaster of numbers, not a language model"):
        do("sample", run=run)
    with pytest.raises(DataError, match="no vectors of words"):
        do("similar", vectors=run, words=("a",))
    with pytest.raises(UsageError, match="complete"):
        do("train", "--resume", run=run)


def test_a_model_of_text_does_not_forecast(do, tiny_run):
    with pytest.raises(UsageError, match="model of text, not a forecaster"):
        do("forecast", run=str(tiny_run))


@pytest.mark.parametrize("model", ["ar", "mlp-ar", "rnn-ar"])
def test_from_python(do, data, tmp_path, model):
    settings = {} if model == "ar" else {"epochs": 2}
    do("train", model, data=data, out=str(tmp_path / "run"), **settings)
    loaded = seqterm.load_forecaster(str(tmp_path / "run"))
    found = loaded.forecast(4, level=0.8)
    points = of(ForecastPoint, do("forecast", run=str(tmp_path / "run"), steps=4, level=0.8))
    assert found.times == [point.time for point in points]
    np.testing.assert_array_equal(found.forecast, [point.forecast for point in points])
    np.testing.assert_array_equal(found.lower, [point.lower for point in points])
    assert [error.method for error in loaded.errors()] == [model, "naive", "seasonal naive, 12"]


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b + b"\0"])
def test_a_series_that_was_cut_off_is_an_error(fit, do, damage):
    run, _ = fit(lags=3)
    file = Path(run, "series.bin")
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(DataError, match="bytes where 96 numbers were written"):
        do("forecast", run=run)
