"""Products over packed panels.  Small whole numbers make every order of summation exact, so results must be equal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.kernels.cpu.product import DEPTH, ROWS_TOGETHER, add_product, add_product_unpacked, pack
from seqterm.kernels.cpu.vector import PANEL_BYTES
from tests.naive.product import product

DTYPES = [np.float32, np.float64]
PANEL = {dtype: PANEL_BYTES // np.dtype(dtype).itemsize for dtype in DTYPES}


def whole_numbers(random, shape, dtype):
    return random.integers(-4, 5, shape).astype(dtype)


def laid_out(array, layout):
    """The same numbers, stored otherwise."""
    if layout == "transposed":
        return np.ascontiguousarray(array.T).T
    if layout == "strided":
        wide = np.full((2 * array.shape[0], 3 * array.shape[1]), np.nan, array.dtype)
        wide[::2, ::3] = array
        return wide[::2, ::3]
    if layout == "columns of a wider one":
        wide = np.full((array.shape[0], array.shape[1] + 5), np.nan, array.dtype)
        wide[:, 2:-3] = array
        return wide[:, 2:-3]
    return array


LAYOUTS = ["plain", "transposed", "strided", "columns of a wider one"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", range(1, 20))
def test_any_number_of_rows(rows, dtype):
    random = np.random.default_rng(rows)
    a, b = whole_numbers(random, (rows, 13), dtype), whole_numbers(random, (13, PANEL[dtype] + 3), dtype)
    out = whole_numbers(random, (rows, PANEL[dtype] + 3), dtype)
    wanted = out + product(a, b)
    add_product(a, pack(b), out)
    np.testing.assert_array_equal(out, wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_edges_of_panels_blocks_and_depth(beyond, dtype):
    random = np.random.default_rng(1)
    m, k, n = ROWS_TOGETHER + beyond, DEPTH + beyond, 2 * PANEL[dtype] + beyond
    a, b = whole_numbers(random, (m, k), dtype), whole_numbers(random, (k, n), dtype)
    wanted = a.astype(np.float64) @ b.astype(np.float64)
    for multiply, weights in ((add_product, pack(b)), (add_product_unpacked, b)):
        out = np.zeros((m, n), dtype)
        multiply(a, weights, out)
        np.testing.assert_array_equal(out, wanted)


@given(
    shape=st.tuples(st.integers(0, 20), st.integers(0, 12), st.integers(1, 70)),
    dtype=st.sampled_from(DTYPES),
    layouts=st.tuples(st.sampled_from(LAYOUTS), st.sampled_from(LAYOUTS), st.sampled_from(["plain", "columns of a wider one"])),
    packed=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=200)
def test_any_shape_and_layout(shape, dtype, layouts, packed, seed):
    (m, k, n), random = shape, np.random.default_rng(seed)
    a, b, out = (whole_numbers(random, size, dtype) for size in ((m, k), (k, n), (m, n)))
    wanted = out + (product(a, b) if m and k else 0)
    a, b, out = (laid_out(array, layout) for array, layout in zip((a, b, out), layouts, strict=True))
    if packed:
        add_product(a, pack(b), out)
    else:
        add_product_unpacked(a, b, out)
    np.testing.assert_array_equal(out, wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_beside_the_result_is_written(dtype):
    random = np.random.default_rng(2)
    n = PANEL[dtype] + 5
    wide = np.full((9, n + 4), 7, dtype)
    add_product(whole_numbers(random, (5, 3), dtype), pack(whole_numbers(random, (3, n), dtype)), wide[2:7, 2:-2])
    wide[2:7, 2:-2] = 7
    np.testing.assert_array_equal(wide, np.full_like(wide, 7))


@pytest.mark.parametrize("dtype", DTYPES)
def test_rounding_is_that_of_the_type(dtype):
    """A sum of k terms, each rounded once, is off by at most k/2 eps sum |a b|."""
    random = np.random.default_rng(3)
    a, b = random.uniform(-1, 1, (9, 100)).astype(dtype), random.uniform(-1, 1, (100, 45)).astype(dtype)
    out = np.zeros((9, 45), dtype)
    add_product(a, pack(b), out)
    bound = 50 * np.finfo(dtype).eps * product(np.abs(a), np.abs(b)).max()
    np.testing.assert_allclose(out, product(a, b), rtol=0, atol=bound)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("unpacked", [False, True])
def test_a_row_has_the_same_bits_however_many_rows_there_are(dtype, unpacked):
    random = np.random.default_rng(4)
    n = 2 * PANEL[dtype] + 7
    a, b, before = (random.normal(size=shape).astype(dtype) for shape in ((70, 300), (300, n), (70, n)))

    def rows(first, last):
        out = before[first:last].copy()
        if unpacked:
            add_product_unpacked(a[first:last], b, out)
        else:
            add_product(a[first:last], pack(b), out)
        return out

    whole = rows(0, 70)
    for n_rows in range(1, 20):
        np.testing.assert_array_equal(rows(0, n_rows), whole[:n_rows])
        np.testing.assert_array_equal(rows(70 - n_rows, 70), whole[70 - n_rows :])


@pytest.mark.parametrize("dtype", DTYPES)
def test_panels_hold_the_columns_and_zeros_beyond(dtype):
    b = np.arange(2 * (PANEL[dtype] + 1), dtype=dtype).reshape(2, -1) + 1
    panels = pack(b)
    assert panels.shape == (2, 2, PANEL[dtype])
    np.testing.assert_array_equal(panels[0], b[:, :-1])
    np.testing.assert_array_equal(panels[1], np.pad(b[:, -1:], ((0, 0), (0, PANEL[dtype] - 1))))


def test_nan_in_one_row_stays_in_it():
    a = np.ones((5, 3), np.float32)
    a[2, 1] = np.nan
    out = np.zeros((5, 40), np.float32)
    add_product(a, pack(np.ones((3, 40), np.float32)), out)
    np.testing.assert_array_equal(np.isnan(out).all(1), [False, False, True, False, False])
    np.testing.assert_array_equal(np.isnan(out).any(1), [False, False, True, False, False])
