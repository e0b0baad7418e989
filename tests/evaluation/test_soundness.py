"""Deviations that are put into a model are found, and none where there is none."""

import numpy as np
import pytest

from seqterm.evaluation.soundness import deviations, drawn, taken
from tests.evaluation.bigrams import Bigrams

SOUND = [[0.5, 0.5, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0, 1.0]]
FIRST = [0.5, 0.25, 0.25]


def random():
    return np.random.default_rng(1)


@pytest.mark.parametrize("start_token", [None, 1])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 3.5e-4), (np.float64, 1.5e-8)])
def test_a_sound_model_deviates_by_rounding_alone(start_token, dtype, tolerance):
    found = deviations(Bigrams(SOUND, FIRST, start_token, dtype), drawn(random()), 20, 10)
    assert found.sum < np.finfo(dtype).eps * 4
    assert found.step == 0
    assert found.tolerance == pytest.approx(tolerance, rel=0.02)


def test_the_largest_sum_is_found_wherever_it_stands():
    """After a token that is drawn now and then; at the start; after the last token."""
    odd = [[0.5, 0.5, 0.0], [0.25, 0.5, 0.28], [0.0, 0.0, 1.0]]
    assert deviations(Bigrams(odd, FIRST), drawn(random()), 20, 10).sum == pytest.approx(0.03, rel=1e-9)
    assert deviations(Bigrams(SOUND, [0.5, 0.25, 0.2]), drawn(random()), 20, 10).sum == pytest.approx(0.05, rel=1e-9)
    last = Bigrams([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.1, 0.1, 0.9]], [0.0, 0.0, 1.0])
    assert deviations(last, drawn(random()), 1, 1).sum == pytest.approx(0.1, rel=1e-9)


@pytest.mark.parametrize("start_token", [None, 1])
def test_a_score_that_is_not_what_stepping_says_is_found(start_token):
    class Other(Bigrams):
        def score(self, state, ids, targets):
            state, log_p = super().score(state, ids, targets)
            return state, log_p + np.where((ids == 1) & (targets == 0), 0.01, 0.0)

    assert deviations(Other(SOUND, FIRST, start_token), drawn(random()), 20, 10).step == pytest.approx(
        0.01 / (np.log(4) - 0.01), rel=1e-9
    )


def test_what_both_say_is_impossible_is_no_difference_and_what_one_says_is():
    ids = np.array([0, 2, 1, 0])
    assert deviations(Bigrams(SOUND, FIRST), taken(ids, 3, 4, random()), 3, 4).step == 0

    class Other(Bigrams):
        def score(self, state, ids, targets):
            state, log_p = super().score(state, ids, targets)
            return state, np.maximum(log_p, -5.0)

    assert deviations(Other(SOUND, FIRST), taken(ids, 3, 4, random()), 3, 4).step == np.inf


def test_numbers_that_are_none_are_no_small_deviation():
    found = deviations(Bigrams([[0.5, 0.5, 0.0], [np.nan, 0.5, 0.5], [0.0, 0.0, 1.0]], FIRST), drawn(random()), 20, 10)
    assert not found.sum <= 1
    assert not found.step <= 1


def test_contexts_are_drawn_as_the_model_says():
    """Never what is impossible, the others in proportion."""
    choose = drawn(random())
    tokens = choose(0, np.log(np.tile([0.25, 1e-300, 0.75], (4000, 1))))
    assert set(tokens) == {0, 2}
    assert np.mean(tokens == 0) == pytest.approx(0.25, rel=0, abs=0.03)


def test_contexts_are_stretches_of_a_text():
    ids = np.arange(50) * 3
    choose = taken(ids, 2000, 10, random())
    steps = np.array([choose(place, np.zeros((2000, 1))) for place in range(10)])
    np.testing.assert_array_equal(np.diff(steps, axis=0), 3)
    assert set(steps[0]) == set(ids[:41])
