"""The output layer and its loss, over blocks of rows so that T x B x V logits are never all in memory."""

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, fill_uniform, fill_xavier

BLOCK = 1 << 18  # logits in a block
FEWEST = 256  # rows in a block, as each block packs the weights anew


class SoftmaxOutput:
    """h (m, H) -> log-probabilities of targets (m,) under softmax(h W + b); a target below zero is masked.

    W (H, V); tied to an embedding, `W` is its table (V, H) instead, given by the model, and not among `shapes`.
    """

    def __init__(self, name: str, hidden: int, vocabulary_size: int, bias: bool, tied: bool, backend: Backend):
        self.name, self._tied, self._hidden = name, tied, hidden
        self.vocabulary_size = vocabulary_size
        self.shapes: dict[str, tuple[int, ...]] = {} if tied else {"W": (hidden, vocabulary_size)}
        self.shapes["b"] = (vocabulary_size if bias else 0,)
        self._kernels = backend.kernels("softmax")
        self._dense = backend.kernels("dense")

    def initialise(self, parameters: Tensors, scheme: str, random: np.random.Generator) -> None:
        parameters["b"][...] = 0
        if self._tied:
            return
        if scheme == "uniform":
            fill_uniform(parameters["W"], self._hidden**-0.5, random)
        else:
            fill_xavier(parameters["W"], 1, random)

    def weight(self, parameters: Tensors) -> Array:
        """(H, V)"""
        return parameters["W"].T if self._tied else parameters["W"]

    def _block_rows(self) -> int:
        return max(FEWEST, BLOCK // self.vocabulary_size)

    def _blocks(self, n_rows: int) -> list[slice]:
        size = self._block_rows()
        return [slice(first, min(n_rows, first + size)) for first in range(0, n_rows, size)]

    def _logits(self, parameters: Tensors, h: Array, workspace: Workspace) -> Array:
        logits = workspace.array("logits", (min(len(h), self._block_rows()), self.vocabulary_size), h.dtype)
        self._dense.dense_forward(h, self.weight(parameters), parameters["b"], logits)
        return logits

    def score(self, parameters: Tensors, h: Array, targets: Array, workspace: Workspace) -> Array:
        """log_p (m,) of the targets, 0 where masked."""
        log_p = np.empty(len(h), h.dtype)
        for block in self._blocks(len(h)):
            logits = self._logits(parameters, h[block], workspace)
            self._kernels.target_log_softmax(logits, targets[block], log_p[block])
        return log_p

    def gradient(
        self, parameters: Tensors, h: Array, targets: Array, scale: float, workspace: Workspace, gradients: Tensors
    ) -> tuple[Array, Array]:
        """Forward and backward of loss = -scale * sum(log_p): -> log_p (m,), dh (m, H)."""
        log_p, dh = np.empty(len(h), h.dtype), workspace.array("dh", h.shape, h.dtype)
        for block in self._blocks(len(h)):
            logits = self._logits(parameters, h[block], workspace)
            self._kernels.cross_entropy(logits, targets[block], scale, log_p[block])
            self._dense.dense_bias_backward(logits, gradients["b"])
            self._dense.dense_input_backward(logits, self.weight(parameters), dh[block])
            if self._tied:
                self._dense.dense_weight_backward(logits, h[block], gradients["W"])
            else:
                self._dense.dense_weight_backward(h[block], logits, gradients["W"])
        return log_p, dh
