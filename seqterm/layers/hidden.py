"""A hidden layer that reads one vector a place, or the ids of tokens whose vectors are folded into it."""

from collections.abc import Sequence

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, fill_uniform, fill_xavier, rows


class Hidden:
    """x (T, B, D) -> h (T, B, H) = tanh(x W_x + b).  W_x (D, H), b (H,), or (0,) without biases."""

    def __init__(self, name: str, n_inputs: int, hidden: int, bias: bool, backend: Backend):
        self.name, self.hidden = name, hidden
        self.shapes: dict[str, tuple[int, ...]] = {"W_x": (n_inputs, hidden), "b": (hidden if bias else 0,)}
        self._kernels = backend.kernels("dense")
        self._embedding = backend.kernels("embedding")
        self._pack = backend.kernels("product").pack

    def initialise(self, parameters: Tensors, scheme: str, random: np.random.Generator) -> None:
        parameters["b"][...] = 0
        if scheme == "uniform":
            fill_uniform(parameters["W_x"], parameters["W_x"].shape[0] ** -0.5, random)
        else:
            fill_xavier(parameters["W_x"], 1, random)

    def pack(self, parameters: Tensors) -> Array:
        """W_x as `forward` wants it."""
        return self._pack(parameters["W_x"])

    def forward(self, parameters: Tensors, panels: Array, x: Array, workspace: Workspace) -> Array:
        """panels: W_x, packed."""
        h = workspace.array("h", (*x.shape[:2], self.hidden), x.dtype)
        self._kernels.dense_forward(rows(x), panels, parameters["b"], rows(h))
        self._kernels.dense_activation_forward(rows(h), False)
        return h

    def backward(self, parameters: Tensors, dh: Array, x: Array, workspace: Workspace, gradients: Tensors) -> Array:
        """dh (T, B, H) and the x of forward -> dx (T, B, D)."""
        da, dx = self._activation_backward(dh, workspace, gradients), workspace.array("dx", x.shape, x.dtype)
        self._kernels.dense_weight_backward(rows(x), da, gradients["W_x"])
        self._kernels.dense_input_backward(da, parameters["W_x"], rows(dx))
        return dx

    def forward_folded(self, parameters: Tensors, tables: Sequence[Array], ids: Sequence[Array], workspace: Workspace) -> Array:
        """As `forward`, x being vectors of tokens side by side: ids[k] (T, B) say whose is the k-th, none's where below zero, and
        tables[k] (V, H) are the products of all tokens' with its part of W_x."""
        h = workspace.array("h", (*ids[0].shape, self.hidden), tables[0].dtype)
        self._kernels.fill_rows(parameters["b"], rows(h))
        for table, place in zip(tables, ids, strict=True):
            self._embedding.embedding_add(place.ravel(), table, rows(h))
        self._kernels.dense_activation_forward(rows(h), False)
        return h

    def backward_folded(
        self, dh: Array, ids: Sequence[Array], workspace: Workspace, gradients: Tensors, dtables: Sequence[Array]
    ) -> None:
        """Adds to the gradients of b and of the tables."""
        da = self._activation_backward(dh, workspace, gradients)
        for dtable, place in zip(dtables, ids, strict=True):
            self._embedding.embedding_backward(place.ravel(), da, dtable)

    def _activation_backward(self, dh: Array, workspace: Workspace, gradients: Tensors) -> Array:
        """-> the gradient of x W_x + b (T*B, H); adds to that of b."""
        h = rows(workspace["h"])
        da = workspace.array("da", h.shape, h.dtype)
        self._kernels.dense_activation_backward(rows(dh), h, False, da)
        self._kernels.dense_bias_backward(da, gradients["b"])
        return da
