"""One row beside a few rows of a table, against numpy and plain loops."""

import sys

import numpy as np
import pytest

from seqterm.kernels.cpu import rows
from seqterm.kernels.cpu.compile import kernel
from tests.kernels.cpu.layouts import DTYPES

BLOCKS = [1, 7]
NUMBERS = [np.int32, np.int64]
COUNTS = range(10)
TOLERANCE = {np.float32: {"rtol": 2e-5, "atol": 2e-5}, np.float64: {"rtol": 1e-13, "atol": 1e-13}}
N = 6  # rows of a table
FIRST = 3  # of the numbers beside one that are passed over
REPEATED = [5, 2, 2, 0, 5, 2, 2, 2, 1]  # among the first four, within one of them, and from one to the next


@kernel
def make_dots(xs, x, table, numbers, first, end, out):
    rows.dots(xs, x, table, numbers, first, end, out)


@kernel
def make_exchange(xs, x, table, numbers, first, end, gains, es):
    rows.exchange(xs, x, table, numbers, first, end, gains, es)


@kernel
def make_add_row(source, i, target, j, factor):
    rows.add_row(source, i, target, j, factor)


@kernel
def make_clear_row(table, row):
    rows.clear_row(table, row)


@kernel
def make_fetch(table, row):
    rows.fetch(table, row)


@kernel
def sum_of_borrowed(arrays):
    """Of numbers, one-dimensional and two-dimensional arrays, and a tuple in the tuple."""
    numbers, (table, scale) = rows.borrow(arrays)
    alone = rows.borrow(numbers)
    total = 0.0
    for i in range(len(alone)):
        total += alone[i] + scale * table[i, 1]
    return total


def width_of(n_blocks, dtype):
    return n_blocks * rows.BLOCK_BYTES // np.dtype(dtype).itemsize


def some_rows(n, n_blocks, dtype, seed):
    found = rows.padded_rows(n, width_of(n_blocks, dtype), np.dtype(dtype))
    found[...] = np.random.default_rng(seed).normal(size=found.shape)
    return found


