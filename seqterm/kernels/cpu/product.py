"""Matrix products over packed panels, the one product that every CPU kernel uses.

A recurrent step multiplies few rows by the same weights T times.  BLAS repacks the weights at every call; here they are
packed once into panels of as many columns as two vector registers hold, `panels[j, k, :] = b[k, j*N:(j+1)*N]`, and a
micro-kernel keeps a tile of rows x columns of sums in registers over the whole of k.  Every element of a product is one chain of
fused multiply-adds in the order of k, so a row's result depends neither on how many rows there are nor on where it stands:
drawing ten samples at once gives the same text as drawing one.
"""

import numpy as np

from seqterm.kernels.cpu.compile import inlined, kernel
from seqterm.kernels.cpu.vector import (
    PANEL_BYTES,
    ROWS,
    VECTOR_BYTES,
    block_size,
    copy_block,
    make_edge,
    make_tile,
    strided,
    transpose_block,
)

DEPTH = 512  # rows of b packed at a time in a one-off product: each reads and writes all sums anew, but fills more cache
PACKED_TOGETHER = 8  # rows of b that go into all panels before the next do: few enough pages, long enough stretches
FAR = 1 << 21  # bytes of panels beyond which a lone tile fetches the next panel while it uses one
PANELS_TOGETHER = 4  # panels that one row meets side by side
ROWS_TOGETHER = 64  # rows of a that meet all panels before the next rows do

_block_size = kernel(block_size)
_tile_rows, _tile_two, _tile_one = map(make_tile, (ROWS, 2, 1))
_tile_far = make_tile(ROWS, fetch_next=True)
# For few rows, panels side by side.
_tile_four, _two_wide, _one_wide = make_tile(4), make_tile(2, 2), make_tile(1, PANELS_TOGETHER)
_edge_rows, _edge_two, _edge_one = map(make_edge, (ROWS, 2, 1))


