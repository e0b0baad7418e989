"""Denormal numbers, thread by thread."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from seqterm.kernels.cpu.compile import kernel
from seqterm.kernels.cpu.denormals import flush_denormals, restore_denormals


@kernel
def multiply(x, y):
    return x[0] * y[0]


def products(dtype):
    """One whose result is denormal, and one whose result is normal though a factor is denormal."""
    tiny, denormal = np.array([np.finfo(dtype).tiny]), np.array([np.finfo(dtype).smallest_subnormal])
    return float(multiply(tiny, np.array([0.5], dtype))), float(multiply(denormal, np.array([2.0**100], dtype)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_thread_that_flushes_has_zeros(dtype):
    with ThreadPoolExecutor(1, initializer=flush_denormals) as pool:
        assert pool.submit(products, dtype).result() == (0.0, 0.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_thread_that_flushes_no_more_has_them_again(dtype):
    def products_after():
        restore_denormals(flush_denormals())
        return products(dtype)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(products_after).result() == products(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_other_threads_keep_denormals(dtype):
    with ThreadPoolExecutor(1, initializer=flush_denormals) as pool:
        pool.submit(products, dtype).result()
        assert min(products(dtype)) > 0


def test_normal_numbers_are_left_alone():
    with ThreadPoolExecutor(1, initializer=flush_denormals) as pool:
        assert pool.submit(multiply, np.array([1e-30]), np.array([3.0])).result() == 1e-30 * 3.0
