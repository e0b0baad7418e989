"""The learning rate against closed formulas."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqterm.training.schedule import learning_rate
from seqterm.training.settings import SCHEDULES, TrainingSettings

STEPS, WINDOWS = 200, 20  # ten epochs of twenty windows


def rates(plateau_factor=1.0, **values):
    settings = TrainingSettings(**{"lr": 0.5, **values})
    return [learning_rate(settings, step, STEPS, step // WINDOWS, plateau_factor) for step in range(STEPS)]


def test_constant():
    assert rates() == [0.5] * STEPS


@pytest.mark.parametrize("every", [1, 3])
def test_step_falls_by_its_factor_every_so_many_epochs(every):
    expected = [0.5 * 0.8 ** (step // WINDOWS // every) for step in range(STEPS)]
    assert rates(schedule="step", decay=0.8, decay_every=every) == pytest.approx(expected, rel=1e-12)


def test_step_waits_for_decay_after():
    """1 for four epochs, then halved each epoch, as Zaremba et al. (2014) train their small model."""
    by_epoch = rates(schedule="step", lr=1.0, decay=0.5, decay_after=4)[::WINDOWS]
    assert by_epoch == [1, 1, 1, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64]


def test_decay_after_and_decay_every_together():
    by_epoch = rates(schedule="step", lr=1.0, decay=0.5, decay_after=2, decay_every=3)[::WINDOWS]
    assert by_epoch == [1, 1, 1 / 2, 1 / 2, 1 / 2, 1 / 4, 1 / 4, 1 / 4, 1 / 8, 1 / 8]


def test_plateau_applies_the_factor_that_training_keeps():
    assert rates(schedule="plateau", plateau_factor=0.25) == [0.125] * STEPS
    for schedule in set(SCHEDULES) - {"plateau"}:
        assert rates(schedule=schedule, plateau_factor=0.25) == rates(schedule=schedule)


def test_cosine():
    expected = [0.02 + 0.48 * (1 + math.cos(math.pi * step / STEPS)) / 2 for step in range(STEPS)]
    assert rates(schedule="cosine", final_lr=0.02) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("warm_up", [0, 50])
def test_cosine_begins_at_lr_and_ends_at_final_lr(warm_up):
    settings = TrainingSettings(lr=0.5, schedule="cosine", final_lr=0.02, warm_up=warm_up)
    assert learning_rate(settings, warm_up, STEPS, 0, 1.0) == pytest.approx(0.5, rel=1e-12)
    assert learning_rate(settings, STEPS, STEPS, 9, 1.0) == pytest.approx(0.02, rel=1e-12)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_warm_up_rises_in_a_line_to_lr(schedule):
    found = rates(schedule=schedule, warm_up=16)
    assert found[:16] == pytest.approx([0.5 * (step + 1) / 16 for step in range(16)], rel=1e-12)
    assert found[16] == pytest.approx(0.5, rel=1e-12)


def test_cosine_after_a_warm_up_runs_over_the_steps_that_are_left():
    expected = [0.5 * (1 + math.cos(math.pi * (step - 40) / (STEPS - 40))) / 2 for step in range(40, STEPS)]
    assert rates(schedule="cosine", warm_up=40)[40:] == pytest.approx(expected, rel=1e-12)


@given(
    schedule=st.sampled_from(SCHEDULES),
    warm_up=st.integers(0, 300),
    decay=st.floats(0.01, 1.0),
    decay_every=st.integers(1, 12),
    decay_after=st.integers(0, 12),
)
def test_the_rate_is_positive_and_never_above_lr_nor_rising_after_the_warm_up(schedule, warm_up, decay, decay_every, decay_after):
    found = rates(schedule=schedule, warm_up=warm_up, decay=decay, decay_every=decay_every, decay_after=decay_after)
    assert all(0 < rate <= 0.5 * (1 + 1e-12) for rate in found)
    after = found[warm_up:]
    assert all(later <= earlier for earlier, later in pairwise(after))
