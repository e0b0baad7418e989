"""The layers of a recurrent network, and their passes over windows of text.

The state of n rows is one array (n, L, S, H): L layers, S arrays of H numbers each (h; for the LSTM h and c).
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Layer, Tensors, Workspace, stack
from seqterm.layers.dropout import Dropout, DropoutKey
from seqterm.layers.elman import Elman
from seqterm.layers.embedding import Embedding
from seqterm.layers.gru import GRU
from seqterm.layers.lstm import LSTM
from seqterm.layers.recurrent import Packed, RecurrentLayer
from seqterm.models.base import State
from seqterm.models.network import BatchSlice, Passed, Window
from seqterm.models.network_model import NetworkModel
from seqterm.models.settings import ElmanSettings, GruSettings, LstmSettings, RecurrentSettings


class Prepared(NamedTuple):
    """Every recurrent layer's parameters, their weights packed if they are, and whether the embedding is in the first layer's."""

    parameters: list[Tensors]
    packed: list[Packed | None]
    is_folded: bool


@dataclass(frozen=True)
class RecurrentPassed(Passed):
    """h (T, B, H) of the last layer; every layer's parameters as they were used, and its input."""

    parameters: list[Tensors]
    inputs: list[Array]


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


class RecurrentNetwork(NetworkModel):
    """An embedding or one-hot input, recurrent layers with dropout between them, a softmax over `vocabulary_size` tokens."""

    settings: RecurrentSettings

    def _input_and_body(self) -> tuple[Embedding | None, list[Layer], int]:
        settings, onehot = self.settings, self.settings.input == "onehot"
        first_inputs = self.vocabulary_size if onehot else settings.embedding
        embedding = None if onehot else Embedding("embedding", self.vocabulary_size, first_inputs, self.backend)
        self._recurrent = [
            _recurrent_layer(settings, f"{i}", first_inputs if i == 0 else settings.hidden, self.backend)
            for i in range(settings.layers)
        ]
        self._add = self.backend.kernels("optimiser").add_slice
        self._dropout = [Dropout(i, settings.dropout, self.backend) for i in range(settings.layers - 1)]
        return embedding, [*self._recurrent], settings.hidden

    @property
    def drops_out(self) -> bool:
        return self.settings.dropout > 0.0 and self.settings.layers > 1

    def zero_state(self, n: int) -> State:
        """(n, L, S, H) of zeros."""
        return np.zeros((n, self.settings.layers, self._recurrent[0].state_size, self.settings.hidden), self.dtype)

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
    ) -> RecurrentPassed:
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
        return RecurrentPassed(x, stack(finals, self.backend), parameters, inputs)

    def _backward(self, part: BatchSlice, passed: RecurrentPassed, dh: Array, truncate: int | None) -> tuple[State, Array | None]:
        reach = _reach(part, truncate)
        if self._embedding is None or not self._is_folded(part.window):
            return self._truncated_backward(part, passed, dh, reach)
        child, first = part.workspace.child("embedding"), self._recurrent[0].name
        folded = {**part.gradients, first: self._embedding.folded_gradients(part.gradients[first], child)}
        dstate, _ = self._truncated_backward(replace(part, gradients=folded), passed, dh, reach)
        table, following = self.parameters["embedding"], self.parameters[first]
        self._embedding.unfold(table, following, child, part.gradients["embedding"], part.gradients[first])
        return dstate, None

    def _layers_backward(self, part: BatchSlice, passed: RecurrentPassed, dh: Array, cuts: Array) -> tuple[State, Array | None]:
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
        return stack(dstates, self.backend), dy

    def _truncated_backward(self, part: BatchSlice, passed: RecurrentPassed, dh: Array, reach: int) -> tuple[State, Array | None]:
        """As `_layers_backward`, each output's error going back through `reach` steps.

        Outputs that are `reach` steps apart have disjoint reaches, so as many passes, each cut before the next output, give the
        sum over all.
        """
        n_steps = len(dh)
        if reach >= n_steps:
            return self._layers_backward(part, passed, dh, np.zeros(n_steps, np.bool_))
        total, dx_total = self.backend.zeros(part.window.state.shape, self.dtype), None
        for first in range(reach):
            masked = self.backend.zeros(dh.shape, dh.dtype)
            self.backend.assign(masked[first::reach], dh[first::reach])
            dstate, dx = self._layers_backward(part, passed, masked, np.arange(n_steps) % reach == first)
            self._add(total.ravel(), dstate.ravel())
            if dx is not None:
                if dx_total is None:
                    dx_total = self.backend.zeros(dx.shape, dx.dtype)
                self._add(dx_total.ravel(), dx.ravel())
        return total, dx_total
