"""The command Forecast, and forecasters in Python."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqterm.app.commands import Forecast
from seqterm.app.forecast_report import compared, forecast_errors, reports
from seqterm.app.forecast_training import open_split
from seqterm.app.loaded import read_model
from seqterm.app.session import Session
from seqterm.backends.base import Array, Backend
from seqterm.datasets.calendar import Calendar
from seqterm.datasets.series import read_series
from seqterm.errors import DataError, UsageError
from seqterm.events import ComparedPoint, Event, ForecastErrors, ForecastPoint, History
from seqterm.models.autoregression import Autoregression
from seqterm.models.catalogue import CATALOGUE
from seqterm.store.home import existing_run
from seqterm.store.run_folder import RunFolder

STEPS = 12
SHOWN = 3, 40, 2000  # rows of a history that are given: so many for each step; at least; at most


@dataclass(frozen=True)
class Prediction:
    """`forecast` (steps,) and the ends of its interval; `times` of the rows, None where they are not known."""

    times: list[str] | None
    forecast: Array
    lower: Array
    upper: Array


@dataclass(frozen=True)
class Known:
    """Values (T,) of a column that a forecast goes on from; the first is at the model's time `offset`."""

    column: str
    values: Array
    calendar: Calendar | None
    offset: int = 0

    def time(self, row: int) -> str | None:
        return self.calendar.label(row) if self.calendar else None


class LoadedForecaster:
    """A trained forecaster.  `config` is the run's config.json, `known` the rows that it was trained and held out on."""

    def __init__(self, folder: RunFolder, config: dict[str, Any], model: Any):
        self.folder, self.config, self.model = folder, config, model
        text = config["corpus"]
        calendar = Calendar(**text["calendar"]) if text["calendar"] else None
        self.split = open_split(folder, config)
        self.known = Known(text["column"], self.split.values, calendar)

    @classmethod
    def open(cls, run: str, backend: Backend) -> "LoadedForecaster":
        """Load the last checkpoint of a run: held-out rows choose nothing.  DataError where it is broken."""
        folder = RunFolder(existing_run(run))
        config, _, model = read_model(folder, backend)
        if CATALOGUE[config["model"]].family != "forecast":
            raise UsageError(f"{run} holds a model of text, not a forecaster: `seqterm train ar DATA.csv` makes one.")
        model.load(folder.load_checkpoint("last")[0])
        try:
            return cls(folder, config, model)
        except (KeyError, TypeError) as error:
            raise DataError(f"{folder.path / 'config.json'} is damaged: {error}") from error

    def read(self, path: str, column: str | None = None, ignore_gaps: bool = False) -> Known:
        """Other rows to go on from; those with times of the run's calendar keep their place in trend and seasons."""
        series = read_series(path, (self.known.column if column is None else column,))
        calendar, place = Calendar.of(series, ignore_gaps), None
        if calendar and self.known.calendar:
            place = self.known.calendar.place(series)
            if place is None and isinstance(self.model, Autoregression) and self.model.terms.places:
                raise DataError(f"The times of {path} do not go on from {self.known.calendar.first} by the run's steps.")
        return Known(series.names[0], np.ascontiguousarray(series.values[:, 0]), calendar, place or 0)

    def _check(self, n: int) -> None:
        if n < self.model.reach:
            raise DataError(f"{n:,} rows are too few to go on from: {self.folder.name} needs {self.model.reach:,}.")

    def forecast(self, steps: int = STEPS, level: float = 0.95, known: Known | None = None) -> Prediction:
        """What comes after the known rows, and intervals that hold each value with a probability of `level`."""
        known = known or self.known
        self._check(len(known.values))
        values, n = known.values, len(known.values)
        forecast = self.model.forecast(values, steps, known.offset)
        lower, upper = self.model.interval(values, forecast, level, known.offset)
        times = [known.calendar.label(row) for row in range(n, n + steps)] if known.calendar else None
        return Prediction(times, forecast, lower, upper)

    def errors(self, known: Known | None = None, n: int | None = None) -> list[ForecastErrors]:
        """Of forecasts of the last n rows (default: those held out), one step ahead and from the rows before them."""
        known, n = known or self.known, n or self.split.held_out
        found = compared(self.model, self.config["model"], known.values, n, self.split.season, known.offset)
        return list(forecast_errors(known.values, found))


def forecast(command: Forecast, session: Session) -> Iterator[Event]:
    """The history's end, then a point a step; with --compare the errors of these, else what was measured in training."""
    loaded = LoadedForecaster.open(command.run, session.backend)
    known = loaded.read(command.data, command.column, command.ignore_gaps) if command.data else loaded.known
    if command.compare:
        yield from _compare(command, loaded, known)
        return
    if command.column is not None and not command.data:
        raise UsageError("--column is for DATA.csv, which is not given.")
    steps = command.steps or STEPS
    predicted = loaded.forecast(steps, command.level, known)
    yield _history(known, len(known.values), steps)
    for step in range(steps):
        time = predicted.times[step] if predicted.times else None
        ends = float(predicted.lower[step]), float(predicted.upper[step])
        yield ForecastPoint(step + 1, time, float(predicted.forecast[step]), *ends, command.level)
    yield from (event for event in reports(loaded.folder) if isinstance(event, ForecastErrors))


def _compare(command: Forecast, loaded: LoadedForecaster, known: Known) -> Iterator[Event]:
    steps = command.steps or (STEPS if command.data else loaded.split.held_out)
    if not steps:
        raise UsageError(f"{loaded.folder.name} was trained on all its rows: say with --steps how many to forecast all the same.")
    before = Known(known.column, known.values[: max(0, len(known.values) - steps)], known.calendar, known.offset)
    predicted = loaded.forecast(steps, command.level, before)
    yield _history(before, len(before.values), steps)
    found = compared(loaded.model, loaded.config["model"], known.values, steps, loaded.split.season, known.offset)
    for step, row in enumerate(range(len(before.values), len(known.values))):
        made = float(found[0].one_step[step]), float(found[0].multi_step[step])
        ends = float(predicted.lower[step]), float(predicted.upper[step])
        yield ComparedPoint(step + 1, known.time(row), float(known.values[row]), *made, *ends, command.level)
    yield from forecast_errors(known.values, found)


def _history(known: Known, rows: int, steps: int) -> History:
    """The last of so many rows."""
    each, least, most = SHOWN
    first = max(0, rows - min(max(each * steps, least), most))
    calendar = known.calendar
    times = (calendar.label(first), calendar.label(rows - 1)) if calendar else None
    name = calendar.name if calendar else None
    return History(known.column, name, rows, first + 1, known.values[first:rows].tolist(), times)
