"""Networks that forecast: feed-forward autoregression, and a recurrent one whose memory is its latent state.

Both read and predict z = (value - mean) / scale, by the training rows.  What a forecast goes on from is a state of n rows, whose
first axis is the row; the network gives the next value of each, `_predict`, and takes one up, `_advance`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Layer, Tensors, Workspace, flat_size, on_host, rows, split
from seqterm.layers.dense import Dense
from seqterm.layers.elman import Elman
from seqterm.layers.gru import GRU
from seqterm.layers.lstm import LSTM
from seqterm.layers.squared_error import squared_error, squared_error_backward
from seqterm.models.base import State, load_tensors
from seqterm.models.forecast_settings import MlpArSettings, NeuralForecastSettings, RnnArSettings

PATHS = 1000  # drawn for an interval
TOGETHER = 4096  # values that a forward pass takes
MEASURED = 1 << 16  # training values, the last ones, whose errors make the noise's variance
Gradients = Mapping[str, Tensors]
Passed = tuple[float, State, Array, Array]
RECURRENT = {"elman": Elman, "lstm": LSTM, "gru": GRU}


class NeuralForecaster(ABC):
    """All parameters are views of `flat` (P,), on the device; what is read and forecast is numpy's.  `standard` holds mean and
    scale; `variance` (1,) the mean square of errors one step ahead, in standardised units."""

    unit = "squared error, standardised"
    reach: int  # values that a forecast needs before it

    def __init__(self, settings: NeuralForecastSettings, layers: list[Layer], backend: Backend):
        self.settings, self.backend, self.layers, self.dtype = settings, backend, layers, np.dtype(np.float64)
        self.flat = backend.zeros((flat_size(layers),), self.dtype)
        self.parameters = self.views(self.flat)
        self.standard, self.variance = np.array([0.0, 1.0]), np.ones(1)
        self._workspace = Workspace(backend)

    # Parameters

    def views(self, flat: Array) -> dict[str, dict[str, Array]]:
        """{layer: {tensor: view}} of a vector of parameters or gradients (P,)."""
        return split(flat, self.layers)

    def slice_range(self) -> slice:
        return slice(0, self.flat.size)

    def slice_views(self, part: Array) -> dict[str, dict[str, Array]]:
        return self.views(part)

    def sparse_rows(self) -> tuple[int, int]:
        return 0, 0

    def tensors(self) -> dict[str, Array]:
        return self._named(self.backend.to_host(self.flat))

    def _named(self, flat: Array) -> dict[str, Array]:
        weights = {f"{layer}.{name}": array for layer, named in self.views(flat).items() for name, array in named.items()}
        return {**weights, "standard": self.standard, "variance": self.variance}

    def load(self, tensors: dict[str, Array]) -> None:
        """DataError where they do not fit."""
        with on_host(self.flat, self.backend) as flat:
            load_tensors(self._named(flat), tensors)

    def initialise(self, random: np.random.Generator) -> None:
        with on_host(self.flat, self.backend) as flat:
            views = self.views(flat)
            for layer in self.layers:
                layer.initialise(views[layer.name], self.settings.init, random)

    def _to_device(self, x: Array) -> Array:
        return self.backend.to_device(np.ascontiguousarray(x))

    # Training

    def standardise(self, values: Array) -> Array:
        """Take mean and scale from training values (T,) -> z (T,)."""
        self.standard[:] = values.mean(), values.std()
        return self.scaled(values)

    def scaled(self, values: Array) -> Array:
        return (values - self.standard[0]) / self.standard[1]

    @abstractmethod
    def zero_state(self, n: int) -> State:
        """n rows that have read nothing."""

    @abstractmethod
    def gradient(self, x: Array, targets: Array, state: State, gradients: Gradients) -> Passed:
        """Forward and backward of the mean squared error; adds to gradients.

        -> the sum of squares, the final state, the gradients of x and of the initial state.
        """

    def measure(self, z: Array) -> None:
        """Take the variance from errors one step ahead on training values z (T,)."""
        z = z[-MEASURED:]
        errors = z[self.reach :] - self._one_step(z)
        self.variance[0] = errors @ errors / len(errors)

    # Forecasts

    @abstractmethod
    def _one_step(self, z: Array) -> Array:
        """(T - reach,), of z[reach:], each from the real values before it."""

    @abstractmethod
    def _read(self, z: Array) -> State:
        """The state (1, ...) after z (T,)."""

    @abstractmethod
    def _predict(self, state: State) -> Array:
        """(n,)"""

    @abstractmethod
    def _advance(self, state: State, z: Array) -> State:
        """z (n,) -> the state after them."""

    def one_step(self, values: Array, offset: int = 0) -> Array:
        """Forecasts (T - reach,) of values[reach:], each from the real values before it; it does not matter when that was."""
        return self.standard[0] + self.standard[1] * self._one_step(self.scaled(values))

    def forecast(self, values: Array, steps: int, offset: int = 0) -> Array:
        """(steps,) after the end of values, on the model's own predictions."""
        state, z = self._read(self.scaled(values)), np.empty(steps)
        for t in range(steps):
            predicted = self._predict(state)
            z[t], state = predicted[0], self._advance(state, predicted)
        return self.standard[0] + self.standard[1] * z

    def interval(self, values: Array, forecast: Array, level: float, offset: int = 0) -> tuple[Array, Array]:
        """Lower and upper ends (steps,) of what holds `level` of drawn futures, to each step of which normal noise is added."""
        steps = len(forecast)
        state, ends = np.repeat(self._read(self.scaled(values)), PATHS, axis=0), np.empty((2, steps))
        random, deviation = np.random.Generator(np.random.Philox(key=[0, steps])), float(np.sqrt(self.variance[0]))
        for t in range(steps):
            drawn = self._predict(state) + deviation * random.standard_normal(PATHS)
            ends[:, t] = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
            state = self._advance(state, drawn)
        lower, upper = self.standard[0] + self.standard[1] * ends
        return np.minimum(lower, forecast), np.maximum(upper, forecast)


