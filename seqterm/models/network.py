"""The layers of a recurrent network, their parameters, and gradients of a loss over windows of text.

The state of n rows is one array (n, L, S, H): L layers, S arrays of H numbers each (h; for the LSTM h and c).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Layer, Tensors, Workspace, flat_size, rows, split
from seqterm.layers.dropout import Dropout, DropoutKey
from seqterm.layers.elman import Elman
from seqterm.layers.embedding import Embedding
from seqterm.layers.gru import GRU
from seqterm.layers.lstm import LSTM
from seqterm.layers.recurrent import Packed, RecurrentLayer
from seqterm.layers.softmax import SoftmaxOutput
from seqterm.models.base import State, load_tensors
from seqterm.models.settings import ElmanSettings, GruSettings, LstmSettings, RecurrentSettings


@dataclass(frozen=True)
class Window:
    """One stretch of text to learn from: ids and targets (T, B), lengths (B,), state (B, L, S, H)."""

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


class Prepared(NamedTuple):
    """Every recurrent layer's parameters, their weights packed if they are, and whether the embedding is in the first layer's."""

    parameters: list[Tensors]
    packed: list[Packed | None]
    is_folded: bool


class Passed(NamedTuple):
    """What a forward pass leaves: every recurrent layer's parameters as they were used, and its input, the last layer's
    h (T, B, H), the final state."""

    parameters: list[Tensors]
    inputs: list[Array]
    h: Array
    final: State


def _recurrent_layer(settings: RecurrentSettings, name: str, n_inputs: int, backend: Backend) -> RecurrentLayer:
    common = (name, n_inputs, settings.hidden, settings.bias, backend)
    match settings:
        case ElmanSettings():
            return Elman(*common, relu=settings.activation == "relu")
        case LstmSettings():
            return LSTM(*common, forget_bias=settings.forget_bias)
        case GruSettings():
            return GRU(*common, reset_after=settings.reset == "after", keep=settings.update_gate == "keep")
    raise TypeError(f"no recurrent layer for {type(settings).__name__}")


def _reach(part: BatchSlice, truncate: int | None) -> int:
    """How many steps, its own among them, an output's error goes back through."""
    return len(part.window.ids) if truncate is None else truncate + 1


