"""What the recurrent layers share: the product with the input and its gradients.

x (T, B, D), or ids (T, B), which stand for one-hot rows: the product is then a row of W_x.  state (B, S, H): h, and c where
the cell has one.  W_x (D, G*H), W_h (H, G*H), b (G*H,), or (0,) without biases.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, fill_orthogonal, fill_uniform, fill_xavier, rows, stack

FEWEST = 8  # steps that are worth a call
STRETCH = 1 << 17  # pre-activations made at a time: they are still in the second-level cache when the recurrence comes to them


class Packed(NamedTuple):
    """Weights as the forward kernels want them: W_x in panels, or as it stands where ids are its rows; W_h's pieces in panels."""

    w_x: Array
    w_h: list[Array]


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
        self._backend, self._kernels = backend, backend.kernels(self.cell)
        self._dense = backend.kernels("dense")
        self._embedding = backend.kernels("embedding")
        product = backend.kernels("product")
        self._pack, self._pack_transposed = product.pack, product.pack_transposed

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

    def pack(self, parameters: Tensors, reads_ids: bool) -> Packed:
        w_x = parameters["W_x"] if reads_ids else self._pack(parameters["W_x"])
        return Packed(w_x, [self._pack(matrix) for matrix in self._recurrent_matrices(parameters["W_h"])])

    def forward(
        self, parameters: Tensors, x: Array, workspace: Workspace, state: Array, lengths: Array, packed: Packed | None = None
    ) -> tuple[Array, Array]:
        """-> h (T, B, H) and the final state (B, S, H).  lengths (B,), numpy's: rows past theirs keep their state.

        packed: the parameters' weights, where they have been packed before.
        """
        n_steps, n_batch = x.shape[:2]
        dtype = parameters["W_x"].dtype
        a = workspace.array("a", (n_steps, n_batch, self.gates * self.hidden), dtype)
        w_x, w_h = packed or self.pack(parameters, reads_ids=x.ndim == 2)
        for index in range(self.state_size):
            kept = workspace.array(f"state{index}", (n_steps + 1, n_batch, self.hidden), dtype)
            self._backend.assign(kept[0], state[:, index])
        together = self._together(n_steps, n_batch)
        for first in range(0, n_steps, together):
            steps = slice(first, min(n_steps, first + together))
            self._multiply_input(x[steps], w_x, parameters["b"], a[steps])
            self._run(parameters, w_h, a[steps], self._backend.to_device(lengths - first), steps, workspace)
        states = [workspace[f"state{index}"] for index in range(self.state_size)]
        return states[0][1:], stack([s[n_steps] for s in states], self._backend)

    def _together(self, n_steps: int, n_batch: int) -> int:
        """Steps whose pre-activations are made at a time."""
        if not self._backend.on_host:
            return max(1, n_steps)
        return max(FEWEST, STRETCH // max(1, n_batch * self.gates * self.hidden))

    def _multiply_input(self, x: Array, w_x: Array, b: Array, a: Array) -> None:
        """Writes a (T, B, G*H).  w_x is packed, unless x are ids."""
        if x.ndim == 2:
            self._embedding.embedding_forward(x.ravel(), w_x, rows(a))
            if b.size:
                self._embedding.add_bias(b, rows(a))
        else:
            self._dense.dense_forward(rows(x), w_x, b, rows(a))

    def _recurrent_matrices(self, w_h: Array) -> list[Array]:
        """W_h in the pieces that the kernels want."""
        return [w_h]

    def backward(
        self, parameters: Tensors, dy: Array, workspace: Workspace, gradients: Tensors, x: Array, lengths: Array, cuts: Array
    ) -> tuple[Array | None, Array]:
        """dy (T, B, H), the x of forward; lengths (B,) and cuts (T,) are numpy's -> dx (None for ids) and the gradient of the
        initial state (B, S, H).

        Once for each forward pass, whose gates it replaces by their gradient, unless there are cuts.
        """
        n_batch, dtype = dy.shape[1], dy.dtype
        dstates = [workspace.array(f"dstate{index}", (n_batch, self.hidden), dtype) for index in range(self.state_size)]
        for dstate in dstates:
            self._backend.assign(dstate, 0.0)
        da = workspace["a"]
        if cuts.any():
            da = workspace.array("da", da.shape, dtype)
            self._backend.assign(da, workspace["a"])
        w_h = [self._pack_transposed(matrix) for matrix in self._recurrent_matrices(parameters["W_h"])]
        lengths, cuts = self._backend.to_device(lengths), self._backend.to_device(cuts)
        self._run_backward(w_h, dy, da, dstates, lengths, cuts, workspace, gradients)
        self._dense.dense_bias_backward(rows(da), gradients["b"])
        if x.ndim == 2:
            self._embedding.embedding_backward(x.ravel(), rows(da), gradients["W_x"])
            return None, stack(dstates, self._backend)
        self._dense.dense_weight_backward(rows(x), rows(da), gradients["W_x"])
        dx = workspace.array("dx", x.shape, dtype)
        self._dense.dense_input_backward(rows(da), parameters["W_x"], rows(dx))
        return dx, stack(dstates, self._backend)

    def _add_recurrent_gradient(self, before: Array, da: Array, gradient: Array) -> None:
        """before (T, B, H), what was multiplied by W_h; da (T*B, n), the gradient of the product."""
        self._dense.dense_weight_backward(rows(before), da, gradient)

    def step_arrays(self, parameters: Tensors) -> dict[str, Array]:
        """The tensors that the step kernel wants, under its names."""
        return {"W_X": parameters["W_x"], "W_H": parameters["W_h"], "B": parameters["b"]}

    @abstractmethod
    def _run(self, parameters: Tensors, w_h: list[Array], a: Array, lengths: Array, steps: slice, workspace: Workspace) -> None:
        """Write state0[1:][steps], ..., from a = x W_x + b of these steps; may replace a by what `_run_backward` needs.

        w_h: W_h packed; lengths: as from the first of these steps.
        """

    @abstractmethod
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
        """Turn da from what `_run` left in a, to the gradient of x W_x + b, and dstates from final to initial.

        Adds to the gradients of recurrent parameters.  w_h: W_h^T packed.
        """

    @abstractmethod
    def trace(self, workspace: Workspace) -> dict[str, Array]:
        """{name: (T, B, H)} of what the last forward pass computed."""
