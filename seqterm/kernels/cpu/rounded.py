"""Products with weights rounded to int8, summed in whole numbers.

A column of weights is a whole number of steps, a 127th of its largest element; a row that meets them is made one of as many
steps as fit 15 bits, and fewer where sums over k would not fit an int32.  Sums are exact, so no result depends on how work is
shared out.  Rows k and k + 1 of a panel stand interleaved: processors multiply int16 in pairs and add each pair.
"""

import math

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.extending import intrinsic, overload

from seqterm.kernels.cpu.compile import inlined, kernel
from seqterm.kernels.cpu.product import PANELS_TOGETHER, add_product
from seqterm.kernels.cpu.vector import FEATURES, I8, I32, I64, VECTOR_BYTES, VECTORS, Emitter, strided

SCALE_ROWS = 4  # rows of int8 that hold a float32 for each column
BITS = 14  # of a row's largest number; its sign is another
SUM_BITS = 24  # of an int32, without the sign, and without those of a weight
SMALLEST = -100  # exponent of a row's largest number below which all of it is rounded to nothing
I16 = ir.IntType(16)

# Bits of a register: the feature that multiplies pairs of int16 in it and adds each pair, and the instruction.
PAIRS = {
    512: ("avx512bw", "llvm.x86.avx512.pmaddw.d.512"),
    256: ("avx2", "llvm.x86.avx2.pmadd.wd"),
    128: ("sse2", "llvm.x86.sse2.pmadd.wd"),
}


def round_panels(panels):
    """panels (n / N, k, N) -> int8 (n / N, K + SCALE_ROWS, N), K being k or the even number above.

    Two rows hold N pairs of elements below one another; the last rows hold the columns' steps, N float32.
    """
    n_panels, k, width = panels.shape
    steps = np.maximum(np.abs(panels).max(axis=1), np.finfo(np.float32).tiny).astype(np.float32) / np.float32(127)
    rounded = np.pad(np.rint(panels / steps[:, None]).astype(np.int8), ((0, 0), (0, k % 2), (0, 0)))
    pairs = rounded.reshape(n_panels, -1, 2, width).swapaxes(2, 3).reshape(n_panels, -1, width)
    return np.concatenate([pairs, steps.view(np.int8).reshape(n_panels, SCALE_ROWS, -1)], axis=1)


def make_rounded_tile(rows, n_panels=1):
    """Build `tile(out, a, steps, row, panels, panel)`: adds rows of a product with n_panels panels to out.

    out (m, n); a (m, K) int16 in steps (m,), as `round_rows` makes them.
    """

    def plain(out, a, steps, row, panels, panel):
        depth, width = panels.shape[1] - SCALE_ROWS, panels.shape[2]
        for p in range(panel, panel + n_panels):
            weights = panels[p, :depth].reshape(-1, width, 2).swapaxes(1, 2).reshape(depth, width)
            sums = a[row : row + rows].astype(np.int32) @ weights.astype(np.int32)
            sizes = steps[row : row + rows, None] * np.ascontiguousarray(panels[p, depth:]).view(np.float32).ravel()
            part = out[row : row + rows, p * width : (p + 1) * width]
            part += (sums * sizes)[:, : part.shape[1]]

    @intrinsic
    def tile(typingctx, out, a, steps, row, panels, panel):
        signature = types.void(out, a, steps, types.intp, panels, types.intp)
        return signature, lambda *arguments: _emit_tile(rows, n_panels, *arguments)

    return plain if config.DISABLE_JIT else tile


def _emit_tile(rows, n_panels, context, builder, signature, args):
    out, a, steps, row, panels, panel = args
    emit = Emitter(context, builder, signature)
    width = VECTOR_BYTES // emit.size
    registers = [(p, v) for p in range(n_panels) for v in range(VECTORS)]
    kind, sums_kind = ir.VectorType(emit.dtype, width), ir.VectorType(I32, width)

    out, out_strides, (_, count) = emit.array(out, 0)
    a, a_strides, (_, depth) = emit.array(a, 1)
    steps, step_strides, _ = emit.array(steps, 2)
    panels, strides, _ = emit.array(panels, 4)
    a_rows = [emit.at(a, (row, a_strides[0]), (r, a_strides[0])) for r in range(rows)]
    starts = [emit.at(panels, (panel, strides[0]), (p, strides[0])) for p in range(n_panels)]

    def add_pairs(k, sums):
        weights = [_load_pairs(emit, emit.at(starts[p], (k, VECTORS * width), (v, 2 * width)), width) for p, v in registers]
        numbers = [_spread_pair(emit, emit.at(a_row, (k, 2)), width) for a_row in a_rows]
        products = [_add_in_pairs(emit, pair, weight) for pair in numbers for weight in weights]
        return [builder.add(total, each) for total, each in zip(sums, products, strict=True)]

    sums = emit.loop(depth, 2, [ir.Constant(sums_kind, [0] * width)] * (rows * len(registers)), add_pairs)
    fma = emit.intrinsic(f"llvm.fma.v{width}f{emit.size * 8}", kind, [kind] * 3)
    for i, total in enumerate(sums):
        r, (p, v) = i // len(registers), registers[i % len(registers)]
        number = builder.add(panel, I64(p))
        column = builder.add(builder.mul(number, I64(VECTORS * width)), I64(v * width))
        cell = emit.at(out, (row, out_strides[0]), (r, out_strides[0]), (column, emit.size))
        mask = emit.lanes_below(builder.sub(count, column), width)
        of_row = emit.load(emit.at(steps, (row, step_strides[0]), (r, step_strides[0])), emit.dtype)
        of_columns = _load_steps(emit, emit.at(starts[p], (depth, strides[1]), (v, 4 * width)), kind)
        size = builder.fmul(emit.spread(of_row, width), of_columns)
        emit.store(builder.call(fma, [builder.sitofp(total, kind), size, emit.load(cell, kind, mask)]), cell, mask)
    return context.get_dummy_value()


