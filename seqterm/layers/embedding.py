"""A learned vector for every token, and that vector's product with the weights of the layer that follows."""

import math

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, fill_uniform, rows


class Embedding:
    """ids (T, B) -> vectors (T, B, D), rows of `table` (V, D), zeros where an id is below zero; (T, B, K) -> (T, B, K*D)."""

    def __init__(self, name: str, vocabulary_size: int, size: int, backend: Backend):
        self.name, self.size = name, size
        self.shapes: dict[str, tuple[int, ...]] = {"table": (vocabulary_size, size)}
        self._backend, self._kernels = backend, backend.kernels("embedding")
        self._dense = backend.kernels("dense")
        self._add = backend.kernels("optimiser").add_slice
        self._pack = backend.kernels("product").pack

    def initialise(self, parameters: Tensors, scheme: str, random: np.random.Generator) -> None:
        """Normal(0, 1) in every scheme, so that inputs have the scale that the weights after it expect."""
        parameters["table"][...] = random.standard_normal(parameters["table"].shape)

    def initialise_tied(self, parameters: Tensors, random: np.random.Generator) -> None:
        """Small values where the table is the output layer's weight too, so that first logits are near zero."""
        fill_uniform(parameters["table"], self.size**-0.5, random)

    def forward(self, parameters: Tensors, ids: Array, workspace: Workspace) -> Array:
        n_steps, n_batch, *together = ids.shape
        y = workspace.array("y", (n_steps, n_batch, math.prod(together) * self.size), parameters["table"].dtype)
        self._backend.assign(workspace.array("ids", ids.shape, ids.dtype), ids)
        self._kernels.embedding_forward(ids.ravel(), parameters["table"], rows(y))
        return y

    def backward(self, parameters: Tensors, dy: Array, workspace: Workspace, gradients: Tensors) -> None:
        """Ids have no gradient."""
        self._kernels.embedding_backward(workspace["ids"].ravel(), rows(dy), gradients["table"])

    def fold(self, parameters: Tensors, following: Tensors, workspace: Workspace) -> Tensors:
        """The parameters of the layer that follows, for ids as its input: W_x (V, G*H) is table W_x + b, and b is empty.

        The same sums in the same order as of table rows that were looked up, once for every token of the vocabulary.
        """
        table, w_x = parameters["table"], following["W_x"]
        folded = workspace.array("folded", (len(table), w_x.shape[1]), table.dtype)
        self._dense.dense_forward(table, self._pack(w_x), following["b"], folded)
        return {**following, "W_x": folded, "b": following["b"][:0]}

    def folded_gradients(self, following: Tensors, workspace: Workspace) -> Tensors:
        """Where the layer that follows adds its gradients; W_x (V, G*H) is zeros."""
        folded = workspace["folded"]
        dfolded = workspace.array("dfolded", folded.shape, folded.dtype)
        self._backend.assign(dfolded, 0)
        return {**following, "W_x": dfolded, "b": following["b"][:0]}

    def unfold(
        self, parameters: Tensors, following: Tensors, workspace: Workspace, gradients: Tensors, following_gradients: Tensors
    ) -> None:
        """Adds what `folded_gradients` received to the gradients of table, W_x and b."""
        table, dfolded = parameters["table"], workspace["dfolded"]
        self._dense.dense_bias_backward(dfolded, following_gradients["b"])
        self._dense.dense_weight_backward(table, dfolded, following_gradients["W_x"])
        dtable = workspace.array("dtable", table.shape, table.dtype)
        self._dense.dense_input_backward(dfolded, following["W_x"], dtable)
        self._add(gradients["table"].ravel(), dtable.ravel())
