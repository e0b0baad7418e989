"""A learned vector for every token."""

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, fill_uniform, fill_xavier, rows


class Embedding:
    """ids (T, B) -> vectors (T, B, D), rows of `table` (V, D)."""

    def __init__(self, name: str, vocabulary_size: int, size: int, backend: Backend):
        self.name, self.size = name, size
        self.shapes: dict[str, tuple[int, ...]] = {"table": (vocabulary_size, size)}
        self._kernels = backend.kernels("embedding")

    def initialise(self, parameters: Tensors, scheme: str, random: np.random.Generator) -> None:
        """Normal(0, 1) for uniform, so that inputs have the scale that recurrent weights expect; else Xavier."""
        table = parameters["table"]
        if scheme == "uniform":
            table[...] = random.standard_normal(table.shape)
        else:
            fill_xavier(table, 1, random)

    def initialise_tied(self, parameters: Tensors, random: np.random.Generator) -> None:
        """Small values where the table is the output layer's weight too, so that first logits are near zero."""
        fill_uniform(parameters["table"], self.size**-0.5, random)

    def forward(self, parameters: Tensors, ids: Array, workspace: Workspace) -> Array:
        y = workspace.array("y", (*ids.shape, self.size), parameters["table"].dtype)
        workspace.array("ids", ids.shape, ids.dtype)[...] = ids
        self._kernels.embedding_forward(ids.ravel(), parameters["table"], rows(y))
        return y

    def backward(self, parameters: Tensors, dy: Array, workspace: Workspace, gradients: Tensors) -> None:
        """Ids have no gradient."""
        self._kernels.embedding_backward(workspace["ids"].ravel(), rows(dy), gradients["table"])
