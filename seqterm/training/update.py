"""One update of the parameters from one window of text, its batch split over threads."""

from typing import NamedTuple

import numpy as np

from seqterm.backends.base import Array
from seqterm.layers.dropout import DropoutKey
from seqterm.models.recurrent import RecurrentModel, Window
from seqterm.training.optimiser import Optimiser
from seqterm.training.settings import TrainingSettings

DROPOUT = 1  # the purpose of a random key


class Update(NamedTuple):
    """loss in nats a token; norm of the gradient before clipping; whether both are finite, and so were applied."""

    loss: float
    norm: float
    finite: bool


class Updater:
    """Batch slices, each with gradients and a workspace of its own; their gradients are summed in a fixed tree."""

    def __init__(self, model: RecurrentModel, settings: TrainingSettings):
        self._model, self._settings = model, settings
        self.optimiser = Optimiser(settings, model.flat, model.backend)
        n_slices = min(settings.threads or model.backend.threads, settings.batch)
        self._slices = np.array_split(np.arange(settings.batch), n_slices)
        self._gradients = np.zeros((n_slices, model.flat.size), model.dtype)
        self._views = [model.views(gradient) for gradient in self._gradients]
        self._workspaces = [model.workspace() for _ in self._slices]
        self._kernels = model.backend.kernels("optimiser")
        random = model.backend.kernels("random")
        self._dropout_key = random.derive_key(settings.seed, DROPOUT)
        self._derive_key = random.derive_key
        self.state = model.zero_state(settings.batch)

    def _scale(self, n_steps: int) -> float:
        over_time = n_steps if self._settings.loss_reduction == "mean" else 1
        return 1.0 / (self._settings.batch * over_time)

    def update(self, ids: Array, targets: Array, rate: float, step: int) -> Update:
        """ids, targets (T, B); step counts from 0.  Carries `state` on; leaves everything as it was if a number is not finite."""
        scale, key = self._scale(len(ids)), self._derive_key(self._dropout_key, step)
        dropping = self._model.settings.dropout > 0.0 and self._model.settings.layers > 1

        def run(place: int) -> tuple[float, Array]:
            rows = self._slices[place]
            self._gradients[place] = 0
            lengths = np.full(len(rows), len(ids))
            window = Window(np.ascontiguousarray(ids[:, rows]), np.ascontiguousarray(targets[:, rows]), lengths, self.state[rows])
            dropout = DropoutKey(key, int(rows[0])) if dropping else None
            log_p, final, _ = self._model.gradient(
                window, scale, self._views[place], self._workspaces[place], dropout, self._settings.bptt_truncate
            )
            return log_p, final

        done = self._model.backend.map(run, range(len(self._slices)))
        self._kernels.sum_slices(self._gradients)
        loss = -sum(log_p for log_p, _ in done) / ids.size
        norm = self.optimiser.clip(self._gradients[0])
        finite = bool(np.isfinite(loss) and np.isfinite(norm))
        if finite:
            self.optimiser.apply(self._gradients[0], rate, step + 1)
            self._model.changed()
            self.state = np.concatenate([final for _, final in done])
        return Update(loss, norm, finite)
