"""One update of the parameters: batch slices, reduction, clipping, carried state, numbers that are not finite."""

import numpy as np
import pytest

from seqterm.text.stream import Batch
from seqterm.training.settings import TrainingSettings
from seqterm.training.update import Updater
from tests.models.networks import CELLS, network

BATCH, STEPS = 5, 6
PLAIN = {"optimizer": "sgd", "batch": BATCH, "steps": STEPS, "clip_norm": None, "threads": 2}


def text(seed=0, n_steps=STEPS):
    ids = np.random.default_rng(seed).integers(0, 5, (n_steps + 1, BATCH))
    return Batch(ids[:-1], ids[1:], np.full(BATCH, n_steps), False)


def updated(cell="lstm", n_updates=1, rate=0.1, form=None, **values):
    """A model after some updates, its updater, what the last one said, and how far the parameters went."""
    model = network(cell, **(form or {}))
    updater, before = Updater(model, TrainingSettings(**{**PLAIN, **values})), model.flat.copy()
    for step in range(n_updates):
        update = updater.update(text(step), rate, step)
    return model, updater, update, model.flat - before


@pytest.mark.parametrize("values", [{}, {"bptt_truncate": 2}, {"form": {"dropout": 0.5}}], ids=["plain", "truncated", "dropout"])
@pytest.mark.parametrize("threads", [2, 3, 5])
@pytest.mark.parametrize("cell", CELLS)
def test_the_number_of_slices_changes_no_more_than_rounding(cell, threads, values):
    _, one, update_one, change_one = updated(cell, threads=1, **values)
    _, many, update_many, change_many = updated(cell, threads=threads, **values)
    np.testing.assert_allclose(change_many, change_one, rtol=1e-5, atol=1e-5 * np.abs(change_one).max())
    np.testing.assert_allclose(many.state, one.state, rtol=1e-6, atol=1e-7)
    assert update_many.loss == pytest.approx(update_one.loss, rel=1e-6)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_a_repeated_training_has_the_same_bits(cell, threads):
    values = {"n_updates": 8, "threads": threads, "optimizer": "adam", "form": {"dropout": 0.3}}
    (one, updater_one, last_one, _), (two, updater_two, last_two, _) = (updated(cell, **values) for _ in range(2))
    assert last_one == last_two
    np.testing.assert_array_equal(one.flat, two.flat)
    np.testing.assert_array_equal(updater_one.state, updater_two.state)


def test_more_threads_than_rows_make_a_slice_a_row():
    _, _, _, few = updated(threads=BATCH)
    _, _, _, many = updated(threads=50)
    np.testing.assert_array_equal(few, many)


@pytest.mark.parametrize("cell", CELLS)
def test_sgd_goes_down_the_gradient_of_the_mean_loss(cell):
    """The loss of an update, in float64, differentiated along the step that the update takes."""
    form = {"precision": "float64"}
    rate = 1e-6
    model, _, update, change = updated(cell, rate=rate, form=form)
    again = Updater(model, TrainingSettings(**PLAIN)).update(text(), 0.0, 0)
    assert again.loss - update.loss == pytest.approx(-rate * update.norm**2, rel=1e-3)
    assert np.linalg.norm(change) == pytest.approx(rate * update.norm, rel=1e-6)


def test_adams_first_step_has_the_length_of_its_rate():
    """With its means corrected for their start at zero, that of a first update is the gradient itself."""
    _, _, _, gradient = updated(rate=1.0)
    _, _, _, change = updated(rate=0.01, optimizer="adam")
    large = np.abs(gradient) > 1e-4
    assert large.sum() > 50
    np.testing.assert_allclose(change[large], 0.01 * np.sign(gradient[large]), rtol=1e-3, atol=0)


def test_sum_over_time_is_t_times_the_mean():
    _, _, mean_update, mean = updated(loss_reduction="mean")
    _, _, sum_update, total = updated(loss_reduction="sum")
    assert sum_update.loss == mean_update.loss
    assert sum_update.norm == pytest.approx(STEPS * mean_update.norm, rel=1e-5)
    np.testing.assert_allclose(total, STEPS * mean, rtol=1e-4, atol=1e-6)


