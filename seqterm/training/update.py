"""One update of the parameters from one window of text, its batch split over threads."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from seqterm.layers.dropout import DropoutKey
from seqterm.models.base import State
from seqterm.models.network import BatchSlice, Window
from seqterm.models.network_model import NetworkModel
from seqterm.text.stream import Batch
from seqterm.training.gradient import Gradient
from seqterm.training.optimiser import Optimiser
from seqterm.training.settings import TrainingSettings

DROPOUT = 1  # the purpose of a random key


class Update(NamedTuple):
    """loss in nats a token; norm before clipping; whether both are finite, so that they were applied; tokens predicted; where
    it was asked for, the norm of each layer's part."""

    loss: float
    norm: float
    finite: bool
    tokens: int
    layer_norms: dict[str, float]


class Updater:
    """Batch slices, each with gradients and a workspace of its own; their gradients are added in order."""

    def __init__(self, model: NetworkModel, settings: TrainingSettings):
        self._model, self._settings = model, settings
        self.optimiser = Optimiser(settings, model.flat, model.backend)
        backend = model.backend
        backend.set_matmul(settings.matmul)
        n_slices = min(settings.threads or backend.threads, settings.batch) if backend.on_host else 1
        bounds = np.cumsum([0, *map(len, np.array_split(np.arange(settings.batch), n_slices))]).tolist()
        self._slices = [slice(*pair) for pair in pairwise(bounds)]
        self._gradient = Gradient(model, n_slices)
        self._workspaces = [model.workspace() for _ in self._slices]
        random = backend.kernels("random")
        self._dropout_key = random.derive_key(settings.seed, DROPOUT)
        self._derive_key = random.derive_key
        self._state = backend.to_device(model.zero_state(settings.batch))
        self._last: Batch | None = None

    @property
    def state(self) -> State:
        """What the next window begins with, as numpy's."""
        return self._model.backend.to_host(self._state)

    @state.setter
    def state(self, state: State) -> None:
        self._state = self._model.backend.to_device(state)

    def update(self, batch: Batch, rate: float, step: int, by_layer: bool = False) -> Update:
        """step counts from 0; by_layer: say the layers' norms too.  Carries `state` on; leaves everything as it was if a number
        is not finite."""
        n_targets = int(np.count_nonzero(batch.targets >= 0))
        scale = 1.0 / (n_targets if self._settings.loss_reduction == "mean" else self._settings.batch)
        state = self._model.backend.to_device(self._model.zero_state(self._settings.batch)) if batch.first else self._state
        try:
            done = self._model.gradients(self._batch_slices(batch, state, step), scale, self._settings.bptt_truncate)
        except BaseException:
            self._gradient.clear()  # whatever came between, the next update adds to zeros
            raise
        loss = -sum(log_p for log_p, _, _ in done) / n_targets
        norm = self._gradient.gather(self._model.ids_read(batch.ids, state))
        finite = bool(np.isfinite(loss) and np.isfinite(norm))
        self._last = batch
        layer_norms = self._gradient.layer_norms() if by_layer and finite else {}
        if finite:
            self.optimiser.apply(self._gradient, norm, rate, step + 1)
            self._model.changed()
            finals = [final for _, final, _ in done]
            self._state = finals[0] if len(finals) == 1 else np.concatenate(finals)
        else:
            self._gradient.clear()
        return Update(loss, norm, finite, n_targets, layer_norms)

    def _batch_slices(self, batch: Batch, state: State, step: int) -> list[BatchSlice]:
        key, to_device = self._derive_key(self._dropout_key, step), self._model.backend.to_device
        slices = []
        for rows, gradients, workspace in zip(self._slices, self._gradient.views, self._workspaces, strict=True):
            lengths = batch.lengths[rows]
            ids, targets = (to_device(np.ascontiguousarray(x[: lengths.max(), rows])) for x in (batch.ids, batch.targets))
            window = Window(ids, targets, lengths, state[rows])
            slices.append(
                BatchSlice(window, gradients, workspace, DropoutKey(key, rows.start) if self._model.drops_out else None)
            )
        return slices

    def is_sound(self) -> bool:
        """Whether the parameters, as the last update left them, give finite losses on what they were updated from."""
        if self._last is None:
            return True
        state, log_p = self._model.score(self._model.zero_state(self._last.ids.shape[1]), self._last.ids, self._last.targets)
        return bool(np.isfinite(log_p).all() and np.isfinite(state).all() and np.isfinite(self.state).all())
