"""Matrices of small whole numbers, whose products are exact in any order of summation, stored in every way."""

import numpy as np

from tests.naive.product import product

DTYPES = [np.float32, np.float64]


def whole_numbers(random, shape, dtype):
    return random.integers(-4, 5, shape).astype(dtype)


def _among_nan(shape, dtype, place):
    """Part of a larger array of NaN, of which nothing may be seen."""
    return np.full(shape, np.nan, dtype)[place]


def _strided(shape, dtype):
    return _among_nan((2 * shape[0], 3 * shape[1]), dtype, np.s_[::2, ::3])


def _columns(shape, dtype):
    return _among_nan((shape[0], shape[1] + 5), dtype, np.s_[:, 2:-3])


def _rows(shape, dtype):
    return _among_nan((shape[0] + 5, shape[1]), dtype, np.s_[2:-3])


PLACES = {
    "plain": np.empty,
    "transposed": lambda shape, dtype: np.empty(shape[::-1], dtype).T,
    "strided": _strided,
    "columns of a wider one": _columns,
    "rows of a higher one": _rows,
    "transposed columns of a wider one": lambda shape, dtype: _columns(shape[::-1], dtype).T,
    "rows backwards": lambda shape, dtype: _columns(shape, dtype)[::-1],
    "columns backwards": lambda shape, dtype: _columns(shape, dtype)[:, ::-1],
    "transposed, columns backwards": lambda shape, dtype: _columns(shape[::-1], dtype).T[:, ::-1],
}
LAYOUTS = list(PLACES)
WITH_CONTIGUOUS_ROWS = ["plain", "columns of a wider one", "rows of a higher one", "rows backwards"]


def laid_out(array, place):
    """The same numbers where place(shape, dtype) has room for them."""
    found = place(array.shape, array.dtype)
    found[...] = array
    return found


def packed(b, width):
    """b (k, n) -> panels (ceil(n / width), k, width), zero padded"""
    k, n = b.shape
    n_panels = -(-n // width)
    return np.pad(b, ((0, 0), (0, n_panels * width - n))).reshape(k, n_panels, width).transpose(1, 0, 2)


def is_exact(multiply, shape, dtype, random, places, to_be_rounded=False, oracle=product):
    """multiply(a, b, out) adds a @ b to out; shape (m, k, n); places: of a, b and out.

    to_be_rounded: every column's largest is 127, so that its rounded numbers are the numbers themselves.
    oracle: another one for what is too large for loops.
    """
    m, k, n = shape
    a, b, out = (whole_numbers(random, size, dtype) for size in ((m, k), (k, n), (m, n)))
    if to_be_rounded:
        b[random.integers(0, k, n), np.arange(n)] = random.choice([-127, 127], n)
    wanted = out + (oracle(a, b) if m and k else 0)
    a, b, out = (laid_out(array, place) for array, place in zip((a, b, out), places, strict=True))
    multiply(a, b, out)
    np.testing.assert_array_equal(out, wanted)
