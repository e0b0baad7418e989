"""Training of forecasters: what networks learn a series from, and one update of them, for training/loop.py; least squares in one
step."""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from seqterm.backends.base import Array
from seqterm.errors import DataError
from seqterm.events import Event, Finished, Saved, Started, Validation
from seqterm.models.autoregression import Autoregression
from seqterm.models.neural_forecast import NeuralForecaster, RnnForecaster
from seqterm.store.run_folder import RunFolder
from seqterm.training.gradient import Gradient
from seqterm.training.optimiser import Optimiser
from seqterm.training.settings import ForecastTrainingSettings
from seqterm.training.update import Update

SHUFFLE = 1 << 32  # the purpose of a random key, to which the epoch is added


class Examples(NamedTuple):
    """x and targets, as NeuralForecaster.gradient has them; `first`: the state begins at zero."""

    x: Array
    targets: Array
    first: bool


class ShuffledWindows:
    """Stretches of z (T,), each with the value after it, in another order each epoch: x (B, window), targets (B,)."""

    rows = 1  # of the state, which is not used

    def __init__(self, z: Array, window: int, settings: ForecastTrainingSettings):
        if len(z) < window + 1:
            raise DataError(f"There are {len(z):,} rows to train on: --window {window} needs {window + 1:,} at least.")
        self._stretches, self._batch, self._seed = sliding_window_view(z, window + 1), settings.batch, settings.seed
        self.windows = -(-len(self._stretches) // self._batch)
        self._epoch, self._order = -1, np.zeros(0, np.int64)

    def window(self, epoch: int, index: int) -> Examples:
        if epoch != self._epoch:
            random = np.random.Generator(np.random.Philox(key=[self._seed, SHUFFLE + epoch]))
            self._epoch, self._order = epoch, random.permutation(len(self._stretches))
        chosen = self._stretches[self._order[index * self._batch : (index + 1) * self._batch]]
        return Examples(chosen[:, :-1], chosen[:, -1], True)


class SideBySide:
    """B rows of z (T,) read side by side, so many steps at a time: x and targets (steps, B).

    Fewer rows or steps where the series is short.  Values before the first whole window of each row are not used.
    """

    def __init__(self, z: Array, steps: int, settings: ForecastTrainingSettings):
        if len(z) < 2:
            raise DataError(f"There are {len(z):,} rows to train on: two are needed at least.")
        self._steps = min(steps, len(z) - 1)
        self.rows = max(1, min(settings.batch, (len(z) - 1) // self._steps))
        self.windows = (len(z) - 1) // self.rows // self._steps
        length = self.windows * self._steps
        z = z[len(z) - 1 - self.rows * length :]
        self._x, self._targets = (part.reshape(self.rows, length).T for part in (z[:-1], z[1:]))

    def window(self, epoch: int, index: int) -> Examples:
        part = slice(index * self._steps, (index + 1) * self._steps)
        return Examples(self._x[part], self._targets[part], index == 0)


def batches_of(model: NeuralForecaster, z: Array, settings: ForecastTrainingSettings) -> ShuffledWindows | SideBySide:
    """What a model learns z (T,) from."""
    if isinstance(model, RnnForecaster):
        return SideBySide(z, model.settings.steps, settings)
    return ShuffledWindows(z, model.reach, settings)


class ForecastUpdater:
    """`state` of the rows is carried from window to window."""

    def __init__(self, model: NeuralForecaster, z: Array, rows: int, settings: ForecastTrainingSettings):
        self._model, self._z = model, z
        self.optimiser = Optimiser(settings, model.flat, model.backend)
        network: Any = model
        self._gradient = Gradient(network, 1)
        self.state = model.zero_state(rows)

    def update(self, batch: Examples, rate: float, step: int, by_layer: bool = False) -> Update:
        """step counts from 0; by_layer: say the layers' norms too.  Carries `state` on; leaves everything as it was if a number
        is not finite."""
        state = np.zeros_like(self.state) if batch.first else self.state
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # the loss shows it
                squares, final, *_ = self._model.gradient(batch.x, batch.targets, state, self._gradient.views[0])
        except BaseException:
            self._gradient.clear()
            raise
        loss, norm = squares / batch.targets.size, self._gradient.gather(np.zeros(0, np.int64))
        finite = bool(np.isfinite(loss) and np.isfinite(norm))
        layer_norms = self._gradient.layer_norms() if by_layer and finite else {}
        if finite:
            self.optimiser.apply(self._gradient, norm, rate, step + 1)
            self.state = final
        else:
            self._gradient.clear()
        return Update(loss, norm, finite, batch.targets.size, layer_norms)

    def is_sound(self) -> bool:
        """Measures the errors that are left, which forecasts' intervals need; whether they are finite."""
        with np.errstate(over="ignore", invalid="ignore"):
            self._model.measure(self._z)
        return bool(np.isfinite(self._model.variance).all() and np.isfinite(self.state).all())


class FitTrainer:
    """Fits an autoregression to values (T,) into a folder, which is locked: a training of one step.

    fitted(residuals): what there is to say of it.  validate(): the loss on held-out values, None where there are none.
    """

    def __init__(
        self,
        model: Autoregression,
        values: Array,
        folder: RunFolder,
        started: Started,
        fitted: Callable[[Array], Event],
        validate: Callable[[], float | None],
    ):
        self._model, self._values, self._folder, self._started = model, values, folder, started
        self._fitted, self._validate = fitted, validate

    def train(self) -> Iterator[Event]:
        """Every event is recorded in the folder before it is given out."""
        began = time.monotonic()
        for event in self._train(began):
            self._folder.append(self._folder.events_path, event, time.monotonic() - began)
            yield event

    def _train(self, began: float) -> Iterator[Event]:
        yield self._started
        residuals = self._model.fit(self._values)
        yield self._fitted(residuals)
        training_loss, loss = float(np.mean(residuals**2) / self._values.var()), self._validate()
        yield Validation(1, 1, training_loss, loss, best=loss is not None)
        seconds = round(time.monotonic() - began, 3)
        counters = {
            "epochs": 1,
            "steps": 1,
            "step": 1,
            "seconds": seconds,
            "training_loss": training_loss,
            "validation_loss": loss,
            "best_loss": loss,
            "log_sizes": self._folder.log_sizes(),
        }
        name = self._folder.save_checkpoint(1, self._model.tensors(), counters, best=loss is not None, complete=True)
        yield Saved(1, f"checkpoints/{name}")
        yield Finished(self._folder.name, 1, training_loss, loss, loss, seconds)
