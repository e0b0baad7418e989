"""What the recurrent layers share: the product with the input and its gradients.

x (T, B, D), or ids (T, B), which stand for one-hot rows: the product is then a row of W_x.  state (B, S, H): h, and c where
the cell has one.  W_x (D, G*H), W_h (H, G*H), b (G*H,), or (0,) without biases.
"""

from abc import ABC, abstractmethod

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, fill_orthogonal, fill_uniform, fill_xavier, rows


class RecurrentLayer(ABC):
    """A recurrent layer; a subclass names its cell's gates and runs its loops over time."""

    cell: str
    gates: int
    state_size = 1  # S: arrays of H numbers in a row's state
    step_cell: str  # the cell's name in the step kernel
    flag = False  # and its one switch there

    def __init__(self, name: str, n_inputs: int, hidden: int, bias: bool, backend: Backend):
        self.name, self.hidden = name, hidden
        width = self.gates * hidden
        self.shapes: dict[str, tuple[int, ...]] = {"W_x": (n_inputs, width), "W_h": (hidden, width), "b": (width if bias else 0,)}
        self._kernels = backend.kernels(self.cell)
        self._dense = backend.kernels("dense")
        self._embedding = backend.kernels("embedding")

    def initialise(self, parameters: Tensors, scheme: str, random: np.random.Generator) -> None:
        if scheme == "uniform":
            for tensor in parameters.values():
                fill_uniform(tensor, self.hidden**-0.5, random)
            return
        for tensor in parameters.values():
            tensor[...] = 0
        fill_xavier(parameters["W_x"], self.gates, random)
        fill_recurrent = fill_orthogonal if scheme == "orthogonal" else fill_xavier
        fill_recurrent(parameters["W_h"], self.gates, random)

    def forward(self, parameters: Tensors, x: Array, workspace: Workspace, state: Array, lengths: Array) -> tuple[Array, Array]:
        """-> h (T, B, H) and the final state (B, S, H).  lengths (B,): rows past theirs keep their state."""
        n_steps, n_batch = x.shape[:2]
        dtype = parameters["W_x"].dtype
        a = workspace.array("a", (n_steps, n_batch, self.gates * self.hidden), dtype)
        if x.ndim == 2:
            self._embedding.embedding_forward(x.ravel(), parameters["W_x"], rows(a))
            self._embedding.add_bias(parameters["b"], rows(a))
        else:
            self._dense.dense_forward(rows(x), parameters["W_x"], parameters["b"], rows(a))
        for index in range(self.state_size):
            workspace.array(f"state{index}", (n_steps + 1, n_batch, self.hidden), dtype)[0] = state[:, index]
        self._run(parameters, a, lengths, workspace)
        states = [workspace[f"state{index}"] for index in range(self.state_size)]
        return states[0][1:], np.stack([s[n_steps] for s in states], axis=1)

    def backward(
        self, parameters: Tensors, dy: Array, workspace: Workspace, gradients: Tensors, x: Array, lengths: Array, cuts: Array
    ) -> tuple[Array | None, Array]:
        """dy (T, B, H), the x of forward, cuts (T,) -> dx (None for ids) and the gradient of the initial state (B, S, H)."""
        n_batch, dtype = dy.shape[1], dy.dtype
        dstates = [np.zeros((n_batch, self.hidden), dtype) for _ in range(self.state_size)]
        da = workspace.array("da", workspace["a"].shape, dtype)
        self._run_backward(parameters, dy, da, dstates, lengths, cuts, workspace, gradients)
        self._dense.dense_bias_backward(rows(da), gradients["b"])
        if x.ndim == 2:
            self._embedding.embedding_backward(x.ravel(), rows(da), gradients["W_x"])
            return None, np.stack(dstates, axis=1)
        self._dense.dense_weight_backward(rows(x), rows(da), gradients["W_x"])
        dx = workspace.array("dx", x.shape, dtype)
        self._dense.dense_input_backward(rows(da), parameters["W_x"], rows(dx))
        return dx, np.stack(dstates, axis=1)

    def _add_recurrent_gradient(self, before: Array, da: Array, gradient: Array) -> None:
        """before (T, B, H), what was multiplied by W_h; da (T, B, n), the gradient of the product."""
        self._dense.dense_weight_backward(rows(before), rows(da), gradient)

    def step_arrays(self, parameters: Tensors) -> dict[str, Array]:
        """The tensors that the step kernel wants, under its names."""
        return {"W_X": parameters["W_x"], "W_H": parameters["W_h"], "B": parameters["b"]}

    @abstractmethod
    def _run(self, parameters: Tensors, a: Array, lengths: Array, workspace: Workspace) -> None:
        """Write state0[1:], ..., from a = x W_x + b; may replace a by what `_run_backward` needs."""

    @abstractmethod
    def _run_backward(
        self,
        parameters: Tensors,
        dy: Array,
        da: Array,
        dstates: list[Array],
        lengths: Array,
        cuts: Array,
        workspace: Workspace,
        gradients: Tensors,
    ) -> None:
        """Write da, add to the gradients of recurrent parameters, turn dstates from final to initial."""

    @abstractmethod
    def trace(self, workspace: Workspace) -> dict[str, Array]:
        """{name: (T, B, H)} of what the last forward pass computed."""
