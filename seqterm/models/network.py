"""A network over tokens: its parameters, and gradients of a loss over windows of text, whatever its body is.

A body stands between the embedding and the output layer, and says what a row's state is.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Layer, Tensors, Workspace, flat_size, on_host, rows, split
from seqterm.layers.dropout import DropoutKey
from seqterm.layers.embedding import Embedding
from seqterm.layers.softmax import SoftmaxOutput
from seqterm.models.base import State, load_tensors


@dataclass(frozen=True)
class Window:
    """One stretch of text to learn from: ids and targets (T, B), state (B, ...), of the device; lengths (B,), numpy's."""

    ids: Array
    targets: Array
    lengths: Array
    state: State


Gradients = Mapping[str, Tensors]


@dataclass(frozen=True)
class BatchSlice:
    """Rows of a batch that one thread goes through, and where it adds their gradients."""

    window: Window
    gradients: Gradients
    workspace: Workspace
    dropout: DropoutKey | None = None


@dataclass(frozen=True)
class Passed:
    """What a forward pass leaves: what the output layer reads, h (T, B, F), and the final state."""

    h: Array
    final: State


class Network(ABC):
    """An embedding or one-hot input, the layers of a body, a softmax over `vocabulary_size` tokens that reads F features.

    All parameters are views of `flat` (P,), on the device.
    """

    unit = "nats a token"  # of losses

    def __init__(self, settings: Any, vocabulary_size: int, backend: Backend):
        self.settings, self.vocabulary_size, self.backend = settings, vocabulary_size, backend
        self.dtype = np.dtype(settings.precision)
        self._embedding, self._body, n_features = self._input_and_body()
        self._output = SoftmaxOutput("output", n_features, vocabulary_size, settings.bias, settings.tied, backend)
        self.layers: list[Layer] = [*([self._embedding] if self._embedding else []), *self._body, self._output]
        self.flat = backend.zeros((flat_size(self.layers),), self.dtype)
        self.parameters = self.views(self.flat)

    @abstractmethod
    def _input_and_body(self) -> tuple[Embedding | None, list[Layer], int]:
        """The embedding, None for one-hot input, the layers that follow, and F."""

    @property
    def drops_out(self) -> bool:
        """Whether training leaves out units."""
        return False

    @abstractmethod
    def zero_state(self, n: int) -> State:
        """n rows that have read nothing."""

    @abstractmethod
    def prepare(self, workspace: Workspace) -> Any:
        """What forward passes with the same parameters share; it stands in the workspace."""

    @abstractmethod
    def _forward(self, window: Window, workspace: Workspace, dropout: DropoutKey | None, prepared: Any = None) -> Passed: ...

    @abstractmethod
    def _backward(self, part: BatchSlice, passed: Any, dh: Array, truncate: int | None) -> tuple[State | None, Array | None]:
        """dh (T, B, F) -> the gradients of the initial state, None where it is no number, and of the embedding's vectors, None
        where they have been added."""

    # Parameters

    def views(self, flat: Array) -> dict[str, dict[str, Array]]:
        """{layer: {tensor: view}} of a flat vector of parameters or gradients (P,), a tied output weight included."""
        views = split(flat, self.layers)
        if self.settings.tied:
            views["output"]["W"] = views["embedding"]["table"]
        return views

    @contextmanager
    def writing(self) -> Iterator[Mapping[str, dict[str, Array]]]:
        """Gives `parameters` as numpy's; what is written to them in this block is theirs."""
        with on_host(self.flat, self.backend) as flat:
            yield self.views(flat)

    def tensors(self) -> dict[str, Array]:
        """{"layer.tensor": array of numpy's}, without empty ones and without the second name of a tied table."""
        return self._named(self.views(self.backend.to_host(self.flat)))

    def _named(self, views: Mapping[str, Tensors]) -> dict[str, Array]:
        return {
            f"{layer.name}.{name}": views[layer.name][name]
            for layer in self.layers
            for name, shape in layer.shapes.items()
            if np.prod(shape)
        }

    def load(self, tensors: dict[str, Array]) -> None:
        """Fill all parameters from `tensors` of another model or a checkpoint; DataError where they do not fit."""
        with self.writing() as parameters:
            load_tensors(self._named(parameters), tensors)

    def initialise(self, random: np.random.Generator) -> None:
        """Fill all parameters after the settings' scheme."""
        with self.writing() as parameters:
            self._initialise(parameters, random)

    def _initialise(self, parameters: Mapping[str, Tensors], random: np.random.Generator) -> None:
        for layer in self.layers:
            layer.initialise(parameters[layer.name], self.settings.init, random)
        if self._embedding and self.settings.tied:
            self._embedding.initialise_tied(parameters["embedding"], random)

    # Training

    def workspace(self) -> Workspace:
        return Workspace(self.backend)

    @property
    def _in_phases(self) -> bool:
        """Whether threads share out the vocabulary in the output layer, and not the rows."""
        return self._output.is_wide and self.backend.on_host

    def slice_range(self) -> slice:
        """Of `flat`, the layers that every batch slice goes through alone, and has gradients of its own for.

        All of them; where the vocabulary is wide, the body, as the output layer then shares out the vocabulary.
        """
        if not self._in_phases:
            return slice(0, self.flat.size)
        before = flat_size([self._embedding]) if self._embedding else 0
        return slice(before, before + flat_size(self._body))

    def slice_views(self, part: Array) -> dict[str, dict[str, Array]]:
        """As `views`, of a vector that stands for flat[slice_range()]."""
        return split(part, self._body) if self._in_phases else self.views(part)

    def sparse_rows(self) -> tuple[int, int]:
        """Rows at the start of `flat`, and their length, of which only those of ids that are read have gradients; or (0, 0)."""
        if self._embedding and self._in_phases and not self.settings.tied:
            return self.vocabulary_size, self._embedding.size
        return 0, 0

    def ids_read(self, ids: Array, state: State) -> Array:
        """All ids whose vectors go into a window of these, carried on from a state."""
        return ids

    def _is_folded(self, window: Window) -> bool:
        """Whether multiplying every token's vector by the next layer's weights is less than multiplying those that the window
        names."""
        return self._embedding is not None and not self._output.is_wide and 2 * self.vocabulary_size <= window.ids.size

    def gradients(
        self, slices: list[BatchSlice], scale: float, truncate: int | None = None
    ) -> list[tuple[float, State, State | None]]:
        """Forward and backward of loss = -scale * sum of log p(target); adds to the slices' gradients.

        truncate K: each output's error goes back at most K steps (None: through the whole window).

        -> of each slice the sum of log p in nats, the final state, the gradient of the initial state.
        """
        if self._in_phases:
            return self._gradients_in_phases(slices, scale, truncate)
        return self.backend.map(lambda part: self._slice_gradient(part, scale, truncate), slices)

    def _slice_gradient(self, part: BatchSlice, scale: float, truncate: int | None) -> tuple[float, State, State | None]:
        passed = self._forward(part.window, part.workspace, part.dropout)
        log_p, dh = self._output_gradient(part, rows(passed.h), part.window.targets.ravel(), scale)
        dstate, dx = self._backward(part, passed, dh.reshape(passed.h.shape), truncate)
        self._embedding_backward(part, dx, part.gradients)
        return float(self.backend.to_host(log_p).sum(dtype=np.float64)), passed.final, dstate

    def _gradients_in_phases(
        self, slices: list[BatchSlice], scale: float, truncate: int | None
    ) -> list[tuple[float, State, State | None]]:
        """The body a slice a thread; between its passes the output layer, which shares out the vocabulary over threads."""
        passed = self.backend.map(lambda part: self._forward(part.window, part.workspace, part.dropout), slices)
        h = np.concatenate([rows(p.h) for p in passed])
        targets = np.concatenate([part.window.targets.ravel() for part in slices])
        log_p, dh = self._output_gradient(slices[0], h, targets, scale, len(slices))
        ends = np.cumsum([part.window.targets.size for part in slices])[:-1]
        dhs = np.split(dh, ends)

        def back(i: int) -> tuple[State | None, Array | None]:
            return self._backward(slices[i], passed[i], dhs[i].reshape(passed[i].h.shape), truncate)

        done = self.backend.map(back, range(len(slices)))
        for part, (_, dx) in zip(slices, done, strict=True):
            self._embedding_backward(part, dx, slices[0].gradients)
        sums = [float(part.sum(dtype=np.float64)) for part in np.split(log_p, ends)]
        return [(log_p, p.final, dstate) for log_p, p, (dstate, _) in zip(sums, passed, done, strict=True)]

    def _embedding_backward(self, part: BatchSlice, dx: Array | None, gradients: Gradients) -> None:
        if self._embedding and dx is not None:
            child = part.workspace.child("embedding")
            self._embedding.backward(self.parameters["embedding"], dx, child, gradients["embedding"])

    def _output_gradient(self, part: BatchSlice, h: Array, targets: Array, scale: float, n_parts: int = 1) -> tuple[Array, Array]:
        workspace, gradients = part.workspace.child("output"), part.gradients["output"]
        return self._output.gradient(self.parameters["output"], h, targets, scale, workspace, gradients, n_parts)
