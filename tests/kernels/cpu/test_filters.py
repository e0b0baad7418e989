"""Filters and the draw, as properties of any distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.kernels.cpu import filters

EXAMPLES = settings(deadline=None, max_examples=200)
# Few different values make ties; powers of two make every sum exact.
tied = st.lists(st.sampled_from([0.125, 0.25, 0.5, 1.0, 2.0]), min_size=1, max_size=30)
untied = st.lists(st.integers(1, 10**6), min_size=1, max_size=30, unique=True).map(lambda numbers: [n / 1e6 for n in numbers])
weights = st.one_of(tied, untied).map(np.array)
uniforms = st.floats(0.0, 1.0, exclude_max=True)


def kept_by(keep, p, setting):
    after = p.copy()
    keep(after, setting)
    kept = after > 0
    np.testing.assert_array_equal(after[kept], p[kept])  # what stays is unchanged
    np.testing.assert_array_equal(after[~kept], 0)
    return kept


def are_most_probable(p, kept):
    return kept.all() or p[kept].min() >= p[~kept].max()


def draw(log_p, u=0.5, seen=None, greedy=False, temperature=1.0, k=0, p=1.0, minimum=0.0, penalty=1.0, equal=False):
    seen = np.zeros(len(log_p), np.bool_) if seen is None else seen
    return filters.draw_token(log_p, seen, np.zeros(len(log_p), np.bool_), greedy, temperature, k, p, minimum, penalty, equal, u)


@given(p=weights, k=st.integers(1, 40))
@EXAMPLES
def test_top_k_keeps_exactly_k_and_the_most_probable(p, k):
    kept = kept_by(filters.keep_top_k, p, k)
    assert kept.sum() == min(k, len(p))
    assert are_most_probable(p, kept)


def test_of_equals_top_k_keeps_the_earlier():
    np.testing.assert_array_equal(kept_by(filters.keep_top_k, np.array([1.0, 2.0, 1.0, 2.0, 1.0]), 3), [1, 1, 0, 1, 0])


@given(p=weights, mass=st.floats(0.01, 0.99))
@EXAMPLES
def test_top_p_keeps_the_fewest_that_hold_the_mass(p, mass):
    kept = kept_by(filters.keep_top_p, p, mass)
    wanted, held = mass * p.sum(), p[kept].sum()
    assert are_most_probable(p, kept)
    assert held >= wanted * (1 - 1e-12)
    assert held - p[kept].min() < wanted * (1 + 1e-12)


def test_top_p_stops_where_the_mass_is_held_exactly():
    np.testing.assert_array_equal(kept_by(filters.keep_top_p, np.array([1.0, 4.0, 2.0, 1.0]), 0.75), [0, 1, 1, 0])


@given(p=weights, share=st.floats(0.0, 1.0))
@EXAMPLES
def test_min_p_keeps_what_has_the_share_of_the_best(p, share):
    np.testing.assert_array_equal(kept_by(filters.keep_min_p, p, share), p >= share * p.max())


@given(p=weights, zeros=st.integers(0, 2**30 - 1), u=uniforms)
@EXAMPLES
def test_pick_never_returns_an_impossible_token(p, zeros, u):
    p[[bool(zeros >> j & 1) for j in range(len(p))]] = 0
    p[len(p) // 2] = 1
    assert p[filters.pick(p, u)] > 0


def test_pick_does_not_fall_off_the_end_where_sums_round_differently():
    random = np.random.default_rng(1)
    for _ in range(50):
        p = random.uniform(size=1000)
        p[-3:] = 0
        assert filters.pick(p, 1 - 2**-53) < 997


@given(p=tied.map(np.array), u=uniforms)
@EXAMPLES
def test_pick_inverts_the_cumulative_distribution(p, u):
    above = np.flatnonzero(np.cumsum(p) > u * p.sum())
    assert filters.pick(p, u) == (above[0] if len(above) else len(p) - 1)


def test_pick_follows_the_probabilities():
    p = np.array([3.0, 0.0, 1.0, 4.0])
    drawn = [filters.pick(p, u) for u in (np.arange(800) + 0.5) / 800]
    np.testing.assert_array_equal(np.bincount(drawn), [300, 0, 100, 400])


@given(p=untied, u=uniforms)
@EXAMPLES
def test_a_low_temperature_approaches_argmax(p, u):
    log_p = np.log(np.array(p))
    best = np.sort(log_p)[::-1]
    gap = best[0] - best[1] if len(best) > 1 else 1.0
    assert draw(log_p, u, temperature=max(gap / 800, 1e-300)) == np.argmax(log_p)


def test_temperature_is_a_power_of_the_probabilities():
    log_p = np.log([0.1, 0.6, 0.3])
    for temperature in (0.5, 1.0, 2.0):
        p = filters.filtered(log_p, np.zeros(3, np.bool_), np.zeros(3, np.bool_), temperature, 0, 1.0, 0.0, 1.0)
        wanted = np.array([0.1, 0.6, 0.3]) ** (1 / temperature)
        np.testing.assert_allclose(p / p.sum(), wanted / wanted.sum(), rtol=1e-12, atol=0)


@given(p=weights, u=uniforms, k=st.integers(0, 40), mass=st.floats(0.01, 1.0), share=st.floats(0.0, 1.0))
@EXAMPLES
def test_any_filters_together_leave_the_best_and_a_token_in_the_vocabulary(p, u, k, mass, share):
    token = draw(np.log(p), u, k=k, p=mass, minimum=share)
    assert 0 <= token < len(p)
    if k:
        assert (p > p[token]).sum() < k
    assert p[token] >= share * p.max() * (1 - 1e-12)


@given(p=weights, u=uniforms)
@EXAMPLES
def test_top_one_is_argmax(p, u):
    assert draw(np.log(p), u, k=1) == np.argmax(p)


@given(p=weights, u=uniforms)
@EXAMPLES
def test_greedy_is_argmax_whatever_the_uniform_number(p, u):
    assert draw(np.log(p), u, greedy=True) == np.argmax(p)


def test_a_uniform_draw_gives_all_that_are_kept_alike():
    log_p = np.log([0.5, 0.04, 0.3, 0.16])
    drawn = [draw(log_p, u, k=3, equal=True) for u in (np.arange(300) + 0.5) / 300]
    np.testing.assert_array_equal(np.bincount(drawn), [100, 0, 100, 100])


@given(p=weights, k=st.integers(0, 40), mass=st.floats(0.01, 1.0), u=uniforms, greedy=st.booleans(), equal=st.booleans())
@EXAMPLES
def test_a_token_is_drawn_only_where_it_has_a_chance(p, k, mass, u, greedy, equal):
    nobody = np.zeros(len(p), np.bool_)
    chances = filters.chances(np.log(p), nobody, nobody, greedy, 1.0, k, mass, 0.0, 1.0, equal)
    assert chances[draw(np.log(p), u, greedy=greedy, k=k, p=mass, equal=equal)] > 0
    if greedy or equal:
        assert set(chances[chances > 0]) == {1.0}


def test_the_penalty_multiplies_the_log_probabilities_of_seen_tokens():
    log_p = np.array([-1.0, -2.0, -3.0])
    filters.penalise_repeats(log_p, np.array([True, False, True]), 1.5)
    np.testing.assert_array_equal(log_p, [-1.5, -2.0, -4.5])


@pytest.mark.parametrize("greedy", [True, False])
def test_the_penalty_lets_an_unseen_token_win(greedy):
    log_p, seen = np.log([0.6, 0.4]), np.array([True, False])
    plain = draw(log_p, 0.5, seen, greedy)
    penalised = draw(log_p, 0.5, seen, greedy, penalty=3.0)
    assert (plain, penalised) == (0, 1)


def test_no_penalty_where_nothing_was_seen():
    log_p = np.log([0.2, 0.5, 0.3])
    unseen = np.zeros(3, np.bool_)
    with_penalty = filters.filtered(log_p, unseen, unseen, 1.0, 0, 1.0, 0.0, 5.0)
    np.testing.assert_array_equal(with_penalty, filters.filtered(log_p, unseen, unseen, 1.0, 0, 1.0, 0.0, 1.0))


def test_filters_act_in_the_order_top_k_top_p_min_p():
    """Of 0.4 0.3 0.2 0.1, top-k 2 leaves 0.7; half of that is held by the first alone, half of all by the first two."""
    log_p = np.log([0.4, 0.3, 0.2, 0.1])
    p = filters.filtered(log_p, np.zeros(4, np.bool_), np.zeros(4, np.bool_), 1.0, 2, 0.5, 0.0, 1.0)
    np.testing.assert_array_equal(p > 0, [1, 0, 0, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_probabilities_are_left_as_they_were(dtype):
    log_p = np.log([0.2, 0.5, 0.3]).astype(dtype)
    before = log_p.copy()
    draw(log_p, 0.5, np.array([True, True, False]), temperature=0.7, k=2, p=0.9, minimum=0.1, penalty=2.0)
    np.testing.assert_array_equal(log_p, before)


def test_an_impossible_token_is_never_drawn():
    log_p = np.array([-np.inf, -1.0, -np.inf, -0.5])
    assert {draw(log_p, u, penalty=1.2) for u in (0.0, 0.3, 0.6, 1 - 2**-53)} == {1, 3}
