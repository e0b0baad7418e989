"""Matrix products over packed panels, the one product that every CPU kernel uses.

A recurrent step multiplies few rows by the same weights T times.  BLAS repacks the weights at every call; here they are
packed once into panels of as many columns as two vector registers hold, `panels[j, k, :] = b[k, j*N:(j+1)*N]`, and a
micro-kernel keeps a tile of rows x columns of sums in registers over the whole of k.  Every element of a product is one chain of
fused multiply-adds in the order of k, so a row's result depends neither on how many rows there are nor on where it stands:
drawing ten samples at once gives the same text as drawing one.  (The plain twin, for runs without compiling, promises
the same values, not the same bits.)
"""

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from seqterm.kernels.cpu.compile import kernel

VECTORS = 2  # registers across a panel
DEPTH = 256  # rows of b packed at a time in a one-off product: a panel then fits the first-level cache
ROWS_TOGETHER = 64  # rows of a that meet all panels before the next rows do


def _registers() -> tuple[int, int]:
    """Bytes in a vector register, and tile rows such that sums, weights and one broadcast fit the register file."""
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64, 8
    if features.get("avx2") and features.get("fma"):
        return 32, 4
    return 16, 8 if features.get("neon") else 4


VECTOR_BYTES, ROWS = _registers()
PANEL_BYTES = VECTOR_BYTES * VECTORS


def _make_tile(rows):
    """Build `tile(a, row, panels, panel, out, out_row, out_column)`: adds a[row:row+rows] @ panels[panel] to a tile of out."""

    def plain(a, row, panels, panel, out, out_row, out_column):
        cells = out[out_row : out_row + rows, out_column : out_column + panels.shape[2]]
        cells += a[row : row + rows] @ panels[panel]

    @intrinsic
    def tile(typingctx, a, row, panels, panel, out, out_row, out_column):
        signature = types.void(a, types.intp, panels, types.intp, out, types.intp, types.intp)
        return signature, lambda *arguments: _emit_tile(rows, *arguments)

    return plain if config.DISABLE_JIT else tile


def _emit_tile(rows, context, builder, signature, args):
    a, row, panels, panel, out, out_row, out_column = args
    real = context.get_value_type(signature.args[0].dtype)
    size = signature.args[0].dtype.bitwidth // 8
    width = VECTOR_BYTES // size
    i8, i32, i64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
    vector = ir.VectorType(real, width)
    name = f"llvm.fma.v{width}f{size * 8}"
    fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)

    def array(position, value):
        struct = context.make_array(signature.args[position])(context, builder, value)
        return builder.bitcast(struct.data, i8.as_pointer()), cgutils.unpack_tuple(builder, struct.strides)

    def at(base, *offsets):
        for offset in offsets:
            base = builder.gep(base, [offset])
        return base

    def load(pointer, kind):
        value = builder.load(builder.bitcast(pointer, kind.as_pointer()))
        value.align = size
        return value

    (a, a_strides), (panels, p_strides), (out, o_strides) = array(0, a), array(2, panels), array(4, out)
    depth = cgutils.unpack_tuple(builder, context.make_array(signature.args[2])(context, builder, args[2]).shape)[1]
    a_rows = [at(a, builder.mul(builder.add(row, i64(r)), a_strides[0])) for r in range(rows)]
    weights_base = at(panels, builder.mul(panel, p_strides[0]))
    corner = at(out, builder.mul(out_row, o_strides[0]), builder.mul(out_column, i64(size)))
    cells = [[at(corner, builder.mul(i64(r), o_strides[0]), i64(v * VECTOR_BYTES)) for v in range(VECTORS)] for r in range(rows)]
    sums_before = [[load(cell, vector) for cell in row_cells] for row_cells in cells]

    before, loop, after = builder.block, builder.append_basic_block("k"), builder.append_basic_block("done")
    head = builder.append_basic_block("head")
    builder.branch(head)
    builder.position_at_end(head)
    k = builder.phi(i64)
    k.add_incoming(i64(0), before)
    sums = [[builder.phi(vector) for _ in range(VECTORS)] for _ in range(rows)]
    for r in range(rows):
        for v in range(VECTORS):
            sums[r][v].add_incoming(sums_before[r][v], before)
    builder.cbranch(builder.icmp_signed("<", k, depth), loop, after)

    builder.position_at_end(loop)
    panel_row = at(weights_base, builder.mul(k, i64(PANEL_BYTES)))
    weights = [load(at(panel_row, i64(v * VECTOR_BYTES)), vector) for v in range(VECTORS)]
    a_offset = builder.mul(k, a_strides[1])
    undefined, zeros = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(i32, width), [0] * width)
    for r in range(rows):
        scalar = load(at(a_rows[r], a_offset), real)
        x = builder.shuffle_vector(builder.insert_element(undefined, scalar, i32(0)), undefined, zeros)
        for v in range(VECTORS):
            sums[r][v].add_incoming(builder.call(fma, [x, weights[v], sums[r][v]]), loop)
    k.add_incoming(builder.add(k, i64(1)), loop)
    builder.branch(head)

    builder.position_at_end(after)
    for r in range(rows):
        for v in range(VECTORS):
            builder.store(sums[r][v], builder.bitcast(cells[r][v], vector.as_pointer())).align = size
    return context.get_dummy_value()


