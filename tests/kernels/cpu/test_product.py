"""Products over packed panels.  Small whole numbers make every order of summation exact, so results must be equal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.kernels.cpu.product import DEPTH, FAR, ROWS_TOGETHER, add_product, add_product_unpacked, pack
from seqterm.kernels.cpu.rounded import add_rounded_product, round_panels
from seqterm.kernels.cpu.vector import PANEL_BYTES, ROWS
from tests.kernels.cpu.layouts import DTYPES, LAYOUTS, PLACES, WITH_CONTIGUOUS_ROWS, is_exact, laid_out, whole_numbers
from tests.naive.product import product

PANEL = {dtype: PANEL_BYTES // np.dtype(dtype).itemsize for dtype in DTYPES}


def multiply_packed(a, b, out):
    add_product(a, pack(b), out)


MULTIPLY = {"packed": multiply_packed, "unpacked": add_product_unpacked}


def multiply_rounded(a, b, out):
    add_rounded_product(a, round_panels(pack(b)), out)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", range(1, 20))
def test_any_number_of_rows(rows, dtype):
    random = np.random.default_rng(rows)
    a, b = whole_numbers(random, (rows, 13), dtype), whole_numbers(random, (13, PANEL[dtype] + 3), dtype)
    out = whole_numbers(random, (rows, PANEL[dtype] + 3), dtype)
    wanted = out + product(a, b)
    add_product(a, pack(b), out)
    np.testing.assert_array_equal(out, wanted)


@pytest.mark.parametrize("layout", ["plain", "transposed", "strided"])
@pytest.mark.parametrize("multiply", MULTIPLY.values(), ids=MULTIPLY)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_edges_of_panels_blocks_and_depth(beyond, dtype, multiply, layout):
    """Of a in rows that are walked as they stand, and in those that are packed first."""
    random = np.random.default_rng(1)
    m, k, n = ROWS_TOGETHER + beyond, DEPTH + beyond, 2 * PANEL[dtype] + beyond
    a, b = laid_out(whole_numbers(random, (m, k), dtype), PLACES[layout]), whole_numbers(random, (k, n), dtype)
    out = np.zeros((m, n), dtype)
    multiply(a, b, out)
    np.testing.assert_array_equal(out, a.astype(np.float64) @ b.astype(np.float64))


@pytest.mark.parametrize("layout", ["plain", "transposed"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_number_of_columns_at_the_edge(dtype, layout):
    """From none to a panel's, whichever registers they fill; beside one whole panel and with 15 rows, of every kind of tile."""
    random = np.random.default_rng(5)
    for rest in range(PANEL[dtype] + 1):
        places = [PLACES[each] for each in (layout, "plain", "columns of a wider one")]
        is_exact(multiply_packed, (15, 3, PANEL[dtype] + rest), dtype, random, places)
        is_exact(multiply_rounded, (15, 3, PANEL[dtype] + rest), dtype, random, places, to_be_rounded=True)