class MlpForecaster(NeuralForecaster):
    """Dense layers over the last `window` values, the oldest first, and a linear one."""

    @classmethod
    def of(cls, settings: MlpArSettings, vocabulary: None, backend: Backend) -> "MlpForecaster":
        """All parameters zero."""
        return cls(settings, backend)

    def __init__(self, settings: MlpArSettings, backend: Backend):
        sizes = [settings.window, *settings.hidden]
        self._dense = [Dense(f"{i}", *pair, settings.activation, backend) for i, pair in enumerate(pairwise(sizes))]
        self._dense.append(Dense("output", sizes[-1], 1, "linear", backend))
        self.reach = settings.window
        super().__init__(settings, [*self._dense], backend)

    def zero_state(self, n: int) -> State:
        return np.zeros((n, self.reach))

    def _forward(self, x: Array) -> Array:
        x = self._to_device(x)
        for layer in self._dense:
            x = layer.forward(self.parameters[layer.name], x, self._workspace.child(layer.name))
        return self.backend.to_host(x)[:, 0]

    def gradient(self, x: Array, targets: Array, state: State, gradients: Gradients) -> Passed:
        """x (m, window), targets (m,); the state is not used."""
        y = self._forward(x)
        loss, dy = squared_error(y, targets), self._to_device(squared_error_backward(y, targets, 1 / len(y))[:, None])
        for layer in reversed(self._dense):
            dy = layer.backward(self.parameters[layer.name], dy, self._workspace.child(layer.name), gradients[layer.name])
        return loss, state, self.backend.to_host(dy), np.zeros_like(state)

    def _one_step(self, z: Array) -> Array:
        windows = sliding_window_view(z, self.reach)[:-1]
        parts = [self._forward(windows[first : first + TOGETHER]).copy() for first in range(0, len(windows), TOGETHER)]
        return np.concatenate(parts)

    def _read(self, z: Array) -> State:
        return z[None, len(z) - self.reach :]

    def _predict(self, state: State) -> Array:
        return self._forward(state).copy()

    def _advance(self, state: State, z: Array) -> State:
        return np.concatenate([state[:, 1:], z[:, None]], axis=1)


class RnnForecaster(NeuralForecaster):
    """A recurrent layer that takes a value a step, and a linear one over its h."""

    reach = 1
    settings: RnnArSettings

    @classmethod
    def of(cls, settings: RnnArSettings, vocabulary: None, backend: Backend) -> "RnnForecaster":
        """All parameters zero."""
        return cls(settings, backend)

    def __init__(self, settings: RnnArSettings, backend: Backend):
        self._recurrent = RECURRENT[settings.cell]("0", 1, settings.hidden, True, backend)
        self._output = Dense("output", settings.hidden, 1, "linear", backend)
        super().__init__(settings, [self._recurrent, self._output], backend)

    def zero_state(self, n: int) -> State:
        """(n, S, H)"""
        return np.zeros((n, self._recurrent.state_size, self._recurrent.hidden))

    def _forward(self, x: Array, state: State) -> tuple[Array, State]:
        """x (T, n) -> h (T, n, H), on the device; the final state"""
        lengths = np.full(x.shape[1], len(x))
        parameters: Tensors = self.parameters["0"]
        x, state = self._to_device(x[:, :, None]), self._to_device(state)
        h, final = self._recurrent.forward(parameters, x, self._workspace.child("0"), state, lengths)
        return h, self.backend.to_host(final)

    def _outputs(self, h: Array) -> Array:
        y = self._output.forward(self.parameters["output"], rows(h), self._workspace.child("output"))
        return self.backend.to_host(y)[:, 0]

    def gradient(self, x: Array, targets: Array, state: State, gradients: Gradients) -> Passed:
        """x, targets (T, B), state (B, S, H)"""
        h, final = self._forward(x, state)
        y = self._outputs(h)
        loss, dy = squared_error(y, targets.ravel()), squared_error_backward(y, targets.ravel(), 1 / len(y))[:, None]
        dy = self._to_device(dy)
        dh = self._output.backward(self.parameters["output"], dy, self._workspace.child("output"), gradients["output"])
        lengths, cuts = np.full(x.shape[1], len(x)), np.zeros(len(x), np.bool_)
        dx, dstate = self._recurrent.backward(
            self.parameters["0"],
            dh.reshape(h.shape),
            self._workspace.child("0"),
            gradients["0"],
            self._to_device(x[:, :, None]),
            lengths,
            cuts,
        )
        assert dx is not None
        return loss, final, self.backend.to_host(dx)[:, :, 0], self.backend.to_host(dstate)

    def _passes(self, z: Array) -> Iterator[tuple[Array, State]]:
        """h (t, 1, H) and the state after each stretch of z."""
        state = self.zero_state(1)
        for first in range(0, len(z), TOGETHER):
            h, state = self._forward(z[first : first + TOGETHER, None], state)
            yield h, state

    def _one_step(self, z: Array) -> Array:
        return np.concatenate([self._outputs(h).copy() for h, _ in self._passes(z[:-1])])

    def _read(self, z: Array) -> State:
        *_, (_, state) = self._passes(z)
        return state

    def _predict(self, state: State) -> Array:
        return self._outputs(self._to_device(state[None, :, 0])).copy()

    def _advance(self, state: State, z: Array) -> State:
        return self._forward(z[None], state)[1]
