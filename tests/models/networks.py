"""Small recurrent models in every form, for the tests beside this file."""

import numpy as np

from seqterm.backends.cpu import CPU
from seqterm.models.network import BatchSlice, Window
from seqterm.models.recurrent import RecurrentModel
from seqterm.models.settings import ElmanSettings, GruSettings, LstmSettings

BACKEND = CPU(2)
CELLS = {
    "elman-tanh": (ElmanSettings, {"activation": "tanh"}),
    "elman-relu": (ElmanSettings, {"activation": "relu"}),
    "lstm": (LstmSettings, {}),
    "gru-after-keep": (GruSettings, {"reset": "after", "update_gate": "keep"}),
    "gru-after-renew": (GruSettings, {"reset": "after", "update_gate": "renew"}),
    "gru-before-keep": (GruSettings, {"reset": "before", "update_gate": "keep"}),
    "gru-before-renew": (GruSettings, {"reset": "before", "update_gate": "renew"}),
}
INPUTS = {"embedding": {"embedding": 2}, "onehot": {"input": "onehot"}, "tied": {"embedding": 3, "tied": True}}


def network(cell, seed=3, scale=0.8, vocabulary_size=5, backend=BACKEND, **values):
    """A model of two layers of three units unless told otherwise, its parameters normal numbers times `scale`."""
    settings_class, form = CELLS[cell]
    settings = settings_class(**{"hidden": 3, "layers": 2, "embedding": 2, **form, **values})
    random = np.random.default_rng(seed)
    start = random.dirichlet(np.ones(vocabulary_size))
    model = RecurrentModel(settings, np.log(start), backend)
    model.flat[:] = random.standard_normal(model.flat.size) * scale
    return model


def ragged_window(model, n_steps, lengths, seed=5):
    """Random ids, targets and first states; targets past a row's length are masked."""
    random, n_batch = np.random.default_rng(seed), len(lengths)
    ids = random.integers(0, model.vocabulary_size, (n_steps, n_batch))
    targets = random.integers(0, model.vocabulary_size, (n_steps, n_batch))
    targets[np.arange(n_steps)[:, None] >= np.array(lengths)] = -1
    state = random.standard_normal(model.zero_state(n_batch).shape).astype(model.dtype) * model.dtype.type(0.7)
    return Window(ids, targets, np.array(lengths), state)


def add_gradients(model, window, flat, workspace=None, scale=1.0, dropout=None, truncate=None):
    """Adds the gradients of one slice to `flat` (P,) -> log p, the final state, the gradient of the first state."""
    part = BatchSlice(window, model.views(flat), workspace or model.workspace(), dropout)
    return model.gradients([part], scale, truncate)[0]


def gradients(model, window, scale=1.0, **options):
    """-> {layer: {tensor: gradient}}, the same as one flat vector, the gradient of the first state, log p, the final state."""
    flat = np.zeros_like(model.flat)
    log_p, final, dstate = add_gradients(model, window, flat, scale=scale, **options)
    return model.views(flat), flat, dstate, log_p, final
