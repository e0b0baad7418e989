"""Hidden Markov models: what they learn, whatever the number of threads, and what they do where nothing is to be learned."""

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.errors import DataError
from seqterm.models.hmm import Sequences, criteria, normalised
from tests.models.hidden import BACKEND, NO_PRIORS, categorical, each, gaussian, numbers, tokens
from tests.naive import hmm as naive

KINDS = {"categorical": (categorical, tokens), "gaussian": (gaussian, numbers)}
EACH_KIND = pytest.mark.parametrize("kind", KINDS)
SOME_PRIORS = SimpleNamespace(prior_initial=0.5, prior_transition=0.25, prior_emission=2.0)


def prepared(kind, lengths=(30, 1, 50, 7), **details):
    make, draw = KINDS[kind]
    model = make(**details)
    model.prepare(draw(lengths))
    return model


def test_an_iteration_equals_going_through_every_path():
    model = categorical(states=2, size=3)
    ids = np.array([0, 2, 1, 1, 0, 2, 2], np.int32)
    wanted = naive.reestimated(ids, model.initial.copy(), model.transition.copy(), model.emission.copy())
    model.prepare(Sequences(ids, np.array([0, 7])))
    model.maximise(model.expect(), NO_PRIORS)
    for name, array in zip(("initial", "transition", "emission"), wanted, strict=True):
        np.testing.assert_allclose(model.tensors()[name], array, rtol=1e-12, atol=1e-14, err_msg=name)


def test_pseudo_counts_are_added_to_every_count():
    model = categorical(states=2, size=4, start_token=1)
    ids = np.array([0, 2, 3, 3, 0], np.int32)
    model.prepare(Sequences(ids, np.array([0, 5])))
    problem = ids, model.initial.copy(), model.transition.copy(), naive.categorical(model.emission.copy())
    gamma, steps = np.array(naive.smoothed(*problem)), np.array(naive.transitions(*problem))
    emitted = np.array([gamma[ids == v].sum(axis=0) + 2.0 * (v != 1) for v in range(4)]).T
    model.maximise(model.expect(), SOME_PRIORS)
    np.testing.assert_allclose(model.initial, (gamma[0] + 0.5) / 2, rtol=1e-12, atol=0)
    np.testing.assert_allclose(model.transition, (steps + 0.25) / (steps + 0.25).sum(axis=1, keepdims=True), rtol=1e-12, atol=0)
    np.testing.assert_allclose(model.emission, emitted / emitted.sum(axis=1, keepdims=True), rtol=1e-12, atol=0)
    assert (model.emission[:, 1] == 0).all()


def test_a_pseudo_count_of_numbers_is_rows_distributed_as_all_are():
    """Weighted means and variances, written out: the expected rows, and two more with the mean and variance of all."""
    model = prepared("gaussian", lengths=(6,), states=2)
    rows = model._sequences.observations
    gamma = np.array(naive.smoothed(rows, model.initial, model.transition, naive.gaussian(model.mean, model.variance)))
    weight = gamma.sum(axis=0)[:, None] + 2.0
    mean = (gamma.T @ rows + 2.0 * rows.mean(axis=0)) / weight
    square = (gamma.T @ rows**2 + 2.0 * (rows.var(axis=0) + rows.mean(axis=0) ** 2)) / weight
    model.maximise(model.expect(), SOME_PRIORS)
    np.testing.assert_allclose(model.mean, mean, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(model.variance, square - mean**2, rtol=1e-10, atol=0)


@EACH_KIND
def test_the_likelihood_rises_with_every_iteration(kind):
    model = prepared(kind, states=4)
    found = []
    for _ in range(30):
        expected = model.expect()
        found.append(expected.log_likelihood)
        model.maximise(expected, NO_PRIORS)
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(found))
    assert found[-1] > found[0] + 1


@EACH_KIND
def test_any_number_of_threads_expects_the_same_bits(kind):
    lengths = np.random.default_rng(1).integers(0, 40, 100)
    found = [prepared(kind, lengths=lengths, backend=CPU(threads)).expect() for threads in (1, 2, 3)]
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


@EACH_KIND
@pytest.mark.parametrize("lengths", [(1,), (5,), (0, 3, 0), (100, 1, 1, 1), (3,) * 100, (1, 1000)])
def test_sums_over_slices_are_those_over_sequences(kind, lengths):
    model = prepared(kind, lengths=lengths)
    whole = model.expect()
    alone = [model.expect(Sequences(own, np.array([0, len(own)]))) for own in each(model._sequences) if len(own)]
    for i, name in enumerate(whole._fields):
        np.testing.assert_allclose(whole[i], sum(one[i] for one in alone), rtol=1e-11, atol=1e-11, err_msg=name)


