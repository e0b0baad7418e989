"""The LSTM layer."""

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, rows
from seqterm.layers.recurrent import RecurrentLayer


class LSTM(RecurrentLayer):
    cell, gates, step_cell = "lstm", 4, "LSTM"
    state_size = 2

    def __init__(self, name: str, n_inputs: int, hidden: int, bias: bool, backend: Backend, forget_bias: float = 1.0):
        super().__init__(name, n_inputs, hidden, bias, backend)
        self._forget_bias = forget_bias

    def initialise(self, parameters: Tensors, scheme: str, random: np.random.Generator) -> None:
        super().initialise(parameters, scheme, random)
        parameters["b"][self.hidden : 2 * self.hidden] = self._forget_bias

    def _run(self, parameters: Tensors, w_h: list[Array], a: Array, lengths: Array, steps: slice, workspace: Workspace) -> None:
        h, c = (workspace[name][steps.start : steps.stop + 1] for name in ("state0", "state1"))
        self._kernels.lstm_sequence_forward(a, *w_h, lengths, h, c)

    def _run_backward(
        self,
        w_h: list[Array],
        dy: Array,
        da: Array,
        dstates: list[Array],
        lengths: Array,
        cuts: Array,
        workspace: Workspace,
        gradients: Tensors,
    ) -> None:
        h, c = workspace["state0"], workspace["state1"]
        self._kernels.lstm_sequence_backward(dy, da, c, *w_h, lengths, cuts, *dstates)
        self._add_recurrent_gradient(h[:-1], rows(da), gradients["W_h"])

    def trace(self, workspace: Workspace) -> dict[str, Array]:
        gates, h, c = (self._backend.to_host(workspace[name]) for name in ("a", "state0", "state1"))
        named = {name: gates[..., k * self.hidden : (k + 1) * self.hidden] for k, name in enumerate("ifog")}
        return {"h": h[1:], "c": c[1:], **named}
