"""How forecasters come to their trainers: the series, the settings, the run's description."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import seqterm
from seqterm.app.arguments import line, without_defaults_of
from seqterm.app.commands import Resume, TrainAr
from seqterm.app.commands.series import TrainForecaster
from seqterm.app.forecast_report import compared, fitted, forecast_errors
from seqterm.app.session import Session
from seqterm.app.stopping import stop_reason
from seqterm.backends.base import Array
from seqterm.datasets.calendar import Calendar
from seqterm.datasets.series import Series, open_values, read_series, write_values
from seqterm.errors import DataError, UsageError
from seqterm.events import Event, Finished, Note, Started
from seqterm.models.autoregression import Autoregression, Criteria, check_length, select_order
from seqterm.models.catalogue import CATALOGUE, resolve
from seqterm.models.least_squares import Terms
from seqterm.models.neural_forecast import NeuralForecaster
from seqterm.options import from_json, pick, to_json
from seqterm.store.run_folder import RunFolder
from seqterm.training.forecast import FitTrainer, ForecastUpdater, batches_of
from seqterm.training.loop import Helpers, Trainer
from seqterm.training.settings import ForecastTrainingSettings, ReportSettings

SERIES = "series.bin"  # all values of a run, in its folder
ORDER = {"criterion", "max_lags"}  # what chooses the number of lags, unless --lags says it
INITIALISE = 3  # the purpose of a random key
VALIDATIONS = 20  # in a whole training


@dataclass(frozen=True)
class Split:
    """values (T,), of which the last held_out are not trained on; `season`: rows in one, if that is known."""

    values: Array
    held_out: int
    season: int | None

    @property
    def training(self) -> Array:
        return self.values[: len(self.values) - self.held_out]


@dataclass(frozen=True)
class Training:
    """A trainer, after whose end the held-out values are forecast."""

    trainer: Trainer | FitTrainer
    folder: RunFolder
    name: str
    model: Any
    split: Split

    def train(self) -> Iterator[Event]:
        for event in self.trainer.train():
            yield event
            if isinstance(event, Finished) and self.split.held_out:
                yield from self._errors(event.seconds)

    def _errors(self, seconds: float) -> Iterator[Event]:
        split = self.split
        for event in forecast_errors(split.values, compared(self.model, self.name, split.values, split.held_out, split.season)):
            self.folder.append(self.folder.events_path, event, seconds)
            yield event


def prepare(command: TrainForecaster, folder: RunFolder, session: Session, began: float) -> tuple[Training, list[Note]]:
    """Read the series, build the model, write what the run is."""
    if not command.data:
        raise UsageError("Name the series to train on: a CSV file with a header, or - for standard input.")
    if isinstance(command, TrainAr):  # of settings files, what a person's own words leave open
        command = without_defaults_of(command, ["lags"] if command.given & ORDER else ORDER if command.lags is not None else [])
    series = read_series(command.data, (command.column,) if command.column is not None else ())
    calendar = Calendar.of(series, command.ignore_gaps)
    values = np.ascontiguousarray(series.values[:, 0])
    season = command.period or getattr(command, "seasonal", None) or (calendar.season if calendar else None)
    split = Split(values, _held_out(command.held_out, len(values)), season)
    _check(series, split.training)
    write_values(folder.path / SERIES, values)
    settings, orders = _settings(command, split.training, session)
    model = resolve(CATALOGUE[command.model].model).of(settings, None, session.backend)
    config = _description(command, series, calendar, split, model)
    trainer: Trainer | FitTrainer
    if isinstance(model, Autoregression):
        config["training"] = {"criterion": command.criterion} if orders else {}  # type: ignore[attr-defined]
        trainer = _fit_trainer(folder, config, model, split, orders)
    else:
        model.standardise(split.training)
        model.initialise(np.random.Generator(np.random.Philox(key=[command.seed, INITIALISE])))  # type: ignore[attr-defined]
        training = _paced(pick(ForecastTrainingSettings, command), model, split)
        config["training"] = to_json(training)
        trainer = _trainer(folder, config, training, model, split, session, began, command.time_limit)
    folder.write_description(config, None)
    return Training(trainer, folder, command.model, model, split), []


def _description(command: TrainForecaster, series: Series, calendar: Calendar | None, split: Split, model: Any) -> dict[str, Any]:
    """config.json, but for how it is trained."""
    return {
        "seqterm": seqterm.__version__,
        "command": line(command),
        "model": command.model,
        "model_settings": to_json(model.settings),
        "parameters": len(model.coefficients) if isinstance(model, Autoregression) else model.flat.size,
        "corpus": {
            "sources": [command.data],
            "column": series.names[0],
            "rows": len(split.values),
            "training_rows": len(split.training),
            "held_out_rows": split.held_out,
            "season": split.season,
            "calendar": calendar.to_json() if calendar else None,
        },
    }


def reopen(
    command: Resume, folder: RunFolder, config: dict[str, Any], vocabulary: None, model: Any, session: Session, began: float
) -> Training:
    """The trainer of a run, at its last checkpoint."""
    state = folder.read_state()
    if isinstance(model, Autoregression):
        raise UsageError(f"{folder.name} is complete: least squares has but one step.")
    try:
        settings = from_json(ForecastTrainingSettings, config["training"])
        split = open_split(folder, config)
    except (KeyError, TypeError, UsageError) as error:
        raise DataError(f"{folder.path / 'config.json'} is damaged: {error}") from error
    done = state["counters"].get("epochs", settings.epochs)
    epochs = command.epochs or done
    if state["complete"] and epochs <= done:
        raise UsageError(f"{folder.name} is complete after {done} epochs: ask for more with --epochs.")
    settings = dataclasses.replace(settings, epochs=epochs)
    model.standardise(split.training)
    trainer = _trainer(folder, config, settings, model, split, session, began, command.time_limit)
    trainer.restore(more=epochs > done)
    return Training(trainer, folder, config["model"], model, split)


def open_split(folder: RunFolder, config: dict[str, Any]) -> Split:
    """The values of a run."""
    text = config["corpus"]
    return Split(open_values(folder.path / SERIES, text["rows"]), text["held_out_rows"], text["season"])


def _held_out(text: str, rows: int) -> int:
    """A number of rows, or a share of them below 1."""
    try:
        n = int(text) if text.isdecimal() else int(float(text) * rows)
        if n < 0 or (not text.isdecimal() and not 0 <= float(text) < 1):
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--held-out must be a number of rows, or a share of them below 1, not {text!r}.") from error
    if n >= rows:
        raise UsageError(f"--held-out {text} leaves nothing of {rows:,} rows to train on.")
    return n


def _check(series: Series, training: Array) -> None:
    """DataError for values that have no variance, or too large a one."""
    name = series.names[0]
    with np.errstate(over="ignore", invalid="ignore"):
        variance = float(training.var())
    if not np.isfinite(variance):
        raise DataError(f"The numbers of column {name!r} are too large to be squared: write them in a larger unit.")
    if variance <= np.finfo(float).tiny or (training == training[0]).all():
        raise DataError(
            f"Column {name!r} is always about {training[0]:g} in the rows to train on: there is nothing to learn from."
        )


def _settings(command: TrainForecaster, values: Array, session: Session) -> tuple[Any, list[Criteria]]:
    """The model's; for an autoregression with a number of lags, and the orders that were compared for it."""
    settings = pick(resolve(CATALOGUE[command.model].settings), command)
    if not isinstance(command, TrainAr):
        return settings, []
    if settings.lags is not None:
        if given := command.given & ORDER:
            flag = min(given).replace("_", "-")
            raise UsageError(f"--{flag} chooses the order, which --lags {settings.lags} says already: leave one of them out.")
        return settings, []
    terms = Terms(settings.trend, settings.seasonal or 0)
    room = (len(values) - len(terms.names) - 1) // 2  # for as many lags there are enough values
    most = command.max_lags or max(1, min(int(12 * (len(values) / 100) ** 0.25), room))
    check_length(len(values), most, terms)
    orders = select_order(values, settings, most, session.backend)
    best = min(orders, key=lambda order: getattr(order, command.criterion))
    return dataclasses.replace(settings, lags=best.lags), orders


