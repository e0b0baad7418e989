"""Updates of models of so many tokens that threads share out the vocabulary, and a batch names few of them."""

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.layers import softmax
from seqterm.text.stream import Batch
from seqterm.training.settings import OPTIMIZERS, TrainingSettings
from seqterm.training.update import Updater
from tests.models.networks import BACKEND, INPUTS, network

V, BATCH, STEPS = softmax.WIDE + 4, 5, 6
PLAIN = {"optimizer": "sgd", "batch": BATCH, "steps": STEPS, "clip_norm": None, "threads": 2}
FORMS = {**INPUTS, "tied": {"embedding": 32, "tied": True}}


def text(seed):
    """Of some 30 tokens, others for every seed."""
    random = np.random.default_rng(seed)
    ids = random.choice(random.choice(V, 30, replace=False), (STEPS + 1, BATCH))
    return Batch(ids[:-1], ids[1:], np.full(BATCH, STEPS), False)


def wide_network(form="embedding", precision="float64", backend=BACKEND, **values):
    options = {**FORMS[form], **values}
    return network("lstm", scale=0.3, vocabulary_size=V, backend=backend, hidden=32, precision=precision, **options)


def updated(form="embedding", n_updates=3, rate=0.5, model=None, texts=None, **values):
    """-> the parameters after some updates, the updater, all that the updates said."""
    model = model or wide_network(form)
    updater = Updater(model, TrainingSettings(**{**PLAIN, **values}))
    said = [updater.update(text(seed), rate, step) for step, seed in enumerate(texts or range(n_updates))]
    return model.flat, updater, said


def in_narrow(monkeypatch, *arguments, **values):
    """As `updated`, of a model that is told that its vocabulary is narrow."""
    with monkeypatch.context() as patch:
        patch.setattr(softmax, "WIDE", V + 1)
        return updated(*arguments, **values)


OPTIONS = {
    "plain": {},
    "truncated": {"bptt_truncate": 2},
    "clipped": {"clip_norm": 0.01},
    "clipped by value": {"clip_value": 1e-4},
    "sum": {"loss_reduction": "sum"},
    "momentum": {"momentum": 0.9},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("form", FORMS)
def test_sgd_equals_that_of_a_narrow_vocabulary(form, options, monkeypatch):
    wide, updater, said = updated(form, **options)
    narrow, other, wanted = in_narrow(monkeypatch, form, **options)
    np.testing.assert_allclose(wide, narrow, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(updater.state, other.state, rtol=1e-10, atol=1e-13)
    for one, two in zip(said, wanted, strict=True):
        assert one[:2] == pytest.approx(two[:2], rel=1e-11)
        assert one[2:] == two[2:]


@pytest.mark.parametrize("optimizer", sorted(set(OPTIMIZERS) - {"sgd"}))
def test_rules_that_keep_moments_equal_those_of_a_narrow_vocabulary(optimizer, monkeypatch):
    """Rows that a batch does not name are updated by what is kept of them."""
    values = {"optimizer": optimizer, "rate": 0.01, "epsilon": 1e-3}
    wide, narrow = updated(**values)[0], in_narrow(monkeypatch, **values)[0]
    np.testing.assert_allclose(wide, narrow, rtol=1e-9, atol=1e-12)


def test_rows_that_no_batch_names_stay_with_sgd():
    model = wide_network()
    before = model.parameters["embedding"]["table"].copy()
    updated(model=model)
    changed = np.flatnonzero((model.parameters["embedding"]["table"] != before).any(1))
    np.testing.assert_array_equal(changed, np.unique([text(seed).ids for seed in range(3)]))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("form", FORMS)
def test_a_repeated_training_has_the_same_bits(form, optimizer, threads):
    def train():
        model = wide_network(form, "float32", dropout=0.3)
        return updated(model=model, optimizer=optimizer, threads=threads, rate=0.01, n_updates=4)

    (one, updater_one, said_one), (two, updater_two, said_two) = train(), train()
    assert said_one == said_two
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(updater_one.state, updater_two.state)


@pytest.mark.parametrize("cores", [1, 3])
@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_slices_and_threads_change_no_more_than_rounding(threads, cores):
    one, _, _ = updated(threads=1)
    many, _, _ = updated(model=wide_network(backend=CPU(cores)), threads=threads)
    np.testing.assert_allclose(many, one, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_update_that_is_not_finite_touches_nothing_and_leaves_nothing_behind(bad, optimizer):
    """Neither in what it should have updated nor in the updates that follow."""
    values = {"optimizer": optimizer, "rate": 0.01}
    model = wide_network()
    flat, updater, _ = updated(model=model, **values)
    before, state, weight = flat.copy(), updater.state.copy(), flat[-1]
    model.flat[-1] = bad
    assert not updater.update(text(17), 0.01, 3).finite
    model.flat[-1] = weight
    np.testing.assert_array_equal(model.flat, before)
    np.testing.assert_array_equal(updater.state, state)
    updater.update(text(3), 0.01, 3)
    np.testing.assert_array_equal(model.flat, updated(n_updates=4, **values)[0])


@pytest.mark.parametrize("form", FORMS)
def test_the_norm_is_that_of_all_that_changes(form):
    model = wide_network(form)
    before = model.flat.copy()
    _, _, (said,) = updated(model=model, n_updates=1, rate=1.0)
    assert np.linalg.norm(model.flat - before) == pytest.approx(said.norm, rel=1e-10)
