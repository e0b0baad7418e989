"""Registers, panels made of blocks, and products with the registers of other processors."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.kernels.cpu import vector
from seqterm.kernels.cpu.product import pack, pack_into
from tests.kernels.cpu import lesser_processor
from tests.kernels.cpu.layouts import DTYPES, LAYOUTS, PLACES, laid_out, packed, whole_numbers

TABLE = [
    ({"avx512f": True, "avx2": True}, (64, 8)),
    ({"avx512f": False, "avx2": True}, (32, 4)),
    ({"avx2": True, "neon": False}, (32, 4)),
    ({"neon": True}, (16, 8)),
    ({"sse2": True}, (16, 4)),
    ({}, (16, 4)),
]


@pytest.mark.parametrize(("features", "sizes"), TABLE)
def test_the_widest_registers_that_the_processor_has(features, sizes):
    assert vector.registers(features) == sizes


@pytest.mark.parametrize("itemsize", [4, 8])
@pytest.mark.parametrize("sizes", [*vector.REGISTERS.values(), vector.FEWEST_REGISTERS])
def test_blocks_fill_tiles_and_panels(sizes, itemsize, monkeypatch):
    width, rows = sizes[0] * vector.VECTORS // itemsize, sizes[1]
    monkeypatch.setattr(vector, "PANEL_BYTES", sizes[0] * vector.VECTORS)
    monkeypatch.setattr(vector, "ROWS", rows)
    size = vector.block_size(itemsize)
    assert (size & (size - 1), width % size, rows % size) == (0, 0, 0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_pack_in_any_layout_is_a_panel_of_columns_after_the_other(dtype, layout):
    """Whole blocks, and rows and columns beyond them."""
    random, width = np.random.default_rng(1), vector.PANEL_BYTES // np.dtype(dtype).itemsize
    for k in (1, 7, 8, 19):
        for n in (1, width - 1, width, 2 * width, 2 * width + 3):
            b = whole_numbers(random, (k, n), dtype)
            np.testing.assert_array_equal(pack(laid_out(b, PLACES[layout])), packed(b, width))


@given(
    shape=st.tuples(st.integers(0, 20), st.integers(0, 70)),
    n_blocks=st.integers(1, 5),
    dtype=st.sampled_from(DTYPES),
    layout=st.sampled_from(LAYOUTS),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=150)
def test_panels_may_have_any_number_of_blocks_and_nothing_else_is_written(shape, n_blocks, dtype, layout, seed):
    """Distinct numbers, so that none can stand in the place of another."""
    numbers = 1 + np.random.default_rng(seed).permutation(shape[0] * shape[1]).reshape(shape).astype(dtype)
    width = n_blocks * vector.block_size(np.dtype(dtype).itemsize)
    wanted = packed(numbers, width)
    among = np.full((len(wanted) + 2, *wanted.shape[1:]), -1, dtype)
    among[1:-1] = np.nan
    pack_into(laid_out(numbers, PLACES[layout]), among[1:-1])
    np.testing.assert_array_equal(among[1:-1], wanted)
    np.testing.assert_array_equal(among[[0, -1]], -1)


# name: features that a processor has beyond the least, register bytes and tile rows
PROCESSORS = {
    "avx2": (("avx", "avx2", "fma", "f16c"), (32, 4)),
    "neon": (("neon",), (16, 8)),
    "neither": ((), (16, 4)),
    "this one": (("host",), (vector.VECTOR_BYTES, vector.ROWS)),
}


@pytest.mark.parametrize(("features", "sizes"), PROCESSORS.values(), ids=PROCESSORS)
def test_products_are_exact_on_other_processors_and_stay_within_their_arrays(features, sizes, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", lesser_processor.__name__, *features],
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.split() == [b"%d" % size for size in sizes]
