"""The times of a series' rows: by what step they rise, and what comes after the last."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqterm.backends.base import Array
from seqterm.datasets.series import FIRST, Series
from seqterm.errors import DataError

SEASONS = {("months", 1): 12, ("months", 3): 4, ("days", 1): 7, ("weekdays", 1): 5, ("microseconds", 3_600_000_000): 24}


@dataclass(frozen=True)
class Calendar:
    """Row n is at `first` plus n times `step`, counted in months, days, weekdays or microseconds (`kind`).

    `first` is as the file has it; `at_ends`: months are named by their last days.
    """

    name: str
    first: str
    kind: str
    step: int
    at_ends: bool = False

    @classmethod
    def of(cls, series: Series, ignore_gaps: bool = False) -> "Calendar | None":
        """None where the series has no times, or gaps that are to be ignored; DataError names a row that comes after a gap."""
        times = series.times
        if times is None or len(times) < 2:
            return None
        kind, at_ends = _kind(times)
        ticks = _ticks(times, kind)
        steps, counts = np.unique(np.diff(ticks), return_counts=True)
        step = int(steps[counts.argmax()])
        gaps = np.flatnonzero(np.diff(ticks) != step) if step > 0 else np.zeros(1, int)
        if len(gaps) and ignore_gaps:
            return None
        if len(gaps):
            before, after = (_text(time) for time in times[gaps[0] : gaps[0] + 2])
            apart = f"other rows are {step:,} {kind} apart" if step > 0 else "times should rise"
            where = f"{series.source}, row {gaps[0] + 1 + FIRST}, column {series.time_name!r}"
            raise DataError(
                f"{where}: {after} follows {before}, where {apart}; "
                "fill the gap, or take the rows as they stand with --ignore-gaps."
            )
        return cls(str(series.time_name), _text(times[0]), kind, step, at_ends)

    @property
    def season(self) -> int | None:
        """Rows in a year of months, in a week of days, in a day of hours."""
        return SEASONS.get((self.kind, self.step))

    def label(self, row: int) -> str:
        """The time of a row, written as in the file."""
        first = np.datetime64(self.first)
        if self.kind == "months":
            month = first.astype("M8[M]")
            if self.at_ends:
                return _text((month + row * self.step + 1).astype("M8[D]") - 1)
            return _text((month + row * self.step).astype(first.dtype) + (first - month.astype(first.dtype)))
        if self.kind == "weekdays":
            return _text(np.busday_offset(first, row * self.step))
        return _text(first + np.timedelta64(row * self.step, "D" if self.kind == "days" else "us"))

    def place(self, series: Series) -> int | None:
        """The row that a series' first row would be; None where its times are not of this calendar."""
        if series.times is None or not len(series.times):
            return None
        times = np.array([np.datetime64(self.first), series.times[0]], series.times.dtype)
        row, rest = divmod(int(np.diff(_ticks(times, self.kind))[0]), self.step)
        return None if rest or self.label(row) != _text(series.times[0]) else row

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "first": self.first, "kind": self.kind, "step": self.step, "at_ends": self.at_ends}


def _kind(times: Array) -> tuple[str, bool]:
    """What times are counted in, and whether months are named by their last days."""
    months = times.astype("M8[M]")
    if times.dtype == months.dtype or len(np.unique(times - months.astype(times.dtype))) == 1:
        return "months", False
    if times.dtype != np.dtype("M8[D]"):
        return "microseconds", False
    if (times + 1 == (months + 1).astype("M8[D]")).all():
        return "months", True
    return ("weekdays" if np.is_busday(times).all() else "days"), False


def _ticks(times: Array, kind: str) -> Array:
    """Whole numbers that rise by one a month, a day, a weekday or a microsecond."""
    if kind == "weekdays":
        return np.busday_count(times[0], times.astype("M8[D]"))
    return times.astype({"months": "M8[M]", "days": "M8[D]"}.get(kind, "M8[us]")).astype(np.int64)


def _text(time: Any) -> str:
    text = str(time)
    return text.removesuffix(".000000").removesuffix(":00") if "T" in text else text