@pytest.mark.parametrize("multiply", [multiply_packed, multiply_rounded], ids=["packed", "rounded"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", range(1, 20))
def test_any_number_of_rows_and_panels(rows, dtype, multiply):
    """Few rows meet several panels at once."""
    random = np.random.default_rng(rows)
    for n_panels in range(1, 10):
        places = [PLACES[each] for each in ("plain", "plain", "columns of a wider one")]
        is_exact(multiply, (rows, 5, n_panels * PANEL[dtype] + 3), dtype, random, places, multiply is multiply_rounded)


@pytest.mark.parametrize("layout", ["plain", "transposed"])
@pytest.mark.parametrize("multiply", [multiply_packed, multiply_rounded], ids=["packed", "rounded"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", [ROWS, ROWS + 3, 2 * ROWS - 1, 2 * ROWS, ROWS_TOGETHER + ROWS])
def test_more_panels_than_a_cache_holds(rows, dtype, multiply, layout):
    """A lone tile fetches the panel that follows."""
    stored = 1 if multiply is multiply_rounded else np.dtype(dtype).itemsize
    n = FAR // (300 * stored) + PANEL[dtype] + 3
    places = [PLACES[each] for each in (layout, "plain", "columns of a wider one")]
    is_exact(multiply, (rows, 300, n), dtype, np.random.default_rng(rows), places, stored == 1, oracle=np.matmul)


@given(
    shape=st.tuples(st.integers(0, 20), st.integers(0, 12), st.integers(1, 70)),
    dtype=st.sampled_from(DTYPES),
    layouts=st.tuples(st.sampled_from(LAYOUTS), st.sampled_from(LAYOUTS), st.sampled_from(WITH_CONTIGUOUS_ROWS)),
    multiply=st.sampled_from([*MULTIPLY.values(), multiply_rounded]),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=200)
def test_any_shape_and_layout(shape, dtype, layouts, multiply, seed):
    rounded = multiply is multiply_rounded
    if rounded:
        shape = (shape[0], shape[1] + 1, shape[2])  # a column has a largest element
    is_exact(multiply, shape, dtype, np.random.default_rng(seed), [PLACES[layout] for layout in layouts], rounded)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rest", [1, 5, 17])
def test_nothing_beside_the_result_is_written(dtype, rest):
    random = np.random.default_rng(2)
    n, beside = PANEL[dtype] + rest, 2 * PANEL[dtype]
    wide = np.full((9, n + 2 * beside), 7, dtype)
    part = wide[2:7, beside:-beside]
    add_product(whole_numbers(random, (5, 3), dtype), pack(whole_numbers(random, (3, n), dtype)), part)
    part[...] = 7
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


@pytest.mark.parametrize("layout", ["plain", "transposed"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("multiply", [*MULTIPLY.values(), multiply_rounded], ids=[*MULTIPLY, "rounded"])
def test_a_row_has_the_same_bits_however_many_rows_there_are(dtype, multiply, layout):
    random = np.random.default_rng(4)
    n = 2 * PANEL[dtype] + 7
    a, b, before = (random.normal(size=shape).astype(dtype) for shape in ((70, 300), (300, n), (70, n)))

    def rows(first, last):
        out = before[first:last].copy()
        multiply(laid_out(a[first:last], PLACES[layout]), b, out)
        return out

    whole = rows(0, 70)
    for n_rows in range(1, 20):
        np.testing.assert_array_equal(rows(0, n_rows), whole[:n_rows])
        np.testing.assert_array_equal(rows(70 - n_rows, 70), whole[70 - n_rows :])


@pytest.mark.parametrize("multiply", [multiply_packed, multiply_rounded], ids=["packed", "rounded"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_has_the_same_bits_where_the_panels_are_more_than_a_cache_holds(dtype, multiply):
    random = np.random.default_rng(4)
    n = FAR // 300 + 7
    a, b = random.normal(size=(ROWS + 1, 300)).astype(dtype), random.normal(size=(300, n)).astype(dtype)
    together, apart = np.zeros((2, ROWS + 1, n), dtype)
    multiply(a, b, together)
    for row in (0, ROWS - 1, ROWS):
        multiply(a[row : row + 1], b, apart[row : row + 1])
        np.testing.assert_array_equal(together[row], apart[row])


@pytest.mark.parametrize("dtype", DTYPES)
def test_panels_hold_the_columns_and_zeros_beyond(dtype):
    b = np.arange(2 * (PANEL[dtype] + 1), dtype=dtype).reshape(2, -1) + 1
    panels = pack(b)
    assert panels.shape == (2, 2, PANEL[dtype])
    np.testing.assert_array_equal(panels[0], b[:, :-1])
    np.testing.assert_array_equal(panels[1], np.pad(b[:, -1:], ((0, 0), (0, PANEL[dtype] - 1))))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_product_with_rounded_panels_is_that_with_what_they_stand_for(dtype):
    """Each column a whole number of 127ths of its largest element; numbers of few bits are not rounded."""
    random = np.random.default_rng(6)
    n = 3 * PANEL[dtype] + 5
    a, b = (
        random.integers(-999, 1000, (7, 40)).astype(dtype) / 256,
        (random.normal(size=(40, n)) * np.geomspace(1e-3, 1e3, n)).astype(dtype),
    )
    steps = np.abs(b).max(0).astype(np.float64) / 127
    out, wanted = np.ones((7, n), dtype), 1 + product(a, np.rint(b / steps) * steps)
    multiply_rounded(a, b, out)
    np.testing.assert_allclose(out, wanted, rtol=1e-5, atol=1e-5)


def test_nan_in_one_row_stays_in_it():
    a = np.ones((5, 3), np.float32)
    a[2, 1] = np.nan
    out = np.zeros((5, 40), np.float32)
    add_product(a, pack(np.ones((3, 40), np.float32)), out)
    np.testing.assert_array_equal(np.isnan(out).all(1), [False, False, True, False, False])
    np.testing.assert_array_equal(np.isnan(out).any(1), [False, False, True, False, False])
