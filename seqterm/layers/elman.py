"""The Elman layer, with tanh or relu."""

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, rows
from seqterm.layers.recurrent import RecurrentLayer


class Elman(RecurrentLayer):
    cell, gates, step_cell = "elman", 1, "ELMAN"

    def __init__(self, name: str, n_inputs: int, hidden: int, bias: bool, backend: Backend, relu: bool = False):
        super().__init__(name, n_inputs, hidden, bias, backend)
        self.flag = relu

    def _run(self, parameters: Tensors, w_h: list[Array], a: Array, lengths: Array, steps: slice, workspace: Workspace) -> None:
        h = workspace["state0"][steps.start : steps.stop + 1]
        self._kernels.elman_sequence_forward(a, *w_h, self.flag, lengths, h)

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
        h = workspace["state0"]
        self._kernels.elman_sequence_backward(dy, h, *w_h, self.flag, lengths, cuts, da, dstates[0])
        self._add_recurrent_gradient(h[:-1], rows(da), gradients["W_h"])

    def trace(self, workspace: Workspace) -> dict[str, Array]:
        return {"h": self._backend.to_host(workspace["state0"])[1:]}
