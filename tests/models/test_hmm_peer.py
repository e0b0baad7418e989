"""hmmlearn's log-likelihood, best path and iteration, and ours."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from tests.models.hidden import NO_PRIORS, categorical, gaussian, numbers, tokens

peer = pytest.importorskip("hmmlearn.hmm")
LENGTHS = (300, 1, 40, 2000)
SIZES = [1, 2, 7, 32]
PARAMETERS = {"rtol": 1e-8, "atol": 1e-12}


@pytest.fixture(autouse=True)
def silent():
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)


def as_theirs(model, **details):
    """hmmlearn's model with the same parameters, of which one fit is one iteration without priors."""
    common = {"n_components": model.settings.states, "n_iter": 1, "init_params": "", "tol": -np.inf, "implementation": "scaling"}
    if hasattr(model, "emission"):
        theirs = peer.CategoricalHMM(**common, n_features=model.vocabulary_size)
        theirs.emissionprob_ = model.emission.copy()
    else:
        nothing = {"min_covar": 0.0, "covars_prior": 0.0, "covars_weight": 1.0}
        theirs = peer.GaussianHMM(**common, covariance_type="diag", **nothing)
        theirs.n_features = model.mean.shape[1]
        theirs.means_, theirs.covars_ = model.mean.copy(), model.variance.copy()
    theirs.startprob_, theirs.transmat_ = model.initial.copy(), model.transition.copy()
    return theirs


def observed(sequences):
    values = sequences.observations
    return values[:, None] if values.ndim == 1 else values


def problems(n_states):
    yield categorical(n_states, 65), tokens(LENGTHS, 65)
    yield gaussian(n_states, 3), numbers(LENGTHS, 3)


@pytest.mark.parametrize("n_states", SIZES)
def test_log_likelihood(n_states):
    for model, sequences in problems(n_states):
        theirs = as_theirs(model).score(observed(sequences), LENGTHS)
        assert model.expect(sequences).log_likelihood == pytest.approx(theirs, rel=1e-8)


@pytest.mark.parametrize("n_states", SIZES)
def test_best_path_and_posteriors(n_states):
    for model, sequences in problems(n_states):
        theirs, rows = as_theirs(model), observed(sequences)
        own = np.split(sequences.observations, sequences.bounds[1:-1])
        path = np.concatenate([model.viterbi(part) for part in own])
        np.testing.assert_array_equal(path, theirs.decode(rows, LENGTHS)[1])
        smoothed = np.concatenate([model.posteriors(part)[1] for part in own])
        np.testing.assert_allclose(smoothed, theirs.predict_proba(rows, LENGTHS), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("n_states", SIZES)
def test_an_iteration_of_tokens(n_states):
    model, sequences = categorical(n_states, 65), tokens(LENGTHS, 65)
    theirs = as_theirs(model).fit(observed(sequences), LENGTHS)
    model.prepare(sequences)
    model.maximise(model.expect(), NO_PRIORS)
    np.testing.assert_allclose(model.initial, theirs.startprob_, **PARAMETERS)
    np.testing.assert_allclose(model.transition, theirs.transmat_, **PARAMETERS)
    np.testing.assert_allclose(model.emission, theirs.emissionprob_, **PARAMETERS)


@pytest.mark.parametrize("n_states", SIZES)
def test_an_iteration_of_numbers(n_states):
    model, sequences = gaussian(n_states, 3), numbers(LENGTHS, 3)
    theirs = as_theirs(model).fit(observed(sequences), LENGTHS)
    model.prepare(sequences)
    model.maximise(model.expect(), NO_PRIORS)
    np.testing.assert_allclose(model.transition, theirs.transmat_, **PARAMETERS)
    np.testing.assert_allclose(model.mean, theirs.means_, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(model.variance, theirs.covars_.diagonal(axis1=1, axis2=2), rtol=1e-8, atol=0)


def test_pseudo_counts_are_the_priors_less_one():
    model, sequences = categorical(5, 9), tokens(LENGTHS, 9)
    theirs = as_theirs(model)
    theirs.startprob_prior, theirs.transmat_prior, theirs.emissionprob_prior = 1.5, 2.0, 1.25
    theirs.fit(observed(sequences), LENGTHS)
    model.prepare(sequences)
    model.maximise(model.expect(), SimpleNamespace(prior_initial=0.5, prior_transition=1.0, prior_emission=0.25))
    np.testing.assert_allclose(model.initial, theirs.startprob_, **PARAMETERS)
    np.testing.assert_allclose(model.transition, theirs.transmat_, **PARAMETERS)
    np.testing.assert_allclose(model.emission, theirs.emissionprob_, **PARAMETERS)
