"""Numbers and parents of n-grams in ARPA files; whole files are in tests/store/test_arpa.py."""

import math

import numpy as np
import pytest

from seqterm.kernels.cpu import arpa


def written(logarithms):
    """The log10 column of lines of the word x."""
    logarithms = np.array(logarithms, np.float32)
    ngrams, out = np.zeros((len(logarithms), 1), np.int32), np.zeros(100 * len(logarithms), np.uint8)
    size = arpa.write_ngrams(ngrams, logarithms, logarithms[:0], np.array([1]), np.frombuffer(b"x", np.uint8), out)
    lines = out[:size].tobytes().decode().splitlines()
    assert all(line.endswith("\tx") for line in lines)
    return [line.removesuffix("\tx") for line in lines]


def logarithm_read(number):
    """The back-off weight of a unigram, and what is wrong with it."""
    line = np.frombuffer(f"-1\tx\t{number}\n".encode(), np.uint8)
    n, slots, pool = np.empty(1, np.int64), np.zeros(4, np.uint32), np.empty(9, np.uint8)
    log_p, backoff = np.empty(1, np.float32), np.empty(1, np.float64)
    wrong, *_ = arpa.read_unigrams(line, 0, len(line), 0, False, slots, n.astype(np.uint64), n, pool, log_p, backoff)
    return backoff[0] / math.log(10), wrong


LONG = "0." + "0" * 40 + "12345678901234567890"
NUMBERS = ["0", "-0", "1", "+1.5", "-1.5", ".5", "5.", "1e3", "1E-3", "-1.25e+2", "00012.500", "1e-400", "-98.9999", "-99.0001"]
ODD = [LONG, "123456789012345678901234567890", "9.87654321e-37", "4.9e-324", "0e999", "1e00000000003"]


@pytest.mark.parametrize("number", [*NUMBERS, *ODD])
def test_numbers_are_read(number):
    value, wrong = logarithm_read(number)
    assert wrong == arpa.READ
    assert value == pytest.approx(float(number), rel=1e-14, abs=1e-320)


@pytest.mark.parametrize(
    "number", ["", "-", "+", ".", "e5", "1e", "1e+", "1e+-5", "--1", "1.2.3", "1,5", "0x10", "1_000", "nan", "infinity"]
)
def test_what_is_no_number(number):
    assert logarithm_read(number or "-.")[1] == arpa.NUMBER


@pytest.mark.parametrize("number", ["-99", "-99.00", "-9.9e1", "-inf", "-INF", "-1e999"])
def test_logarithms_of_zero(number):
    assert logarithm_read(number) == (-math.inf, arpa.READ)


@pytest.mark.parametrize("number", ["inf", "+Inf", "1e999"])
def test_numbers_that_are_not_finite(number):
    assert logarithm_read(number)[1] == arpa.INFINITE


def test_numbers_are_written_with_nine_digits():
    logarithms = np.random.default_rng(1).normal(size=2000) * 10.0 ** np.random.default_rng(2).integers(-44, 38, 2000)
    logarithms = np.concatenate([logarithms, np.log(10) * 10.0 ** np.arange(-40, 37), [1e-45, -3.4e38, 3.4e38]]).astype(
        np.float32
    )
    for text, logarithm in zip(written(logarithms), logarithms.astype(float) / math.log(10), strict=True):
        assert float(text) == pytest.approx(logarithm, rel=5.01e-9, abs=0)
        assert len(text) < arpa.NUMBER_BYTES


def test_zeros_at_the_end_are_left_out():
    texts = ["0", "-0.25", "-0.5", "-1", "-2.5", "-100", "-4096", "-1048576", "7", "-99"]
    assert written([0, -0.0, -math.inf]) == ["0", "0", "-99"]
    out = np.zeros(100, np.uint8)
    one = np.zeros((1, 1), np.int32)
    for text in texts:  # numbers of float64, which are exact
        size = arpa.write_ngrams(one, np.array([arpa.LOG_10 * float(text)]), np.zeros(0), np.array([0]), out[:0], out)
        assert out[:size].tobytes().decode() == f"{text}\t\n"


def test_parents():
    children = np.array([0, 0, 2, 2, 5, 6, 6], np.uint32)
    for first in range(6):
        nodes = np.arange(first, 6)
        arpa.climb(children, nodes)
        np.testing.assert_array_equal(nodes, [1, 1, 3, 3, 3, 4][first:])
