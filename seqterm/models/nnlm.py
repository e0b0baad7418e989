"""The neural n-gram of Bengio, Ducharme, Vincent and Jauvin 2003, A neural probabilistic language model (JMLR 3).

y = b + W x + U tanh(d + H x), x being the vectors of the last n - 1 tokens side by side; W x where connections are `direct`.
W and U are one matrix here, the output layer's, which then reads the hidden units and the vectors side by side.

The state of n rows is the last n - 1 ids of each (n, n - 1), the oldest first, NONE where the text had not begun.  The paper's
loss runs over one long text, which begins once.  Here NONE has a vector of zeros, so that hidden units hear of no token more than
there is: a learned vector would be trained by the first n - 1 tokens of a text alone, or would say what the start token of a
sentence says already.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqterm.backends.base import Array
from seqterm.errors import UsageError
from seqterm.layers.base import Layer, Tensors, Workspace
from seqterm.layers.dropout import DropoutKey
from seqterm.layers.embedding import Embedding
from seqterm.layers.hidden import Hidden
from seqterm.models.base import State
from seqterm.models.network import BatchSlice, Passed, Window
from seqterm.models.network_model import NetworkModel
from seqterm.models.nnlm_settings import NnlmSettings

NONE = -1


class Prepared(NamedTuple):
    """The hidden layer's weights, packed; or, if they are folded, what they make of every token at each of the n - 1 places."""

    panels: Array | None
    tables: list[Array]


@dataclass(frozen=True)
class WindowsPassed(Passed):
    """The ids (T, B) at each of the n - 1 places, and their vectors side by side (T, B, (n-1)*D), if they were looked up."""

    places: list[Array]
    x: Array | None
    is_folded: bool


