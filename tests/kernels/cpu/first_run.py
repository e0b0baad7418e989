"""What the test of first runs compares: python -m tests.kernels.cpu.first_run prints what a few updates of small models leave."""

import hashlib

import numpy as np

from seqterm.backends.cpu import CPU
from seqterm.models.recurrent import RecurrentModel
from seqterm.models.settings import ElmanSettings, GruSettings, LstmSettings
from seqterm.text.stream import Batch
from seqterm.training.settings import TrainingSettings
from seqterm.training.update import Updater

MODELS = {
    "gru after": GruSettings(hidden=24, layers=2, dropout=0.3),
    "gru before": GruSettings(hidden=24, layers=2, dropout=0.3, reset="before"),
    "lstm": LstmSettings(hidden=24, layers=2, dropout=0.3),
    "elman": ElmanSettings(hidden=24, layers=2, dropout=0.3),
}
V, T, B = 30, 16, 8


def trained(settings, backend):
    """A digest of the weights after a few updates."""
    model = RecurrentModel(settings, np.full(V, -np.log(V)), backend)
    model.initialise(np.random.default_rng(0))
    updater, random = Updater(model, TrainingSettings(batch=B, steps=T, threads=2)), np.random.default_rng(1)
    for step in range(4):
        ids = random.integers(0, V, (T + 1, B))
        updater.update(Batch(ids[:-1], ids[1:], np.full(B, T), step == 0), 1e-2, step)
    return hashlib.sha256(model.flat.tobytes()).hexdigest()


if __name__ == "__main__":
    for name, settings in MODELS.items():
        print(name, trained(settings, CPU(2)))