def _paced(settings: ForecastTrainingSettings, model: NeuralForecaster, split: Split) -> ForecastTrainingSettings:
    """With so few validations that they cost little."""
    windows = batches_of(model, model.scaled(split.training), settings).windows
    every = settings.validate_every or windows * -(-settings.epochs // VALIDATIONS)
    return dataclasses.replace(settings, validate_every=every)


def _started(folder: RunFolder, config: dict[str, Any], split: Split, model: Any, epochs: int, steps: int) -> Started:
    return Started(
        run=folder.name,
        model=config["model"],
        parameters=config["parameters"],
        vocabulary_size=0,
        training_tokens=len(split.training),
        validation_tokens=split.held_out,
        epochs=epochs,
        step=0,
        steps=steps,
        unit=model.unit,
        reads="rows",
    )


def _fit_trainer(
    folder: RunFolder, config: dict[str, Any], model: Autoregression, split: Split, orders: list[Criteria]
) -> FitTrainer:
    criterion = config["training"].get("criterion")
    return FitTrainer(
        model,
        split.training,
        folder,
        _started(folder, config, split, model, 1, 1),
        lambda residuals: fitted(model, residuals, criterion, orders),
        lambda: _loss(model, split) if split.held_out else None,
    )


def _loss(model: Any, split: Split) -> float:
    """The mean squared error one step ahead of held-out values, in training values' variances."""
    forecast = model.one_step(split.values)[-split.held_out :]
    return float(np.mean((split.values[-split.held_out :] - forecast) ** 2) / split.training.var())


def _trainer(
    folder: RunFolder,
    config: dict[str, Any],
    settings: ForecastTrainingSettings,
    model: NeuralForecaster,
    split: Split,
    session: Session,
    began: float,
    time_limit: float | None,
) -> Trainer:
    z = model.scaled(split.training)
    batches = batches_of(model, z, settings)
    helpers = Helpers(
        stop=stop_reason(folder, session, began, time_limit),
        resume=line(Resume(run=folder.name)),
        validate=(lambda: _loss(model, split)) if split.held_out else None,
    )
    started = _started(folder, config, split, model, settings.epochs, 0)
    reports = ReportSettings(sample_length=0, save_every=settings.save_every)
    updater = ForecastUpdater(model, z, batches.rows, settings)
    return Trainer(model, updater, batches, folder, settings, reports, helpers, started)