def _load_pairs(emit, address, width):
    """A register of int16 from int8."""
    small = emit.builder.load(emit.builder.bitcast(address, ir.VectorType(I8, 2 * width).as_pointer()))
    small.align = 1
    return emit.builder.sext(small, ir.VectorType(I16, 2 * width))


def _spread_pair(emit, address, width):
    """`width` times the pair of int16 at an address."""
    pair = emit.builder.load(emit.builder.bitcast(address, I32.as_pointer()))
    pair.align = 2
    return emit.builder.bitcast(emit.spread(pair, width), ir.VectorType(I16, 2 * width))


def _load_steps(emit, address, kind):
    single = ir.VectorType(ir.FloatType(), kind.count)
    steps = emit.builder.load(emit.builder.bitcast(address, single.as_pointer()))
    steps.align = 1
    return steps if kind == single else emit.builder.fpext(steps, kind)


def _add_in_pairs(emit, x, y):
    """x, y of 2n int16 -> n int32: products of two neighbours, added."""
    width = x.type.count // 2
    kind = ir.VectorType(I32, width)
    feature, name = PAIRS.get(32 * width, ("", ""))
    if FEATURES.get(feature):
        return emit.builder.call(emit.intrinsic(name, kind, [x.type, y.type]), [x, y])
    wide = ir.VectorType(I32, 2 * width)
    products = emit.builder.mul(emit.builder.sext(x, wide), emit.builder.sext(y, wide))
    first, second = (ir.Constant(kind, list(range(start, 2 * width, 2))) for start in (0, 1))
    nothing = ir.Constant(wide, ir.Undefined)
    return emit.builder.add(*(emit.builder.shuffle_vector(products, nothing, places) for places in (first, second)))


_tile_four, _tile_one = make_rounded_tile(4), make_rounded_tile(1)
_one_wide = make_rounded_tile(1, PANELS_TOGETHER)


@kernel
def round_rows(a, depth):
    """a (m, k) -> whole numbers (m, depth) int16, zeros beyond k, and their steps (m,): powers of two, so that what has few bits
    is not changed; NaN for a row that is not finite."""
    m, k = a.shape
    bits = BITS
    while depth > 1 << (SUM_BITS - bits):
        bits -= 1
    rounded, steps = np.zeros((m, depth), np.int16), np.empty(m, a.dtype)
    for i in range(m):
        largest = finite = a.dtype.type(0)
        for j in range(k):
            largest = max(largest, abs(a[i, j]))
            finite += a[i, j] * 0
        if finite != 0:
            steps[i] = np.nan
            continue
        exponent = max(math.frexp(largest)[1], SMALLEST) - bits
        steps[i] = math.ldexp(1.0, exponent)
        inverse = a.dtype.type(math.ldexp(1.0, -exponent))
        for j in range(k):
            rounded[i, j] = np.int16(np.rint(a[i, j] * inverse))
    return rounded, steps


@inlined
def add_rounded_product(a, panels, out):
    """Adds a @ b to out.  a (m, k) of any strides, panels: b (k, n) rounded, out (m, n) with contiguous rows."""
    _add_strided_product(strided(a), panels, strided(out))


@kernel
def _add_strided_product(a, panels, out):
    m, n = out.shape
    rounded, steps = round_rows(a, panels.shape[1] - SCALE_ROWS)
    wide = n // panels.shape[2] // PANELS_TOGETHER * PANELS_TOGETHER
    row = 0
    while row + 4 <= m:
        for j in range(panels.shape[0]):
            _tile_four(out, rounded, steps, row, panels, j)
        row += 4
    while row < m:
        for j in range(0, wide, PANELS_TOGETHER):
            _one_wide(out, rounded, steps, row, panels, j)
        for j in range(wide, panels.shape[0]):
            _tile_one(out, rounded, steps, row, panels, j)
        row += 1


def add_any_product(a, panels, out):
    """add_rounded_product where the panels are rounded, else add_product."""
    (add_rounded_product if panels.dtype == np.int8 else add_product)(a, panels, out)


@overload(add_any_product)
def _choose_product(a, panels, out):
    multiply = add_rounded_product if panels.dtype == types.int8 else add_product
    return lambda a, panels, out: multiply(a, panels, out)
