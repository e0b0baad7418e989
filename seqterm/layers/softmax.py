"""The output layer and its loss, over blocks of rows so that T x B x V logits are never all in memory."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Tensors, Workspace, fill_uniform, fill_xavier

BLOCK = 1 << 18  # logits in a block
FEWEST = 512  # rows in a block, as each block reads the weights anew
MULTIPLE = 64  # of rows in a block but the last: whole panels
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
        self._pack = backend.kernels("product").pack

    def initialise(self, parameters: Tensors, scheme: str, random: np.random.Generator) -> None:
        parameters["b"][...] = 0
        if self._tied:
            return
        if scheme == "uniform":
            fill_uniform(parameters["W"].T, self._hidden**-0.5, random)
        else:
            fill_xavier(parameters["W"].T, 1, random)

    def _row_blocks(self, n_rows: int) -> list[slice]:
        """As few as can be, of about the same size."""
        most = max(FEWEST, BLOCK // self.vocabulary_size)
        n_blocks = -(-n_rows // most)
        size = -(-n_rows // (n_blocks * MULTIPLE)) * MULTIPLE if n_blocks else 1
        return [slice(first, min(n_rows, first + size)) for first in range(0, n_rows, size)]

    def _parts(self, stretch: int, n_parts: int) -> list[tuple[int, int]]:
        """First and last token of each part, in whole stretches; one part unless the layer `is_wide`."""
        n_stretches = -(-self.vocabulary_size // stretch)
        n_parts = min(n_parts, n_stretches) if self.is_wide else 1
        bounds = [i * n_stretches // n_parts * stretch for i in range(n_parts)] + [self.vocabulary_size]
        return list(pairwise(bounds))

    def _each(self, function: Callable[[int], None], n_parts: int) -> None:
        if self.is_wide:
            self._backend.map(function, range(n_parts))
        else:
            function(0)

    def score(self, parameters: Tensors, h: Array, targets: Array) -> Array:
        """log_p (m,) of the targets, 0 where masked."""
        log_p = np.empty(len(h), h.dtype)
        self._kernels.output_score(parameters["W"], parameters["b"], self._pack(h.T), targets, log_p)
        return log_p

    def pack(self, parameters: Tensors) -> Array:
        """The weights as `log_p` wants them."""
        return self._pack(parameters["W"].T)

    def log_p(self, parameters: Tensors, panels: Array, h: Array) -> Array:
        """log_p (m, V) of every token; panels: the parameters' weights, packed."""
        log_p = np.empty((len(h), self.vocabulary_size), h.dtype)
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

        Where the layer `is_wide`, n_parts of the vocabulary run side by side in the backend's threads, and this must not be
        called from one of them.
        """
        log_p, dh = np.empty(len(h), h.dtype), workspace.array("dh", h.shape, h.dtype)
        for block in self._row_blocks(len(h)):
            part = h[block], targets[block], scale, workspace, gradients, log_p[block], dh[block]
            self._block_gradient(parameters, *part, n_parts)
        return log_p, dh

    def _block_gradient(
        self,
        parameters: Tensors,
        h: Array,
        targets: Array,
        scale: float,
        workspace: Workspace,
        gradients: Tensors,
        log_p: Array,
        dh: Array,
        n_parts: int,
    ) -> None:
        """Writes log_p and dh."""
        kernels, w, b = self._kernels, parameters["W"], parameters["b"]
        stretch = kernels.stretch_of(w)
        parts, h_panels = self._parts(stretch, n_parts), self._pack(h.T)
        n_panels, _, width = h_panels.shape
        logits = workspace.array("logits", (n_panels, self.vocabulary_size, width), h.dtype)
        tops, totals = np.empty((2, -(-self.vocabulary_size // stretch), n_panels, width), h.dtype)
        wanted = np.zeros((n_panels, width), h.dtype)

        def forward(i: int) -> None:
            kernels.output_forward(w, b, h_panels, targets, *parts[i], logits, tops, totals, wanted)

        self._each(forward, len(parts))
        top, total = kernels.combine_stretches(targets, tops, totals, wanted, log_p)
        dhs = dh[None] if len(parts) == 1 else workspace.array("dh_parts", (len(parts), *h.shape), h.dtype)

        def backward(i: int) -> None:
            dhs[i] = 0
            dw, db = gradients["W"], gradients["b"]
            kernels.output_backward(w, h, targets, tops, top, total, scale, *parts[i], logits, dw, db, dhs[i])

        self._each(backward, len(parts))
        if len(parts) > 1:
            np.sum(dhs, axis=0, out=dh)