def numbered(count, kind):
    """Numbers of rows, of which those from FIRST on count; the others are of no row at all."""
    return np.array([10**6] * FIRST + REPEATED[:count] + [-(10**6)], kind)


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("n_blocks", BLOCKS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dots(dtype, n_blocks, kind):
    xs, table = some_rows(3, n_blocks, dtype, 1), some_rows(N, n_blocks, dtype, 2)
    for count in COUNTS:
        numbers, out = numbered(count, kind), np.full(FIRST + count + 1, np.nan, dtype)
        make_dots(xs, 1, table, numbers, FIRST, FIRST + count, out)
        wanted = table[numbers[FIRST:-1]].astype(np.float64) @ xs[1]
        np.testing.assert_allclose(out[FIRST:-1], wanted, **TOLERANCE[dtype])
        assert np.isnan(out[[*range(FIRST), -1]]).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_dot_of_whole_numbers_is_exact(dtype):
    xs, table = some_rows(1, 7, dtype, 1), some_rows(N, 7, dtype, 2)
    xs[...], table[...] = np.arange(xs.size), np.arange(table.size).reshape(table.shape) % 11 - 5
    out = np.zeros(4, dtype)
    make_dots(xs, 0, table, np.array([3, 1, 4, 1], np.int32), 0, 4, out)
    np.testing.assert_array_equal(out, table[[3, 1, 4, 1]] @ xs[0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_number_that_is_none_reaches_its_own_products_alone(dtype):
    xs, table, out = some_rows(1, 1, dtype, 1), some_rows(N, 1, dtype, 2), np.zeros(7, dtype)
    table[2, -1] = np.nan
    make_dots(xs, 0, table, np.array([0, 2, 1, 3, 4, 2, 5], np.int32), 0, 7, out)
    np.testing.assert_array_equal(np.isnan(out), [False, True, False, False, False, True, False])


def exchanged(xs, x, table, numbers, gains, es):
    """By the definition, one after the other, in float64: -> table, es"""
    table, es = table.astype(np.float64), es.astype(np.float64)
    for number, gain in zip(numbers, gains.astype(np.float64), strict=True):
        for d in range(table.shape[1]):
            es[x, d] += gain * table[number, d]
            table[number, d] += gain * float(xs[x, d])
    return table, es


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("n_blocks", BLOCKS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_exchange_gives_and_takes_one_after_the_other(dtype, n_blocks, kind):
    """Also where a row comes again: what it gives the second time has changed."""
    for count in COUNTS:
        xs, table, es = (some_rows(n, n_blocks, dtype, seed) for n, seed in ((3, 1), (N, 2), (3, 3)))
        numbers, gains = numbered(count, kind), np.random.default_rng(4).normal(size=FIRST + count + 1).astype(dtype)
        before = xs.copy()
        wanted_table, wanted_es = exchanged(xs, 2, table, numbers[FIRST:-1], gains[FIRST:-1], es)
        make_exchange(xs, 2, table, numbers, FIRST, FIRST + count, gains, es)
        np.testing.assert_allclose(table, wanted_table, **TOLERANCE[dtype])
        np.testing.assert_allclose(es, wanted_es, **TOLERANCE[dtype])
        np.testing.assert_array_equal(xs, before)


@pytest.mark.parametrize("n_blocks", BLOCKS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_is_added_to_another(dtype, n_blocks):
    source, target = some_rows(3, n_blocks, dtype, 1), some_rows(4, n_blocks, dtype, 2)
    wanted = target.astype(np.float64)
    wanted[3] += 0.75 * source[1].astype(np.float64)
    make_add_row(source, 1, target, 3, dtype(0.75))
    np.testing.assert_allclose(target, wanted, **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_can_be_added_to_itself(dtype):
    table = some_rows(3, 7, dtype, 1)
    wanted = table.copy()
    wanted[2] *= dtype(1.5)
    make_add_row(table, 2, table, 2, dtype(0.5))
    np.testing.assert_allclose(table, wanted, **TOLERANCE[dtype])


@pytest.mark.parametrize("n_blocks", BLOCKS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_row_alone_is_cleared(dtype, n_blocks):
    table = some_rows(4, n_blocks, dtype, 1)
    wanted = table.copy()
    table[2, -1], wanted[2] = np.nan, 0
    make_clear_row(table, 2)
    np.testing.assert_array_equal(table, wanted)


@pytest.mark.parametrize("n_blocks", BLOCKS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_sending_for_a_row_changes_nothing(dtype, n_blocks):
    table = some_rows(4, n_blocks, dtype, 1)
    before = table.copy()
    for row in (0, 3, 10**6):  # far beyond the end there is nothing to send for, and no harm in asking
        make_fetch(table, row)
    np.testing.assert_array_equal(table, before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 7, 8, 9, 15, 16, 17, 100, 300])
@pytest.mark.parametrize("n", [1, 5])
def test_padded_rows_are_zeros_that_begin_at_cache_lines(n, size, dtype):
    found = rows.padded_rows(n, size, np.dtype(dtype))
    assert (found.dtype, len(found)) == (dtype, n)
    assert size <= found.shape[1] < size + width_of(1, dtype)
    assert found.strides == (found.shape[1] * found.itemsize, found.itemsize)
    assert found.ctypes.data % rows.BLOCK_BYTES == found.strides[0] % rows.BLOCK_BYTES == 0
    assert (found == 0).all()
    found[...] = 1  # all of it is there to be written


def test_borrowed_arrays_are_the_same_and_nobody_holds_them_longer():
    numbers, table = np.arange(3.0), np.arange(12.0).reshape(3, 4)
    before = sys.getrefcount(numbers), sys.getrefcount(table)
    for _ in range(100):
        assert sum_of_borrowed((numbers, (table, 2.0))) == 3 + 2 * (1 + 5 + 9)
    assert (sys.getrefcount(numbers), sys.getrefcount(table)) == before
    assert sum_of_borrowed((numbers + 1, (table * 2, 0.5))) == 6 + 1 + 5 + 9  # nobody else holds these