def test_loss_is_nats_a_token_as_score_has_them():
    model = network("lstm")
    batch = text()
    ids, targets = batch.ids, batch.targets
    _, log_p = model.score(model.zero_state(BATCH), ids, targets)
    assert updated()[2].loss == pytest.approx(-log_p.mean(), rel=1e-5)


def test_a_gradient_longer_than_the_clip_norm_is_shortened_to_it():
    _, _, free, whole = updated(rate=1.0)
    limit = free.norm / 3
    _, _, clipped, change = updated(rate=1.0, clip_norm=limit)
    assert clipped.norm == free.norm
    assert np.linalg.norm(change) == pytest.approx(limit, rel=1e-4)
    np.testing.assert_allclose(change, whole / 3, rtol=1e-3, atol=1e-6)


def test_a_gradient_shorter_than_the_clip_norm_stays():
    _, _, free, whole = updated()
    np.testing.assert_array_equal(updated(clip_norm=free.norm * 1.01)[3], whole)
    np.testing.assert_array_equal(updated(clip_norm=0.0)[3], whole)


def test_clip_value_limits_each_element_alone():
    _, _, _, whole = updated(rate=1.0)
    limit = float(np.median(np.abs(whole)))
    _, _, _, change = updated(rate=1.0, clip_value=limit)
    np.testing.assert_allclose(change, np.clip(whole, -limit, limit), rtol=1e-3, atol=1e-6)


def test_the_state_is_carried_from_window_to_window():
    model = network("lstm")
    updater = Updater(model, TrainingSettings(**PLAIN))
    ids = np.random.default_rng(8).integers(0, 5, (2 * STEPS + 1, BATCH))
    for step in range(2):
        window = slice(step * STEPS, (step + 1) * STEPS)
        updater.update(Batch(ids[:-1][window], ids[1:][window], np.full(BATCH, STEPS), False), 0.0, step)
    state, _ = model.score(model.zero_state(BATCH), ids[:-1], ids[1:])
    np.testing.assert_allclose(updater.state, state, rtol=1e-5, atol=1e-6)
    assert np.abs(updater.state).max() > 0.01


def test_dropout_depends_on_seed_and_step():
    changes = [updated(form={"dropout": 0.5}, seed=seed)[3] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(changes[0], changes[1])
    assert not np.array_equal(changes[0], changes[2])
    model = network("lstm", dropout=0.5)
    updater = Updater(model, TrainingSettings(**PLAIN))
    losses = []
    for step in (0, 1, 0):
        updater.state[...] = 0
        losses.append(updater.update(text(), 0.0, step).loss)
    assert losses[0] == losses[2] != losses[1]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_update_that_is_not_finite_touches_nothing(bad, optimizer):
    model, updater, _, _ = updated(n_updates=2, optimizer=optimizer)
    model.parameters["output"]["b"][0] = bad
    flat, state = model.flat.copy(), updater.state.copy()
    kept = {name: vector.copy() for name, vector in updater.optimiser.kept.items()}
    assert not updater.update(text(), 0.1, 2).finite
    np.testing.assert_array_equal(model.flat, flat)
    np.testing.assert_array_equal(updater.state, state)
    for name, vector in updater.optimiser.kept.items():
        np.testing.assert_array_equal(vector, kept[name])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("threads", [1, 3])
def test_an_update_that_is_not_finite_leaves_nothing_to_the_next(threads, optimizer):
    values = {"optimizer": optimizer, "threads": threads}
    model, updater, _, _ = updated(n_updates=2, **values)
    bias = model.parameters["output"]["b"]
    kept, bias[0] = bias[0], np.nan
    assert not updater.update(text(7), 0.1, 2).finite
    bias[0] = kept
    updater.update(text(2), 0.1, 2)
    np.testing.assert_array_equal(model.flat, updated(n_updates=3, **values)[0].flat)


def test_numbers_that_overflow_are_not_finite():
    model = network("elman-relu", scale=1e18)
    update = Updater(model, TrainingSettings(**PLAIN)).update(text(), 0.1, 0)
    assert not update.finite