@EACH_KIND
def test_first_parameters_are_distributions_and_depend_on_the_seed(kind):
    found = []
    for seed in (1, 2):
        model = prepared(kind, states=5)
        model.initialise(np.random.default_rng(seed))
        found.append({name: tensor.copy() for name, tensor in model.tensors().items()})
        np.testing.assert_allclose([model.initial.sum(), *model.transition.sum(axis=1)], 1, rtol=1e-12, atol=0)
        assert np.isfinite(model.expect().log_likelihood)
    for name in found[0].keys() - {"variance"}:
        assert (found[0][name] != found[1][name]).any(), name


def test_no_state_begins_with_a_start_mark_or_an_absent_token():
    model = categorical(states=3, size=6, start_token=2)
    model.prepare(Sequences(np.array([0, 1, 4, 4], np.int32), np.array([0, 4])))
    model.initialise(np.random.default_rng(1))
    assert (model.emission[:, [2, 3, 5]] == 0).all()
    np.testing.assert_allclose(model.emission.sum(axis=1), 1, rtol=1e-12, atol=0)


def test_the_seeds_of_numbers_are_far_apart():
    """Three clusters: every state begins in one of its own."""
    clusters = np.repeat([[0.0], [100.0], [-100.0]], 50, axis=0) + np.random.default_rng(1).normal(size=(150, 1))
    model = gaussian(states=3, size=1)
    model.prepare(Sequences(clusters, np.array([0, 150])))
    for seed in range(5):
        model.initialise(np.random.default_rng(seed))
        assert sorted(np.round(model.mean[:, 0] / 100).tolist()) == [-1, 0, 1]


@EACH_KIND
def test_a_state_that_nothing_visits_is_dead_until_it_is_drawn_anew(kind):
    model = prepared(kind, states=3)
    model.initial[...], model.transition[:, 1] = [0.5, 0, 0.5], 0
    model.transition /= model.transition.sum(axis=1, keepdims=True)
    model.changed()
    expected = model.expect()
    assert model.dead(expected).tolist() == [1]
    model.maximise(expected, NO_PRIORS)
    assert all(np.isfinite(tensor).all() for tensor in model.tensors().values())
    model.reseed(np.array([1]), np.random.default_rng(1))
    np.testing.assert_allclose([model.initial.sum(), *model.transition.sum(axis=1)], 1, rtol=1e-12, atol=0)
    assert not len(model.dead(model.expect()))


@EACH_KIND
def test_dead_states_are_never_a_nan(kind):
    model = prepared(kind, lengths=(3,), states=20)
    model.initialise(np.random.default_rng(1))
    for _ in range(200):
        model.maximise(model.expect(), NO_PRIORS)
    assert all(np.isfinite(tensor).all() for tensor in model.tensors().values())
    assert np.isfinite(model.expect().log_likelihood)


def test_a_state_of_one_row_keeps_some_variance():
    model = gaussian(states=2, size=1)
    model.prepare(Sequences(np.array([[0.0], [0.1], [50.0]]), np.array([0, 3])))
    model.initialise(np.random.default_rng(1))
    for _ in range(50):
        model.maximise(model.expect(), NO_PRIORS)
    assert (model.variance > 0).all()
    assert np.isfinite(model.expect().log_likelihood)


def test_rows_where_nothing_was_counted_stay_as_they_are():
    found = normalised(np.array([[1.0, 3.0], [0.0, 0.0]]), np.array([[0.5, 0.5], [0.2, 0.8]]))
    assert found.tolist() == [[0.25, 0.75], [0.2, 0.8]]


def test_criteria_by_hand():
    """2 states: 1 + 2 free probabilities, and of 4 tokens that can be emitted 2 * 3: 9.  AIC = 18 + 200, BIC = 9 ln 50 + 200."""
    model = categorical(states=2, size=5, start_token=0)
    assert model.free_parameters == 9
    found = criteria(-100.0, model.free_parameters, 50)
    assert found["aic"] == 218
    assert found["bic"] == pytest.approx(9 * math.log(50) + 200, rel=1e-14)
    assert gaussian(states=3, size=2).free_parameters == 2 + 6 + 12


@EACH_KIND
def test_tensors_come_back_and_others_are_refused(kind):
    one, other = prepared(kind), prepared(kind, seed=2)
    other.load(one.tensors())
    np.testing.assert_array_equal(one.expect().transition, other.expect().transition)
    with pytest.raises(DataError, match="does not fit the model"):
        one.load(prepared(kind, states=4).tensors())


def test_nothing_has_no_path():
    assert categorical().viterbi(np.zeros(0, np.int32)).shape == (0,)
    assert BACKEND.threads == 2
