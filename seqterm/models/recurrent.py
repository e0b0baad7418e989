"""Recurrent language models: an embedding or one-hot input, recurrent layers with dropout between them, a softmax.

The state of n rows is one array (n, L, S, H): L layers, S arrays of H numbers each (h; for the LSTM h and c).
"""

from dataclasses import dataclass

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.errors import DataError
from seqterm.layers.base import Layer, Workspace, flat_size, rows, split
from seqterm.layers.dropout import Dropout, DropoutKey
from seqterm.layers.elman import Elman
from seqterm.layers.embedding import Embedding
from seqterm.layers.gru import GRU
from seqterm.layers.lstm import LSTM
from seqterm.layers.recurrent import RecurrentLayer
from seqterm.layers.softmax import SoftmaxOutput
from seqterm.models.base import DrawSettings, State
from seqterm.models.settings import ElmanSettings, GruSettings, LstmSettings, RecurrentSettings

SCORE_STEPS = 128  # time steps scored at once


@dataclass(frozen=True)
class Window:
    """One stretch of text to learn from: ids and targets (T, B), lengths (B,), state (B, L, S, H)."""

    ids: Array
    targets: Array
    lengths: Array
    state: State


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


class RecurrentModel:
    """A recurrent language model over `vocabulary_size` tokens; all its parameters are views of `flat` (P,).

    A text begins with `start_token`; without one, `start_log_p` (V,) is the distribution of its first token, which the
    network itself does not model.
    """

    def __init__(self, settings: RecurrentSettings, start_log_p: Array, backend: Backend, start_token: int | None = None):
        self.settings, self.backend, self.start_token = settings, backend, start_token
        self.vocabulary_size = len(start_log_p)
        self.dtype = np.dtype(settings.precision)
        onehot = settings.input == "onehot"
        first_inputs = self.vocabulary_size if onehot else settings.embedding
        self._embedding = None if onehot else Embedding("embedding", self.vocabulary_size, settings.embedding, backend)
        self._recurrent = [
            _recurrent_layer(settings, f"{i}", first_inputs if i == 0 else settings.hidden, backend)
            for i in range(settings.layers)
        ]
        self._output = SoftmaxOutput("output", settings.hidden, self.vocabulary_size, settings.bias, settings.tied, backend)
        self._dropout = [Dropout(i, settings.dropout, backend) for i in range(settings.layers - 1)]
        self.layers: list[Layer] = [*self._recurrent, self._output]
        if self._embedding:
            self.layers.insert(0, self._embedding)
        self.flat = np.zeros(flat_size(self.layers), self.dtype)
        self.parameters = self.views(self.flat)
        self._start_log_p = start_log_p.astype(self.dtype)
        self._generate = backend.kernels("generate")
        self._packed: tuple[Array, Array, Array] | None = None

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
        for name, view in self.tensors().items():
            if name not in tensors or tensors[name].shape != view.shape or tensors[name].dtype != view.dtype:
                raise DataError(f"The checkpoint does not fit the model: tensor {name} is missing or of another shape or type.")
            view[...] = tensors[name]
        self.changed()

    def initialise(self, random: np.random.Generator) -> None:
        """Fill all parameters after the settings' scheme; the output's bias begins at the tokens' log-frequencies."""
        for layer in self.layers:
            layer.initialise(self.parameters[layer.name], self.settings.init, random)
        if self.settings.bias:
            self.parameters["output"]["b"][...] = self._start_log_p
        if self._embedding and self.settings.tied:
            self._embedding.initialise_tied(self.parameters["embedding"], random)

    # Training

    def zero_state(self, n: int) -> State:
        """(n, L, S, H) of zeros."""
        return np.zeros((n, self.settings.layers, self._recurrent[0].state_size, self.settings.hidden), self.dtype)

    def workspace(self) -> Workspace:
        return Workspace(self.backend)

    def _forward(self, window: Window, workspace: Workspace, dropout: DropoutKey | None) -> tuple[list[Array], Array, State]:
        """-> the inputs of every recurrent layer, the last layer's h (T, B, H), the final state."""
        x = window.ids
        if self._embedding:
            x = self._embedding.forward(self.parameters["embedding"], window.ids, workspace.child("embedding"))
        inputs, finals = [], []
        for i, layer in enumerate(self._recurrent):
            if i and dropout:
                x = self._dropout[i - 1].apply(x, dropout, workspace, f"dropout{i}")
            inputs.append(x)
            child = workspace.child(layer.name)
            x, final = layer.forward(self.parameters[layer.name], x, child, window.state[:, i], window.lengths)
            finals.append(final)
        return inputs, x, np.stack(finals, axis=1)

    def _backward(
        self,
        window: Window,
        workspace: Workspace,
        gradients: dict[str, dict[str, Array]],
        inputs: list[Array],
        dh: Array,
        cuts: Array,
        dropout: DropoutKey | None,
    ) -> State:
        """dh (T, B, H), the gradient of the last layer's output -> the gradient of the initial state."""
        dstates: list[State] = []
        dy: Array | None = dh
        for i in reversed(range(len(self._recurrent))):
            layer, name = self._recurrent[i], self._recurrent[i].name
            assert dy is not None
            dy, dstate = layer.backward(
                self.parameters[name], dy, workspace.child(name), gradients[name], inputs[i], window.lengths, cuts
            )
            dstates.insert(0, dstate)
            if i and dropout and dy is not None:
                dy = self._dropout[i - 1].apply(dy, dropout, workspace, f"dropout_gradient{i}")
        if self._embedding and dy is not None:
            self._embedding.backward(self.parameters["embedding"], dy, workspace.child("embedding"), gradients["embedding"])
        return np.stack(dstates, axis=1)

    def gradient(
        self,
        window: Window,
        scale: float,
        gradients: dict[str, dict[str, Array]],
        workspace: Workspace,
        dropout: DropoutKey | None = None,
        truncate: int | None = None,
    ) -> tuple[float, State, State]:
        """Forward and backward of loss = -scale * sum of log p(target); adds to `gradients`.

        `truncate` K: each output's error goes back at most K steps (None: through the whole window).  Outputs that are K+1
        steps apart have disjoint reaches, so K+1 backward passes, each cut before the next output, give the sum over all.

        -> sum of log p in nats, the final state, the gradient of the initial state.
        """
        n_steps = len(window.ids)
        inputs, h, final = self._forward(window, workspace, dropout)
        log_p, dh = self._output.gradient(
            self.parameters["output"], rows(h), window.targets.ravel(), scale, workspace.child("output"), gradients["output"]
        )
        dh = dh.reshape(h.shape)
        reach = n_steps if truncate is None else min(truncate + 1, n_steps)
        dstate = np.zeros_like(window.state)
        for first in range(reach):
            cuts = np.arange(n_steps) % reach == first
            if reach == n_steps:  # every error reaches all of the window in one pass
                dstate = self._backward(window, workspace, gradients, inputs, dh, np.zeros(n_steps, np.bool_), dropout)
                break
            masked = np.where(cuts[:, None, None], dh, dh.dtype.type(0))
            dstate += self._backward(window, workspace, gradients, inputs, masked, cuts, dropout)
        return float(log_p.sum(dtype=np.float64)), final, dstate

    # The language model

    def start(self, n: int) -> tuple[State, Array]:
        if self.start_token is not None:
            return self.advance(self.zero_state(n), np.full(n, self.start_token))
        return self.zero_state(n), np.tile(self._start_log_p, (n, 1))

    def score(self, state: State, ids: Array, targets: Array) -> tuple[State, Array]:
        """Rows are shared out over threads, time is taken in stretches that bound the memory."""
        n = ids.shape[1]
        parts = [part for part in np.array_split(np.arange(n), min(n, self.backend.threads)) if len(part)]
        done = self.backend.map(lambda part: self._score_rows(state[part], ids[:, part], targets[:, part]), parts)
        return np.concatenate([s for s, _ in done]), np.concatenate([log_p for _, log_p in done], axis=1)

    def _score_rows(self, state: State, ids: Array, targets: Array) -> tuple[State, Array]:
        workspace, n = self.workspace(), ids.shape[1]
        log_p = np.empty(ids.shape, self.dtype)
        for first in range(0, len(ids), SCORE_STEPS):
            part = slice(first, first + SCORE_STEPS)
            window = Window(np.ascontiguousarray(ids[part]), targets[part], np.full(n, len(ids[part])), state)
            _, h, state = self._forward(window, workspace, None)
            scored = self._output.score(self.parameters["output"], rows(h), window.targets.ravel(), workspace.child("output"))
            log_p[part] = scored.reshape(-1, n)
        return state, log_p

    def trace(self, ids: Array) -> dict[str, Array]:
        """ids (T,) -> {"0.h": (T, H), "0.i": ..., "1.h": ...}: every layer's hidden units and gates."""
        workspace = self.workspace()
        column = np.ascontiguousarray(ids)[:, None]
        self._forward(Window(column, column, np.array([len(ids)]), self.zero_state(1)), workspace, None)
        traces = ((layer.name, layer.trace(workspace.child(layer.name))) for layer in self._recurrent)
        return {f"{layer}.{name}": array[:, 0].copy() for layer, named in traces for name, array in named.items()}

    # One step and drawing, over weights packed when first needed

    def _network(self) -> tuple[int, bool, int, Array, Array, Array]:
        if self._packed is None:
            kernels, layers = self._generate, []
            for layer in self._recurrent:
                arrays = layer.step_arrays(self.parameters[layer.name])
                if layer is self._recurrent[0] and self._embedding is None:
                    del arrays["W_X"]
                layers.append({getattr(kernels, item): array for item, array in arrays.items()})
            output = self.parameters["output"]
            layers.append({kernels.W_X: self._output.weight(output), kernels.B: output["b"]})
            table = self.parameters["embedding"]["table"] if self._embedding else self.parameters["0"]["W_x"]
            self._packed = (np.array(table), *kernels.pack_network(layers, self.dtype))
        first = self._recurrent[0]
        return getattr(self._generate, first.step_cell), first.flag, first.gates, *self._packed

    def changed(self) -> None:
        """Call after the parameters have been changed: packed copies are made anew."""
        self._packed = None

    def advance(self, state: State, tokens: Array) -> tuple[State, Array]:
        state_out, log_p = np.empty_like(state), np.empty((len(tokens), self.vocabulary_size), self.dtype)
        self._generate.network_step(*self._network(), tokens, state, state_out, log_p)
        return state_out, log_p

    def draw(
        self, state: State, log_p: Array, seen: Array, banned: Array, settings: DrawSettings, key: int, first: int, n: int
    ) -> tuple[State, Array, Array, Array]:
        """As sampling.draw.draw_by_steps, in one compiled call."""
        state, log_p = state.copy(), log_p.copy()
        tokens, chosen = np.empty((n, len(state)), np.int64), np.empty((n, len(state)), self.dtype)
        self._generate.draw(
            *self._network(), state, log_p, seen, banned, settings.greedy, settings.temperature, settings.k, settings.p,
            settings.minimum, settings.repetition_penalty, settings.equal_weights, key, first, tokens, chosen,
        )  # fmt: skip
        return state, log_p, tokens, chosen
