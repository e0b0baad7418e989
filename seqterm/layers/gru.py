"""The GRU layer, with the reset after the recurrent product or before it, and either sense of the update gate."""

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, rows
from seqterm.layers.recurrent import RecurrentLayer


class GRU(RecurrentLayer):
    """`keep`: h = z h_prev + (1-z) g, else h = (1-z) h_prev + z g."""

    cell, gates = "gru", 3

    def __init__(
        self, name: str, n_inputs: int, hidden: int, bias: bool, backend: Backend, reset_after: bool = True, keep: bool = True
    ):
        super().__init__(name, n_inputs, hidden, bias, backend)
        self.flag, self._after = keep, reset_after
        self.step_cell = "GRU_AFTER" if reset_after else "GRU_BEFORE"
        if reset_after and bias:
            self.shapes["b_h"] = (3 * hidden,)

    def step_arrays(self, parameters: Tensors) -> dict[str, Array]:
        w_h, n = parameters["W_h"], 2 * self.hidden
        common = {"W_X": parameters["W_x"], "B": parameters["b"]}
        if self._after:
            return {**common, "W_H": w_h, "B_H": self._recurrent_bias(parameters)}
        return {**common, "W_H": w_h[:, :n], "W_CANDIDATE": w_h[:, n:]}

    def _recurrent_bias(self, parameters: Tensors) -> Array:
        """(3H,), or (0,) without biases."""
        return parameters["b_h"] if "b_h" in parameters else parameters["b"]

    def _recurrent_matrices(self, w_h: Array) -> list[Array]:
        return [w_h] if self._after else [w_h[:, : 2 * self.hidden], w_h[:, 2 * self.hidden :]]

    def _run(self, parameters: Tensors, w_h: list[Array], a: Array, lengths: Array, steps: slice, workspace: Workspace) -> None:
        whole = workspace["state0"]
        h = whole[steps.start : steps.stop + 1]
        kept = workspace.array("s_g" if self._after else "reset", whole[1:].shape, whole.dtype)[steps]
        if self._after:
            self._kernels.gru_after_sequence_forward(a, *w_h, self._recurrent_bias(parameters), self.flag, lengths, h, kept)
        else:
            self._kernels.gru_before_sequence_forward(a, *w_h, self.flag, lengths, h, kept)

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
        h, dw_h = workspace["state0"], gradients["W_h"]
        if self._after:
            ds = workspace.array("ds", da.shape, da.dtype)
            s_g = workspace["s_g"]
            self._kernels.gru_after_sequence_backward(dy, da, s_g, h, *w_h, self.flag, lengths, cuts, ds, dstates[0])
            self._add_recurrent_gradient(h[:-1], rows(ds), dw_h)
            if "b_h" in gradients:
                self._dense.dense_bias_backward(rows(ds), gradients["b_h"])
        else:
            n = 2 * self.hidden
            self._kernels.gru_before_sequence_backward(dy, da, h, *w_h, self.flag, lengths, cuts, dstates[0])
            self._add_recurrent_gradient(h[:-1], rows(da)[:, :n], dw_h[:, :n])
            self._add_recurrent_gradient(workspace["reset"], rows(da)[:, n:], dw_h[:, n:])

    def trace(self, workspace: Workspace) -> dict[str, Array]:
        gates, h = (self._backend.to_host(workspace[name]) for name in ("a", "state0"))
        named = {name: gates[..., k * self.hidden : (k + 1) * self.hidden] for k, name in enumerate("rzg")}
        return {"h": h[1:], **named}
