"""Hidden Markov models for tests."""

from types import SimpleNamespace

import numpy as np

from seqterm.backends.cpu import CPU
from seqterm.models.categorical_hmm import CategoricalHmm
from seqterm.models.gaussian_hmm import GaussianHmm
from seqterm.models.hmm import Sequences
from seqterm.models.hmm_settings import HmmSettings

BACKEND = CPU(2)
NO_PRIORS = SimpleNamespace(prior_initial=0.0, prior_transition=0.0, prior_emission=0.0)


def categorical(states=3, size=5, seed=1, start_token=None, backend=BACKEND):
    """Every row drawn at random; a start token is never emitted."""
    random = np.random.default_rng(seed)
    model = CategoricalHmm(HmmSettings(states=states), size, backend, start_token)
    model.initial[...] = random.dirichlet(np.ones(states))
    model.transition[...] = random.dirichlet(np.ones(states), states)
    emitted = np.arange(size) != start_token
    model.emission[:, emitted] = random.dirichlet(np.ones(emitted.sum()), states)
    model.changed()
    return model


def gaussian(states=3, size=2, seed=1, backend=BACKEND):
    random = np.random.default_rng(seed)
    columns = tuple(f"x{d}" for d in range(size))
    model = GaussianHmm(HmmSettings(states=states, emission="gaussian", column=columns), backend)
    model.initial[...] = random.dirichlet(np.ones(states))
    model.transition[...] = random.dirichlet(np.ones(states), states)
    model.mean[...], model.variance[...] = random.normal(size=(states, size)), random.uniform(0.3, 2.0, (states, size))
    model.changed()
    return model


def tokens(lengths, size=5, seed=1):
    """Sequences of such lengths of random ids."""
    ids = np.random.default_rng(seed).integers(0, size, sum(lengths)).astype(np.int32)
    return Sequences(ids, np.cumsum([0, *lengths]))


def numbers(lengths, size=2, seed=1):
    return Sequences(np.random.default_rng(seed).normal(size=(sum(lengths), size)), np.cumsum([0, *lengths]))


def each(sequences):
    """The observations of every sequence."""
    return np.split(sequences.observations, sequences.bounds[1:-1])
