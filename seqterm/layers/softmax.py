"""The output layer and its loss, over blocks of rows so that T x B x V logits are never all in memory."""

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, fill_uniform, fill_xavier

WIDE = 4096  # tokens from which on threads share out the vocabulary, and not the rows


class SoftmaxOutput:
    """h (m, H) -> log-probabilities of targets (m,) under softmax(h W^T + b); a target below zero is masked.

    W (V, H), as an embedding's table is; where the two are tied, `W` is given by the model, and not among `shapes`.
    """

    def __init__(self, name: str, hidden: int, vocabulary_size: int, bias: bool, tied: bool, backend: Backend):
        self.name, self._tied, self._hidden, self._backend = name, tied, hidden, backend
        self.vocabulary_size = vocabulary_size
        self.is_wide = vocabulary_size >= WIDE
        self.shapes: dict[str, tuple[int, ...]] = {} if tied else {"W": (vocabulary_size, hidden)}
        self.shapes["b"] = (vocabulary_size if bias else 0,)
        self._kernels = backend.kernels("output")
        self._pack_transposed = backend.kernels("product").pack_transposed

    def initialise(self, parameters: Tensors, scheme: str, random: np.random.Generator) -> None:
        parameters["b"][...] = 0
        if self._tied:
            return
        if scheme == "uniform":
            fill_uniform(parameters["W"].T, self._hidden**-0.5, random)
        else:
            fill_xavier(parameters["W"].T, 1, random)

    def score(self, parameters: Tensors, h: Array, targets: Array) -> Array:
        """log_p (m,) of the targets, 0 where masked."""
        log_p = self._backend.empty((h.shape[0],), h.dtype)
        self._kernels.output_score(parameters["W"], parameters["b"], h, targets, log_p)
        return log_p

    def pack(self, parameters: Tensors) -> Array:
        """The weights as `log_p` wants them."""
        return self._pack_transposed(parameters["W"])

    def log_p(self, parameters: Tensors, panels: Array, h: Array) -> Array:
        """log_p (m, V) of every token; panels: the parameters' weights, packed."""
        log_p = self._backend.empty((h.shape[0], self.vocabulary_size), h.dtype)
        self._kernels.output_log_p(panels, parameters["b"], h, log_p)
        return log_p

    def gradient(
        self,
        parameters: Tensors,
        h: Array,
        targets: Array,
        scale: float,
        workspace: Workspace,
        gradients: Tensors,
        n_parts: int = 1,
    ) -> tuple[Array, Array]:
        """Forward and backward of loss = -scale * sum(log_p): -> log_p (m,), dh (m, H).

        Where the layer `is_wide`, up to n_parts of the vocabulary run side by side in the backend's threads, and this must not be
        called from one of them.
        """
        w, log_p = parameters["W"], self._backend.empty((h.shape[0],), h.dtype)
        dh = workspace.array("dh", h.shape, h.dtype)
        n_stretches = -(-self.vocabulary_size // self._kernels.stretch_of(w))
        n_parts = min(n_parts, n_stretches, self._backend.threads) if self.is_wide else 1
        shapes = self._kernels.output_scratch(w, h.shape[0], n_parts)
        scratch = tuple(workspace.array(name, shape, h.dtype) for name, shape in shapes.items())
        gradient = self._kernels.output_gradient
        own = w, parameters["b"], h, targets, scale, log_p, gradients["W"], gradients["b"], dh, scratch
        if self.is_wide:
            self._backend.together(lambda team: gradient(*own, team), n_parts)
        else:
            gradient(*own, (0, 1, np.zeros(2, np.int64)))
        return log_p, dh