_tile_rows, _tile_two, _tile_one = _make_tile(ROWS), _make_tile(2), _make_tile(1)


@kernel
def pack(b):
    """b (k, n) -> panels (ceil(n / N), k, N), zero padded; N columns fill VECTORS registers."""
    k, n = b.shape
    width = PANEL_BYTES // b.itemsize
    panels = np.empty((-(-n // width), k, width), b.dtype)
    _pack_into(b, panels)
    return panels


@kernel
def _pack_into(b, panels):
    k, n = b.shape
    width = panels.shape[2]
    for j in range(panels.shape[0]):
        first = j * width
        last = min(n, first + width)
        for i in range(k):
            row = panels[j, i]
            for column in range(first, last):
                row[column - first] = b[i, column]
            for column in range(last, first + width):
                row[column - first] = 0


@kernel
def _add_panel(a, top, bottom, panels, j, out, out_row, column):
    """Adds rows top..bottom of a @ panels[j] to out from `out_row` and `column` on."""
    row = top
    while row + ROWS <= bottom:
        _tile_rows(a, row, panels, j, out, out_row + row - top, column)
        row += ROWS
    while row + 2 <= bottom:
        _tile_two(a, row, panels, j, out, out_row + row - top, column)
        row += 2
    if row < bottom:
        _tile_one(a, row, panels, j, out, out_row + row - top, column)


@kernel
def add_product(a, panels, out):
    """Adds a @ b to out.  a (m, k) of any strides, panels: b (k, n) packed, out (m, n) with contiguous rows."""
    m, n = out.shape
    width = panels.shape[2]
    whole = n // width
    rest = n - whole * width
    for top in range(0, m, ROWS_TOGETHER):
        bottom = min(m, top + ROWS_TOGETHER)
        for j in range(whole):
            _add_panel(a, top, bottom, panels, j, out, top, j * width)
        if rest:
            edge = np.zeros((bottom - top, width), out.dtype)
            _add_panel(a, top, bottom, panels, whole, edge, 0, 0)
            for row in range(top, bottom):
                for column in range(rest):
                    out[row, whole * width + column] += edge[row - top, column]


@kernel
def add_product_unpacked(a, b, out):
    """Adds a @ b to out, packing b piece by piece.  a (m, k), b (k, n) of any strides, out (m, n) with contiguous rows."""
    k, n = b.shape
    width = PANEL_BYTES // b.itemsize
    panels = np.empty((-(-n // width), min(k, DEPTH), width), b.dtype)
    for first in range(0, k, DEPTH):
        last = min(k, first + DEPTH)
        if last - first < panels.shape[1]:
            panels = np.empty((panels.shape[0], last - first, width), b.dtype)
        _pack_into(b[first:last], panels)
        add_product(a[:, first:last], panels, out)
