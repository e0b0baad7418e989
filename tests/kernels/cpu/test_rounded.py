"""Weights rounded to int8 and the rows that meet them.  What products of them come to: test_product."""

import os
import subprocess
import sys

import numpy as np
import pytest

from seqterm.kernels.cpu.product import pack
from seqterm.kernels.cpu.rounded import BITS, SCALE_ROWS, SMALLEST, SUM_BITS, add_rounded_product, round_panels, round_rows
from tests.kernels.cpu.layouts import DTYPES


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", [49, 50])
def test_panels_are_within_half_a_step_of_a_127th_of_a_columns_largest(k, dtype):
    random = np.random.default_rng(2)
    panels = (random.normal(size=(3, k, 8)) * np.geomspace(1e-6, 1e6, 24).reshape(3, 1, 8)).astype(dtype)
    panels[1, :, 2] = 0
    rounded = round_panels(panels)
    assert (rounded.shape, rounded.dtype) == ((3, 50 + SCALE_ROWS, 8), np.int8)
    numbers = np.array([[rounded[:, i - i % 2 : i - i % 2 + 2].reshape(3, 8, 2)[:, :, i % 2]] for i in range(50)])
    numbers = numbers[:, 0].swapaxes(0, 1).astype(np.float64)
    assert not numbers[:, k:].any()
    steps = np.ascontiguousarray(rounded[:, 50:]).reshape(3, -1).view(np.float32)[:, None].astype(np.float64)
    largest = np.abs(panels).max(1, keepdims=True)
    np.testing.assert_allclose(127 * steps, largest, rtol=1e-6, atol=1e-37)
    np.testing.assert_array_equal(np.abs(numbers).max(1, keepdims=True), np.where(largest > 0, 127, 0))
    assert (np.abs(numbers[:, :k] * steps - panels) <= 0.500001 * steps).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1e-40, 1e-35, 1e-9, 0.5, 1.0, 1e9, 1e38])
def test_rows_are_within_half_a_step_which_is_a_power_of_two(size, dtype):
    a = (np.random.default_rng(3).uniform(-1, 1, (4, 33)) * size).astype(dtype)
    a[3] = 0
    rounded, steps = round_rows(a, 34)
    assert (rounded.shape, rounded.dtype, steps.dtype) == ((4, 34), np.int16, dtype)
    assert not rounded[:, 33:].any()
    np.testing.assert_array_equal(np.frexp(steps)[0], 0.5)
    finest = np.maximum(np.abs(a).max(1), 2.0**SMALLEST) * 2.0**-BITS
    assert ((steps[:3] >= finest[:3]) & (steps[:3] <= 2 * finest[:3])).all()
    assert (np.abs(rounded[:, :33] * steps[:, None].astype(np.float64) - a) <= steps[:, None] / 2).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_of_few_bits_are_not_changed(dtype):
    a = np.random.default_rng(4).integers(-999, 1000, (3, 50)).astype(dtype) / 64
    rounded, steps = round_rows(a, 50)
    np.testing.assert_array_equal(rounded * steps[:, None], a)


@pytest.mark.parametrize("k", [1 << (SUM_BITS - BITS), (1 << (SUM_BITS - BITS)) + 2, 40_000])
def test_the_largest_sum_is_no_overflow(k):
    a, b, out = np.full((1, k), 0.999999, np.float32), np.full((k, 2), -5, np.float32), np.zeros((1, 2), np.float32)
    add_rounded_product(a, round_panels(pack(b)), out)
    np.testing.assert_allclose(out, -5 * k, rtol=2e-3, atol=0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 7, 20])
def test_a_row_that_is_not_finite_makes_nan_and_others_do_not(bad, place):
    a, out = np.ones((6, 21), np.float32), np.zeros((6, 40), np.float32)
    a[2, place] = bad
    add_rounded_product(a, round_panels(pack(np.ones((21, 40), np.float32))), out)
    np.testing.assert_array_equal(np.isnan(out), np.arange(6)[:, None] * np.ones(40) == 2)
    np.testing.assert_allclose(np.delete(out, 2, 0), 21, rtol=1e-6, atol=0)


PRODUCTS = """
import numpy as np
from seqterm.kernels.cpu.product import add_product, pack
from seqterm.kernels.cpu.rounded import add_rounded_product, round_panels
a, b = np.arange(20, dtype=np.float32).reshape(4, 5), np.full((5, 9), 127, np.float32)
found = np.zeros((2, 4, 9), np.float32)
add_product(a, pack(b), found[0])
add_rounded_product(a, round_panels(pack(b)), found[1])
print((found == a @ b).all())
"""


def test_a_processor_that_a_person_names_is_compiled_for(tmp_path):
    """Of which nothing is known: products are made of what every processor has."""
    named = {**os.environ, "NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", PRODUCTS], env=named, capture_output=True, check=False, timeout=300)
    assert (done.returncode, done.stdout) == (0, b"True\n"), done.stderr.decode()