class Nnlm(NetworkModel):
    """One table of vectors for all places of the window, a hidden layer of tanh units, a softmax."""

    settings: NnlmSettings
    _embedding: Embedding
    _output_panels: Array | None = None  # kept until the parameters change

    def _input_and_body(self) -> tuple[Embedding, list[Layer], int]:
        settings = self.settings
        self._n_places = settings.order - 1
        n_inputs = self._n_places * settings.embedding
        self._add = self.backend.kernels("optimiser").add_slice
        self._hidden = Hidden("hidden", n_inputs, settings.hidden, settings.bias, self.backend)
        embedding = Embedding("embedding", self.vocabulary_size, settings.embedding, self.backend)
        return embedding, [self._hidden], settings.hidden + (n_inputs if settings.direct else 0)

    @staticmethod
    def check(settings: NnlmSettings) -> None:
        if settings.tied and settings.direct:
            raise UsageError(
                "--tied does not go with --direct: the output layer's weights for the vectors have no embedding to share."
            )
        NetworkModel.check(settings)

    def changed(self) -> None:
        super().changed()
        self._output_panels = None

    def zero_state(self, n: int) -> State:
        """(n, n - 1): no token at all."""
        return np.full((n, self._n_places), NONE, np.int64)

    def ids_read(self, ids: Array, state: State) -> Array:
        state = self.backend.to_host(state)
        return np.concatenate([ids.ravel(), state[state != NONE]])

    # Passes

    def _places(self, window: Window) -> tuple[list[Array], State]:
        """What WindowsPassed.places is, and the final state."""
        n_steps, n = window.ids.shape[0], self._n_places
        to_host, to_device = self.backend.to_host, self.backend.to_device
        text = np.concatenate([to_host(window.state).T, to_host(window.ids)])
        final = np.take_along_axis(text, window.lengths + np.arange(n)[:, None], axis=0).T
        return [text[1 + k : 1 + k + n_steps] for k in range(n)], to_device(np.ascontiguousarray(final))

    def _parts_of(self, hidden: Tensors) -> list[Tensors]:
        """Of the hidden layer's weights, or their gradients, those that each place's vectors meet, as a layer without bias."""
        parts = hidden["W_x"].reshape(self._n_places, self._embedding.size, -1)
        return [{"W_x": part, "b": hidden["b"][:0]} for part in parts]

    def _prepare(self, is_folded: bool, workspace: Workspace) -> Prepared:
        hidden, table = self.parameters["hidden"], self.parameters["embedding"]
        if not is_folded:
            return Prepared(self._hidden.pack(hidden), [])
        children = (workspace.child(f"place{k}") for k in range(self._n_places))
        folded = zip(self._parts_of(hidden), children, strict=True)
        return Prepared(None, [self._embedding.fold(table, part, child)["W_x"] for part, child in folded])

    def prepare(self, workspace: Workspace) -> Prepared:
        return self._prepare(not self._output.is_wide, workspace)

    def _vectors(self, places: list[Array], workspace: Workspace) -> Array:
        """(T, B, (n-1)*D)"""
        ids = self.backend.to_device(np.stack(places, axis=-1))
        return self._embedding.forward(self.parameters["embedding"], ids, workspace.child("embedding"))

    def _forward(
        self, window: Window, workspace: Workspace, dropout: DropoutKey | None, prepared: Prepared | None = None
    ) -> WindowsPassed:
        panels, tables = prepared or self._prepare(self._is_folded(window), workspace)
        parameters, child = self.parameters["hidden"], workspace.child("hidden")
        places, final = self._places(window)
        x = self._vectors(places, workspace) if self.settings.direct or panels is not None else None
        if panels is None or x is None:
            h = self._hidden.forward_folded(parameters, tables, self._on_device(places), child)
        else:
            h = self._hidden.forward(parameters, panels, x, child)
        if self.settings.direct and x is not None:
            features = workspace.array("features", (*h.shape[:2], h.shape[2] + x.shape[2]), h.dtype)
            self.backend.assign(features[:, :, : h.shape[2]], h)
            self.backend.assign(features[:, :, h.shape[2] :], x)
            h = features
        return WindowsPassed(h, final, places, x, panels is None)

    def _backward(self, part: BatchSlice, passed: WindowsPassed, dh: Array, truncate: int | None) -> tuple[None, Array | None]:
        """No error goes back through time, whatever `truncate`."""
        direct = dh[:, :, self.settings.hidden :]
        if self.settings.direct:
            dh = self._contiguous(dh[:, :, : self.settings.hidden])
        child, gradients = part.workspace.child("hidden"), part.gradients["hidden"]
        if passed.is_folded or passed.x is None:
            self._folded_backward(part, passed, dh)
            return None, self._contiguous(direct) if self.settings.direct else None
        dx = self._hidden.backward(self.parameters["hidden"], dh, passed.x, child, gradients)
        if self.settings.direct:
            self._add(dx.ravel(), self._contiguous(direct).ravel())
        return None, dx

    def _contiguous(self, x: Array) -> Array:
        """A copy."""
        copied = self.backend.empty(x.shape, x.dtype)
        self.backend.assign(copied, x)
        return copied

    def _on_device(self, places: list[Array]) -> list[Array]:
        return [self.backend.to_device(np.ascontiguousarray(place)) for place in places]

    def _folded_backward(self, part: BatchSlice, passed: WindowsPassed, dh: Array) -> None:
        table, gradients = self.parameters["embedding"], part.gradients
        weights, dweights = (self._parts_of(tensors) for tensors in (self.parameters["hidden"], gradients["hidden"]))
        children = [part.workspace.child(f"place{k}") for k in range(self._n_places)]
        dtables = [self._embedding.folded_gradients(dw, child)["W_x"] for dw, child in zip(dweights, children, strict=True)]
        places, child = self._on_device(passed.places), part.workspace.child("hidden")
        self._hidden.backward_folded(dh, places, child, gradients["hidden"], dtables)
        for w, dw, child in zip(weights, dweights, children, strict=True):
            self._embedding.unfold(table, w, child, gradients["embedding"], dw)

    # A language model

    def advance(self, state: State, tokens: Array) -> tuple[State, Array]:
        if self._output_panels is None:
            self._output_panels = self._output.pack(self.parameters["output"])
        ids = self.backend.to_device(np.ascontiguousarray(tokens)[None])
        window = Window(ids, ids, np.ones(len(tokens), np.int64), self.backend.to_device(state))
        passed = self._forward(window, self.workspace(), None, self._prepare_once())
        log_p = self._output.log_p(self.parameters["output"], self._output_panels, passed.h[0])
        return self.backend.to_host(passed.final), self.backend.to_host(log_p)

    def trace(self, ids: Array) -> dict[str, Array]:
        """ids (T,) -> {"hidden.h": (T, H)}."""
        workspace, column = self.workspace(), self.backend.to_device(np.ascontiguousarray(ids)[:, None])
        state = self.backend.to_device(self.zero_state(1))
        self._forward(Window(column, column, np.array([len(ids)]), state), workspace, None)
        return {"hidden.h": self.backend.to_host(workspace.child("hidden")["h"])[:, 0].copy()}
