"""The commands on series of numbers."""

from dataclasses import dataclass

from seqterm.app.commands.base import RUN, Command, LittleOnDevice
from seqterm.app.commands.training import Train
from seqterm.models.forecast_settings import CRITERIA, ArSettings, MlpArSettings, RnnArSettings
from seqterm.models.settings import MODEL
from seqterm.options import argument, option
from seqterm.training.settings import ForecastTrainingSettings

SERIES = "Series"


@dataclass(frozen=True, kw_only=True)
class OnSeries(Command):
    """A command that reads a column of a CSV file."""

    column: str | None = option(None, "The column of values (default: the only one of numbers).", metavar="NAME", group=SERIES)
    ignore_gaps: bool = option(False, "Take the rows as they stand, though the times of some are missing.", group=SERIES)


@dataclass(frozen=True, kw_only=True)
class TrainForecaster(OnSeries, Train):
    """Train a forecaster on a series of numbers."""

    data: str = argument("A CSV file with a header, or - for standard input.", metavar="DATA.csv", default="", complete="file")
    held_out: str = option(
        "0.1", "The last rows, so many or such a share of them, which training does not see.", metavar="N|SHARE", group=SERIES
    )
    period: int | None = option(
        None,
        "Rows in a season, for the seasonal-naive forecast (default: --seasonal, or what the times say).",
        minimum=2,
        group=SERIES,
    )


@dataclass(frozen=True, kw_only=True)
class TrainAr(ArSettings, TrainForecaster):
    """Fit a linear autoregression by least squares."""

    model = "ar"
    criterion: str = option("aic", "What chooses the order, if --lags does not say it.", choices=CRITERIA, group=MODEL)
    max_lags: int | None = option(
        None, "The highest order to try (default: 12 (rows / 100)^(1/4)).", metavar="N", minimum=1, group=MODEL
    )


@dataclass(frozen=True, kw_only=True)
class TrainMlpAr(LittleOnDevice, MlpArSettings, ForecastTrainingSettings, TrainForecaster):
    """Train a feed-forward network to forecast a series from its last values."""

    model = "mlp-ar"


@dataclass(frozen=True, kw_only=True)
class TrainRnnAr(LittleOnDevice, RnnArSettings, ForecastTrainingSettings, TrainForecaster):
    """Train a recurrent network to forecast a series, value by value, from its latent state."""

    model = "rnn-ar"


@dataclass(frozen=True, kw_only=True)
class Forecast(OnSeries):
    """Forecast what comes after a series, with intervals; CSV on standard output, a chart on a terminal."""

    run: str = argument(RUN, complete="run")
    data: str | None = argument(
        "A CSV file to go on from, or - (default: the rows that the run was trained and held out on).",
        metavar="DATA.csv|-",
        complete="file",
    )
    steps: int | None = option(None, "Rows to forecast (default: 12; with --compare those that training did not see).", minimum=1)
    level: float = option(0.95, "The probability that an interval holds the value.", above=0.0, below=1.0)
    compare: bool = option(
        False, "Forecast the last rows, one step and many steps ahead, beside their real values.", flag="compare"
    )
