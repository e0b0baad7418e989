"""Counter-based random numbers."""

import numpy as np
import pytest

from seqterm.kernels.cpu.random import derive_key, uniform

N = 20_000
MASK = 2**64 - 1


@pytest.fixture(scope="module")
def numbers():
    return np.array([uniform(12345, i) for i in range(N)])


def splitmix(x):
    """splitmix64's output for the state x, in Python's whole numbers (Steele, Lea & Flood 2014)."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def test_the_oracle_gives_the_published_first_number():
    # the first output of Vigna's splitmix64.c for the seed 0
    assert splitmix(0) == 0xE220A8397B1DCDAF


@pytest.mark.parametrize("key", [0, 1, 2**40, 2**63 - 1])
@pytest.mark.parametrize("counter", [0, 1, 999, 2**62])
def test_a_derived_key_is_two_rounds_of_splitmix(key, counter):
    assert derive_key(key, counter) == splitmix(splitmix(key) ^ counter) >> 1


def test_uniform_numbers_lie_in_the_unit_interval(numbers):
    assert numbers.min() >= 0
    assert numbers.max() < 1


def test_mean_and_variance_are_those_of_the_uniform_distribution(numbers):
    assert numbers.mean() == pytest.approx(1 / 2, abs=4 * np.sqrt(1 / 12 / N))
    assert numbers.var() == pytest.approx(1 / 12, abs=4 * np.sqrt(1 / 180 / N))


def test_all_parts_of_the_interval_are_hit_alike(numbers):
    counts = np.histogram(numbers, 20, (0, 1))[0]
    squares = ((counts - N / 20) ** 2 / (N / 20)).sum()
    assert 5 < squares < 45  # chi-squared, 19 degrees of freedom: outside once in a thousand seeds


@pytest.mark.parametrize("lag", [1, 2, 7])
def test_neighbours_are_uncorrelated(numbers, lag):
    assert abs(np.corrcoef(numbers[lag:], numbers[:-lag])[0, 1]) < 4 / np.sqrt(N)


def test_neighbouring_keys_are_uncorrelated(numbers):
    others = np.array([uniform(12346, i) for i in range(N)])
    assert abs(np.corrcoef(numbers, others)[0, 1]) < 4 / np.sqrt(N)


def test_a_number_does_not_depend_on_what_was_drawn_before(numbers):
    backwards = [uniform(12345, i) for i in reversed(range(100))]
    np.testing.assert_array_equal(backwards[::-1], numbers[:100])


def test_keys_do_not_collide():
    keys = {derive_key(derive_key(7, row), step) for row in range(100) for step in range(100)}
    assert len(keys) == 10_000
