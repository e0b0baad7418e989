import numpy as np
import pytest

from seqterm.datasets.calendar import Calendar
from seqterm.datasets.series import Series
from seqterm.errors import DataError


def series(*times):
    unit = {7: "M", 10: "D"}.get(len(times[0]), "us")
    return Series("data.csv", ["x"], np.zeros((len(times), 1)), np.array(times, f"M8[{unit}]"), "when")


RISING = [
    (("2001-11", "2001-12", "2002-01"), "months", 1, "2002-02", 12),
    (("2001-01", "2001-04", "2001-07"), "months", 3, "2001-10", 4),
    (("2001-01-15", "2001-02-15", "2001-03-15"), "months", 1, "2001-04-15", 12),
    (("2001-01-31", "2001-02-28", "2001-03-31"), "months", 1, "2001-04-30", 12),
    (("2001-01-05", "2001-01-06", "2001-01-07"), "days", 1, "2001-01-08", 7),
    (("2001-01-04", "2001-01-05", "2001-01-08"), "weekdays", 1, "2001-01-09", 5),
    (("2001-01-02", "2001-01-09", "2001-01-16"), "weekdays", 5, "2001-01-23", None),
    (("2001-01-06", "2001-01-13", "2001-01-20"), "days", 7, "2001-01-27", None),
    (("2001-01-01T22:00", "2001-01-01T23:00", "2001-01-02T00:00"), "microseconds", 3_600_000_000, "2001-01-02T01:00", 24),
    (("2001-01-01 00:00:00", "2001-01-01 00:00:30"), "microseconds", 30_000_000, "2001-01-01T00:01", None),
]


@pytest.mark.parametrize(("times", "kind", "step", "following", "season"), RISING, ids=lambda v: str(v))
def test_steps_and_what_comes_next(times, kind, step, following, season):
    calendar = Calendar.of(series(*times))
    assert (calendar.kind, calendar.step, calendar.season) == (kind, step, season)
    assert calendar.label(len(times)) == following
    assert calendar.place(series(following)) == len(times)
    assert Calendar(**calendar.to_json()) == calendar


def test_the_labels_of_known_rows_are_theirs():
    days = np.arange("2000-01-01", "2000-03-15", dtype="M8[D]")
    weekdays = days[np.is_busday(days)]
    calendar = Calendar.of(series(*weekdays.astype(str)))
    assert [calendar.label(row) for row in range(len(weekdays))] == list(weekdays.astype(str))


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (
            ("2001-01", "2001-02", "2001-04", "2001-05"),
            "row 4, column 'when': 2001-04 follows 2001-02, where other rows are 1 months",
        ),
        (("2001-01-01", "2001-01-02", "2001-01-02", "2001-01-03"), "row 4, .*2001-01-02 follows 2001-01-02"),
        (("2001-03", "2001-02", "2001-01"), "row 3, .*times should rise"),
        (("2001-01-04", "2001-01-05", "2001-01-09", "2001-01-10"), "row 4, .*2001-01-09 follows 2001-01-05.*1 weekdays"),
    ],
)
def test_a_gap_is_named_with_row_and_column(times, message):
    with pytest.raises(DataError, match=message):
        Calendar.of(series(*times))
    assert Calendar.of(series(*times), ignore_gaps=True) is None


def test_series_without_times_have_no_calendar():
    assert Calendar.of(Series("data.csv", ["x"], np.zeros((3, 1)))) is None
    assert Calendar.of(series("2001-01")) is None


def test_times_of_another_calendar_have_no_place():
    calendar = Calendar.of(series("2001-01", "2001-04", "2001-07"))
    assert calendar.place(series("2001-02")) is None
    assert calendar.place(Series("data.csv", ["x"], np.zeros((3, 1)))) is None
    assert calendar.place(series("2000-10")) == -1
    assert calendar.place(series("2001-10-05")) is None
