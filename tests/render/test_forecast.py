"""The chart of a forecast."""

import math

import pytest

from seqterm.events import ComparedPoint, ForecastPoint, History
from seqterm.render.forecast import FORECAST, INTERVAL, ONE_STEP, REAL, forecast_chart
from tests.render.screens import check_golden

HISTORY = History("sold", "month", 40, 31, [1.0, 2.0] * 5, ("2001-01", "2001-10"))
POINTS = [ForecastPoint(i, f"2001-{10 + i}", 1.5, 1.5 - i, 1.5 + i, 0.9) for i in (1, 2)]
COMPARED = [ComparedPoint(i, f"2001-{10 + i}", 2.0, 1.8, 1.5, 1.5 - i, 1.5 + i, 0.9) for i in (1, 2)]


def season(row):
    return 10 + row / 20 + 3 * math.sin(math.tau * row / 12)


def test_golden():
    history = History("sold", "month", 96, 49, [season(row) for row in range(49, 97)], ("2004-01", "2007-12"))
    ahead = [
        ForecastPoint(i, f"2008-{i:02}", season(96 + i), season(96 + i) - i / 4, season(96 + i) + i / 4, 0.95)
        for i in range(1, 13)
    ]
    compared = [
        ComparedPoint(p.step, p.time, p.forecast + (-1) ** p.step, p.forecast + 0.5, p.forecast, p.lower, p.upper, 0.95)
        for p in ahead
    ]
    for name, points in (("forecast", ahead), ("forecast_compared", compared)):
        check_golden(name, lambda width, points=points: forecast_chart(history, points, width, 16))


def styles(chart):
    return {span.style for span in chart.spans}


@pytest.mark.parametrize(("width", "height"), [(60, 12), (100, 22), (30, 8)])
@pytest.mark.parametrize("points", [POINTS, COMPARED], ids=["ahead", "compared"])
def test_the_chart_fills_its_room(points, width, height):
    lines = forecast_chart(HISTORY, points, width, height).plain.split("\n")
    assert len(lines) == height
    assert all(len(line) == width for line in lines[1:-1])


def test_times_and_extremes_are_named():
    lines = forecast_chart(HISTORY, POINTS, 60, 12).plain.split("\n")
    assert lines[0] == "sold ⠒⠒ real  ⠒⠒ forecast  ⢕⢕ 90% interval"
    assert lines[-1].split() == ["2001-01", "2001-12"]
    assert (lines[1].split()[0], lines[-2].split()[0]) == ("3.50", "-0.50")


def test_rows_are_numbered_where_there_are_no_times():
    history, points = (
        History("sold", None, 40, 31, HISTORY.values, None),
        [ForecastPoint(i, None, 1.5, 1.0, 2.0, 0.9) for i in (1, 2)],
    )
    assert forecast_chart(history, points, 60, 12).plain.split("\n")[-1].split() == ["31", "42"]


def test_what_is_drawn_has_its_style():
    assert {REAL, FORECAST, INTERVAL} <= styles(forecast_chart(HISTORY, POINTS, 60, 12))
    assert ONE_STEP not in styles(forecast_chart(HISTORY, POINTS, 60, 12))
    assert ONE_STEP in styles(forecast_chart(HISTORY, COMPARED, 60, 12))


def test_names_cannot_reach_the_terminal():
    history = History("so\x1b[31mld", None, 40, 31, HISTORY.values, None)
    assert "\x1b" not in forecast_chart(history, POINTS, 60, 12).plain
