"""What defines forecasters of series.  Light, as settings.py."""

from dataclasses import dataclass

from seqterm.models.settings import MODEL
from seqterm.options import option

TRENDS = ("none", "constant", "linear")
CRITERIA = ("aic", "bic", "hqic")
CELLS = ("elman", "lstm", "gru")


@dataclass(frozen=True, kw_only=True)
class ArSettings:
    """Linear autoregression: y_t = constant + trend t + season + sum over i of phi_i y_(t-i) + noise."""

    lags: int | None = option(None, "Order p (default: chosen by --criterion).", minimum=1, group=MODEL)
    trend: str = option("constant", "What y has without its lags; linear: a constant and a trend.", choices=TRENDS, group=MODEL)
    seasonal: int | None = option(None, "A level for each of so many seasons.", metavar="PERIOD", minimum=2, group=MODEL)


@dataclass(frozen=True, kw_only=True)
class NeuralForecastSettings:
    """Shared by the networks that forecast; each reads and gives values that are standardised by the training rows."""

    init: str = option("xavier", "First weights.", choices=("xavier", "uniform"), group=MODEL)


@dataclass(frozen=True, kw_only=True)
class MlpArSettings(NeuralForecastSettings):
    """A feed-forward network from the last values to the next."""

    window: int = option(4, "Values that it sees.", minimum=1, group=MODEL)
    hidden: tuple[int, ...] = option((10, 10), "Units of each hidden layer.", metavar="N...", minimum=1, group=MODEL)
    activation: str = option("relu", "The hidden layers' function.", choices=("relu", "tanh"), group=MODEL)


@dataclass(frozen=True, kw_only=True)
class RnnArSettings(NeuralForecastSettings):
    """A recurrent layer that reads value by value, and a linear output: what it remembers is its latent state."""

    cell: str = option("gru", "The recurrent layer.", choices=CELLS, group=MODEL)
    hidden: int = option(16, "Hidden units.", minimum=1, group=MODEL)
    steps: int = option(
        32, "Time steps in a window; the state is carried on to the next, the gradient is not.", minimum=1, group=MODEL
    )