class RecurrentNetwork:
    """An embedding or one-hot input, recurrent layers with dropout between them, a softmax over `vocabulary_size` tokens.

    All parameters are views of `flat` (P,).
    """

    unit = "nats a token"  # of losses

    def __init__(self, settings: RecurrentSettings, vocabulary_size: int, backend: Backend):
        self.settings, self.vocabulary_size, self.backend = settings, vocabulary_size, backend
        self.dtype = np.dtype(settings.precision)
        onehot = settings.input == "onehot"
        first_inputs = vocabulary_size if onehot else settings.embedding
        self._embedding = None if onehot else Embedding("embedding", vocabulary_size, settings.embedding, backend)
        self._recurrent = [
            _recurrent_layer(settings, f"{i}", first_inputs if i == 0 else settings.hidden, backend)
            for i in range(settings.layers)
        ]
        self._output = SoftmaxOutput("output", settings.hidden, vocabulary_size, settings.bias, settings.tied, backend)
        self._dropout = [Dropout(i, settings.dropout, backend) for i in range(settings.layers - 1)]
        self.layers: list[Layer] = [*self._recurrent, self._output]
        if self._embedding:
            self.layers.insert(0, self._embedding)
        self.flat = np.zeros(flat_size(self.layers), self.dtype)
        self.parameters = self.views(self.flat)

    # Parameters

    def views(self, flat: Array) -> dict[str, dict[str, Array]]:
        """{layer: {tensor: view}} of a flat vector of parameters or gradients (P,), a tied output weight included."""
        views = split(flat, self.layers)
        if self.settings.tied:
            views["output"]["W"] = views["embedding"]["table"]
        return views

    def tensors(self) -> dict[str, Array]:
        """{"layer.tensor": view}, without empty ones and without the second name of a tied table."""
        return {
            f"{layer.name}.{name}": self.parameters[layer.name][name]
            for layer in self.layers
            for name, shape in layer.shapes.items()
            if np.prod(shape)
        }

    def load(self, tensors: dict[str, Array]) -> None:
        """Fill all parameters from `tensors` of another model or a checkpoint; DataError where they do not fit."""
        load_tensors(self.tensors(), tensors)

    def initialise(self, random: np.random.Generator) -> None:
        """Fill all parameters after the settings' scheme."""
        for layer in self.layers:
            layer.initialise(self.parameters[layer.name], self.settings.init, random)
        if self._embedding and self.settings.tied:
            self._embedding.initialise_tied(self.parameters["embedding"], random)

    # Training

    def zero_state(self, n: int) -> State:
        """(n, L, S, H) of zeros."""
        return np.zeros((n, self.settings.layers, self._recurrent[0].state_size, self.settings.hidden), self.dtype)

    def workspace(self) -> Workspace:
        return Workspace(self.backend)

    def slice_range(self) -> slice:
        """Of `flat`, the layers that every batch slice goes through alone, and has gradients of its own for.

        All of them; where the vocabulary is wide, the recurrent ones, as the output layer then shares out the vocabulary.
        """
        if not self._output.is_wide:
            return slice(0, self.flat.size)
        before = flat_size([self._embedding]) if self._embedding else 0
        return slice(before, before + flat_size([*self._recurrent]))

    def slice_views(self, part: Array) -> dict[str, dict[str, Array]]:
        """As `views`, of a vector that stands for flat[slice_range()]."""
        return split(part, [*self._recurrent]) if self._output.is_wide else self.views(part)

    def sparse_rows(self) -> tuple[int, int]:
        """Rows at the start of `flat`, and their length, of which only those of a batch's ids have a gradient; (0, 0) if none."""
        if self._embedding and self._output.is_wide and not self.settings.tied:
            return self.vocabulary_size, self._embedding.size
        return 0, 0

    def _is_folded(self, window: Window) -> bool:
        """Whether multiplying every token's vector by W_x is less than multiplying those that the window names."""
        return self._embedding is not None and not self._output.is_wide and 2 * self.vocabulary_size <= window.ids.size

    def _parameters(self, is_folded: bool, workspace: Workspace) -> list[Tensors]:
        """Every recurrent layer's."""
        parameters: list[Tensors] = [self.parameters[layer.name] for layer in self._recurrent]
        if self._embedding and is_folded:
            parameters[0] = self._embedding.fold(self.parameters["embedding"], parameters[0], workspace.child("embedding"))
        return parameters

    def prepare(self, workspace: Workspace) -> Prepared:
        """What forward passes with the same parameters share; it stands in the workspace."""
        is_folded = not self._output.is_wide
        parameters = self._parameters(is_folded, workspace)
        first_reads_ids = is_folded or self._embedding is None
        layers = enumerate(zip(self._recurrent, parameters, strict=True))
        return Prepared(parameters, [layer.pack(p, first_reads_ids and i == 0) for i, (layer, p) in layers], is_folded)

    def _forward(
        self, window: Window, workspace: Workspace, dropout: DropoutKey | None, prepared: Prepared | None = None
    ) -> Passed:
        if prepared is None:
            is_folded = self._is_folded(window)
            prepared = Prepared(self._parameters(is_folded, workspace), [None] * len(self._recurrent), is_folded)
        parameters, packed, is_folded = prepared
        x = window.ids
        if self._embedding and not is_folded:
            x = self._embedding.forward(self.parameters["embedding"], window.ids, workspace.child("embedding"))
        inputs, finals = [], []
        for i, layer in enumerate(self._recurrent):
            if i and dropout:
                x = self._dropout[i - 1].apply(x, dropout, workspace, f"dropout{i}")
            inputs.append(x)
            child, state = workspace.child(layer.name), window.state[:, i]
            x, final = layer.forward(parameters[i], x, child, state, window.lengths, packed[i])
            finals.append(final)
        return Passed(parameters, inputs, x, np.stack(finals, axis=1))

    def _backward(self, part: BatchSlice, passed: Passed, dh: Array, cuts: Array) -> tuple[State, Array | None]:
        """dh (T, B, H), the gradient of the last layer's output -> those of the initial state and of the first input."""
        dstates: list[State] = []
        dy: Array | None = dh
        for i in reversed(range(len(self._recurrent))):
            layer, name = self._recurrent[i], self._recurrent[i].name
            assert dy is not None
            dy, dstate = layer.backward(
                passed.parameters[i], dy, part.workspace.child(name), part.gradients[name], passed.inputs[i],
                part.window.lengths, cuts,
            )  # fmt: skip
            dstates.insert(0, dstate)
            if i and part.dropout and dy is not None:
                dy = self._dropout[i - 1].apply(dy, part.dropout, part.workspace, f"dropout_gradient{i}")
        return np.stack(dstates, axis=1), dy

    def _truncated_backward(self, part: BatchSlice, passed: Passed, dh: Array, reach: int) -> tuple[State, Array | None]:
        """As `_backward`, each output's error going back through `reach` steps.

        Outputs that are `reach` steps apart have disjoint reaches, so as many passes, each cut before the next output, give the
        sum over all.
        """
        n_steps = len(dh)
        if reach >= n_steps:
            return self._backward(part, passed, dh, np.zeros(n_steps, np.bool_))
        total, dx_total = np.zeros_like(part.window.state), None
        for first in range(reach):
            cuts = np.arange(n_steps) % reach == first
            masked = np.where(cuts[:, None, None], dh, dh.dtype.type(0))
            dstate, dx = self._backward(part, passed, masked, cuts)
            total += dstate
            if dx is not None:
                dx_total = dx.copy() if dx_total is None else dx_total + dx
        return total, dx_total

    def gradients(self, slices: list[BatchSlice], scale: float, truncate: int | None = None) -> list[tuple[float, State, State]]:
        """Forward and backward of loss = -scale * sum of log p(target); adds to the slices' gradients.

        truncate K: each output's error goes back at most K steps (None: through the whole window).

        -> of each slice the sum of log p in nats, the final state, the gradient of the initial state.
        """
        if self._output.is_wide:
            return self._gradients_in_phases(slices, scale, truncate)
        return self.backend.map(lambda part: self._slice_gradient(part, scale, truncate), slices)

    def _slice_gradient(self, part: BatchSlice, scale: float, truncate: int | None) -> tuple[float, State, State]:
        passed = self._forward(part.window, part.workspace, part.dropout)
        log_p, dh = self._output_gradient(part, rows(passed.h), part.window.targets.ravel(), scale)
        reach, dh = _reach(part, truncate), dh.reshape(passed.h.shape)
        if self._embedding and self._is_folded(part.window):
            child, first = part.workspace.child("embedding"), self._recurrent[0].name
            folded = {**part.gradients, first: self._embedding.folded_gradients(part.gradients[first], child)}
            dstate, _ = self._truncated_backward(replace(part, gradients=folded), passed, dh, reach)
            table, following = self.parameters["embedding"], self.parameters[first]
            self._embedding.unfold(table, following, child, part.gradients["embedding"], part.gradients[first])
        else:
            dstate, dx = self._truncated_backward(part, passed, dh, reach)
            self._embedding_backward(part, dx, part.gradients)
        return float(log_p.sum(dtype=np.float64)), passed.final, dstate

    def _gradients_in_phases(
        self, slices: list[BatchSlice], scale: float, truncate: int | None
    ) -> list[tuple[float, State, State]]:
        """The recurrent layers a slice a thread; between them the output layer, which shares out the vocabulary over threads."""
        passed = self.backend.map(lambda part: self._forward(part.window, part.workspace, part.dropout), slices)
        h = np.concatenate([rows(p.h) for p in passed])
        targets = np.concatenate([part.window.targets.ravel() for part in slices])
        log_p, dh = self._output_gradient(slices[0], h, targets, scale, len(slices))
        ends = np.cumsum([part.window.targets.size for part in slices])[:-1]
        dhs = np.split(dh, ends)

        def back(i: int) -> tuple[State, Array | None]:
            part, dh = slices[i], dhs[i].reshape(passed[i].h.shape)
            return self._truncated_backward(part, passed[i], dh, _reach(part, truncate))

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