@kernel
def pack(b):
    """b (k, n) -> panels (ceil(n / N), k, N), zero padded; N columns fill VECTORS registers."""
    k, n = b.shape
    width = PANEL_BYTES // b.itemsize
    panels = np.empty((-(-n // width), k, width), b.dtype)
    pack_into(b, panels)
    return panels


def pack_transposed(b):
    """pack(b.T)"""
    return pack(b.T)


@inlined
def pack_into(b, panels):
    """b (k, n) -> writes panels (ceil(n / N), k, N), zero padded, for any N that block_size divides."""
    _pack_strided_into(strided(b), strided(panels))


@kernel
def _pack_strided_into(b, panels):
    k, n = b.shape
    width, size = panels.shape[2], _block_size(b.itemsize)
    whole = n // width
    rows = 0  # of b that are done by blocks
    if b.strides[1] == b.itemsize:
        rows = k
        for top in range(0, k, PACKED_TOGETHER):
            for j in range(whole):
                for i in range(top, min(k, top + PACKED_TOGETHER)):
                    for first in range(0, width, size):
                        copy_block(b, i, j * width + first, panels, j, i, first)
    elif b.strides[0] == b.itemsize:
        rows = k - k % size
        for j in range(whole):
            for i in range(0, rows, size):
                for first in range(0, width, size):
                    transpose_block(b, i, j * width + first, panels, j, i, first)
    for j in range(panels.shape[0]):
        last = min(n, (j + 1) * width)
        for i in range(rows if j < whole else 0, k):
            for column in range(j * width, last):
                panels[j, i, column - j * width] = b[i, column]
            for column in range(last, (j + 1) * width):
                panels[j, i, column - j * width] = 0


@inlined
def _add_panel(a, tiles, top, bottom, panels, j, out):
    """Adds a @ panels[j] for whole tiles of the rows from top on; tiles (., k, ROWS) holds the first of them."""
    row, column = top, j * panels.shape[2]
    for tile in range(tiles.shape[0]):
        _tile_rows(tiles, tile, panels, j, out, row, column)
        row += ROWS
    if row + ROWS <= bottom < row + 2 * ROWS and panels.size * panels.itemsize > FAR:
        _tile_far(a, row, panels, j, out, row, column)
        row += ROWS
    while row + ROWS <= bottom:
        _tile_rows(a, row, panels, j, out, row, column)
        row += ROWS


@inlined
def _add_few_rows(a, row, bottom, panels, whole, out):
    """Adds rows row..bottom of a, fewer than a tile has, @ the first `whole` panels."""
    width = panels.shape[2]
    while row + 4 <= bottom:
        for j in range(whole):
            _tile_four(a, row, panels, j, out, row, j * width)
        row += 4
    while row + 2 <= bottom:
        for j in range(0, whole - 1, 2):
            _two_wide(a, row, panels, j, out, row, j * width)
        if whole % 2:
            _tile_two(a, row, panels, whole - 1, out, row, (whole - 1) * width)
        row += 2
    if row < bottom:
        for j in range(0, whole - PANELS_TOGETHER + 1, PANELS_TOGETHER):
            _one_wide(a, row, panels, j, out, row, j * width)
        for j in range(whole - whole % PANELS_TOGETHER, whole):
            _tile_one(a, row, panels, j, out, row, j * width)


@inlined
def _add_edge(a, tiles, top, bottom, panels, j, first, out):
    """Adds rows top..bottom of a @ one register's columns of the last panel, from `first` on, as far as out has them."""
    row, column = top, j * panels.shape[2] + first
    count = out.shape[1] - column
    for tile in range(tiles.shape[0]):
        _edge_rows(tiles, tile, panels, j, first, out, row, column, count)
        row += ROWS
    while row + ROWS <= bottom:
        _edge_rows(a, row, panels, j, first, out, row, column, count)
        row += ROWS
    while row + 2 <= bottom:
        _edge_two(a, row, panels, j, first, out, row, column, count)
        row += 2
    if row < bottom:
        _edge_one(a, row, panels, j, first, out, row, column, count)


@inlined
def _pack_tiles(a, n_panels):
    """Whole tiles of a (m, k), packed, where its rows are not contiguous and would be walked for many panels; else none."""
    k = a.shape[1]
    n_tiles = a.shape[0] // ROWS if a.strides[1] != a.itemsize and n_panels > 1 else 0
    tiles = np.empty((n_tiles, k, ROWS), a.dtype)
    pack_into(a[: n_tiles * ROWS].T, tiles)
    return tiles


@inlined
def add_product(a, panels, out):
    """Adds a @ b to out.  a (m, k) of any strides, panels: b (k, n) packed, out (m, n) with contiguous rows."""
    _add_strided_product(strided(a), strided(panels), strided(out))


@kernel
def _add_strided_product(a, panels, out):
    m, n = out.shape
    width = panels.shape[2]
    whole = n // width
    for top in range(0, m, ROWS_TOGETHER):
        bottom = min(m, top + ROWS_TOGETHER)
        tiles = _pack_tiles(a[top:bottom], panels.shape[0])
        for j in range(whole):
            _add_panel(a, tiles, top, bottom, panels, j, out)
        _add_few_rows(a, bottom - (bottom - top) % ROWS, bottom, panels, whole, out)
        for first in range(0, n - whole * width, VECTOR_BYTES // out.itemsize):
            _add_edge(a, tiles, top, bottom, panels, whole, first, out)


@inlined
def add_product_unpacked(a, b, out):
    """Adds a @ b to out, packing b piece by piece.  a (m, k), b (k, n) of any strides, out (m, n) with contiguous rows."""
    _add_strided_unpacked(strided(a), strided(b), strided(out))


@kernel
def _add_strided_unpacked(a, b, out):
    k, n = b.shape
    width = PANEL_BYTES // b.itemsize
    panels = np.empty((-(-n // width), min(k, DEPTH), width), b.dtype)
    for first in range(0, k, DEPTH):
        last = min(k, first + DEPTH)
        if last - first < panels.shape[1]:
            panels = np.empty((panels.shape[0], last - first, width), b.dtype)
        pack_into(b[first:last], panels)
        add_product(a[:, first:last], panels, out)
