"""Vector instructions that Numba's own vectoriser does not find, written as LLVM intrinsics, each beside its plain twin.

The plain twins run without compiling; they promise the same values, not the same bits.
"""

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

VECTORS = 2  # registers across a panel
SCALE_ROWS = 4  # rows of int8 that hold a float32 for each column
I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)

# Feature: bytes in a vector register, and tile rows such that sums, weights and one broadcast fit the register file.
REGISTERS = {"avx512f": (64, 8), "avx2": (32, 4), "neon": (16, 8)}
FEWEST_REGISTERS = (16, 4)


def registers(features: dict[str, bool]) -> tuple[int, int]:
    """(bytes in a vector register, rows of a tile) for a processor with these features, as LLVM names them."""
    return next((sizes for name, sizes in REGISTERS.items() if features.get(name)), FEWEST_REGISTERS)


VECTOR_BYTES, ROWS = registers(llvmlite.binding.get_host_cpu_features())
PANEL_BYTES = VECTOR_BYTES * VECTORS


def block_size(itemsize):
    """Elements that `copy_block` copies; `transpose_block` takes as many rows of as many.  Divides ROWS and a panel's width."""
    return min(ROWS, PANEL_BYTES // itemsize)


class Emitter:
    """Addresses, loads and stores over the arrays that an intrinsic was given, all of the first one's type."""

    def __init__(self, context, builder, signature):
        self._context, self._builder, self._signature = context, builder, signature
        self.dtype = context.get_value_type(signature.args[0].dtype)
        self.size = signature.args[0].dtype.bitwidth // 8

    def intrinsic(self, name, result, arguments):
        return cgutils.get_or_insert_function(self._builder.module, ir.FunctionType(result, arguments), name)

    def array(self, value, position):
        """-> the address of the first element, the strides in bytes, the shape"""
        struct = self._context.make_array(self._signature.args[position])(self._context, self._builder, value)
        address = self._builder.bitcast(struct.data, I8.as_pointer())
        return address, cgutils.unpack_tuple(self._builder, struct.strides), cgutils.unpack_tuple(self._builder, struct.shape)

    def at(self, address, *steps):
        """address + the sum of index * stride over steps (index, stride)."""
        for index, stride in steps:
            index, stride = (I64(x) if isinstance(x, int) else x for x in (index, stride))
            address = self._builder.gep(address, [self._builder.mul(index, stride)])
        return address

    def spread(self, scalar, width):
        """A vector of `width` times the scalar."""
        kind = ir.VectorType(scalar.type, width)
        undefined, zeros = ir.Constant(kind, ir.Undefined), ir.Constant(ir.VectorType(I32, width), [0] * width)
        return self._builder.shuffle_vector(self._builder.insert_element(undefined, scalar, I32(0)), undefined, zeros)

    def lanes_below(self, count, width):
        """Which lanes have a number less than count."""
        lanes = ir.Constant(ir.VectorType(I64, width), list(range(width)))
        return self._builder.icmp_signed("<", lanes, self.spread(count, width))

    def load_weights(self, address, kind, is_rounded):
        if not is_rounded:
            return self.load(address, kind)
        rounded = self._builder.load(self._builder.bitcast(address, ir.VectorType(I8, kind.count).as_pointer()))
        rounded.align = 1
        return self._builder.sitofp(self._builder.sext(rounded, ir.VectorType(I32, kind.count)), kind)

    def load_steps(self, address, kind):
        single = ir.VectorType(ir.FloatType(), kind.count)
        steps = self._builder.load(self._builder.bitcast(address, single.as_pointer()))
        steps.align = 1
        return steps if kind == single else self._builder.fpext(steps, kind)

    def prefetch(self, address):
        """Into the second-level cache; an address where there is nothing does no harm."""
        function = self.intrinsic("llvm.prefetch.p0", ir.VoidType(), [I8.as_pointer(), I32, I32, I32])
        self._builder.call(function, [address, I32(0), I32(2), I32(1)])

    def load(self, address, kind, mask=None):
        pointer = self._builder.bitcast(address, kind.as_pointer())
        if mask is not None:
            name = f"llvm.masked.load.v{kind.count}f{self.size * 8}.p0"
            function = self.intrinsic(name, kind, [pointer.type, I32, mask.type, kind])
            return self._builder.call(function, [pointer, I32(self.size), mask, ir.Constant(kind, [0.0] * kind.count)])
        value = self._builder.load(pointer)
        value.align = self.size
        return value

    def store(self, value, address, mask=None):
        pointer = self._builder.bitcast(address, value.type.as_pointer())
        if mask is not None:
            name = f"llvm.masked.store.v{value.type.count}f{self.size * 8}.p0"
            function = self.intrinsic(name, ir.VoidType(), [value.type, pointer.type, I32, mask.type])
            self._builder.call(function, [value, pointer, I32(self.size), mask])
        else:
            self._builder.store(value, pointer).align = self.size


@intrinsic
def _strided(typingctx, x):
    kind = x.copy(layout="A")

    def codegen(context, builder, signature, args):
        return impl_ret_borrowed(context, builder, kind, args[0])

    return kind(x), codegen


def _plain_strided(x):
    return x


# strided(x): x, its layout forgotten, so that a kernel is compiled once for arrays of all layouts
strided = _plain_strided if config.DISABLE_JIT else _strided


def make_tile(rows, n_panels=1, fetch_next=False):
    """Build `tile(a, row, panels, panel, out, out_row, out_column)`: adds rows x (n_panels * N) elements of a product to out.

    a (m, k), rows from `row` on; or (tiles, k, rows), `row` naming the tile.  panels (n / N, k, N), those from `panel` on; or
    int8 (n / N, k + SCALE_ROWS, N), as `round_panels` makes them.  fetch_next: the panel that follows is fetched meanwhile.
    """

    def plain(a, row, panels, panel, out, out_row, out_column):
        width = panels.shape[2]
        for p in range(n_panels):
            _plain_product(rows, a, row, panels[panel + p], 0, out, out_row, out_column + p * width, width)

    @intrinsic
    def tile(typingctx, a, row, panels, panel, out, out_row, out_column):
        signature = types.void(a, types.intp, panels, types.intp, out, types.intp, types.intp)
        columns = [(p, v) for p in range(n_panels) for v in range(VECTORS)]

        def emit(context, builder, signature, args):
            a, row, panels, panel, out, out_row, out_column = args
            args = a, row, panels, panel, I64(0), out, out_row, out_column, None
            return _emit_tile(rows, columns, fetch_next, context, builder, signature, args)

        return signature, emit

    return plain if config.DISABLE_JIT else tile


def make_edge(rows):
    """Build `edge(a, row, panels, panel, first, out, out_row, out_column, count)`: as a tile of one register's columns.

    The panel's columns from `first` on; beside `count` columns of out, nothing is read or written.
    """

    def plain(a, row, panels, panel, first, out, out_row, out_column, count):
        count = min(count, VECTOR_BYTES // a.itemsize)
        _plain_product(rows, a, row, panels[panel], first, out, out_row, out_column, count)

    @intrinsic
    def edge(typingctx, a, row, panels, panel, first, out, out_row, out_column, count):
        integers = [types.intp] * 3
        signature = types.void(a, types.intp, panels, types.intp, types.intp, out, *integers)
        return signature, lambda *arguments: _emit_tile(rows, [(0, 0)], False, *arguments)

    return plain if config.DISABLE_JIT else edge


def round_panels(panels):
    """panels (n / N, k, N) -> int8 (n / N, k + SCALE_ROWS, N): each column in steps of a 127th of its largest element.

    The last rows hold the columns' steps, N float32.
    """
    steps = np.maximum(np.abs(panels).max(axis=1), np.finfo(np.float32).tiny).astype(np.float32) / np.float32(127)
    rounded = np.rint(panels / steps[:, None]).astype(np.int8)
    return np.concatenate([rounded, steps.view(np.int8).reshape(len(panels), SCALE_ROWS, -1)], axis=1)


def _plain_product(rows, a, row, weights, first, out, out_row, out_column, count):
    block = a[row].T if a.ndim == 3 else a[row : row + rows]
    if weights.dtype == np.int8:
        weights = weights[:-SCALE_ROWS] * np.ascontiguousarray(weights[-SCALE_ROWS:]).view(np.float32).ravel()
    out[out_row : out_row + rows, out_column : out_column + count] += block @ weights[:, first : first + count]


def _emit_tile(rows, columns, fetch_next, context, builder, signature, args):
    """columns: (panel, register in it) of each register across; args: a, row, panels, panel, first column in it, out, out_row,
    out_column, and, for an edge, how many columns of out there are."""
    a, row, panels, panel, first, out, out_row, out_column, count = args
    is_rounded = signature.args[2].dtype == types.int8
    emit = Emitter(context, builder, signature)
    size, width = emit.size, VECTOR_BYTES // emit.size
    stored = 1 if is_rounded else size  # bytes of a weight
    vector = ir.VectorType(emit.dtype, width)
    fma = emit.intrinsic(f"llvm.fma.v{width}f{size * 8}", vector, [vector] * 3)
    mask = None if count is None else emit.lanes_below(count, width)

    a, a_strides, _ = emit.array(a, 0)
    panels, p_strides, (_, depth, _) = emit.array(panels, 2)
    out, o_strides, _ = emit.array(out, 4 if count is None else 5)
    if is_rounded:
        depth = builder.sub(depth, I64(SCALE_ROWS))
    row_stride, k_stride = (a_strides[2], a_strides[1]) if signature.args[0].ndim == 3 else a_strides
    a = emit.at(a, (row, a_strides[0]))
    a_rows = [emit.at(a, (r, row_stride)) for r in range(rows)]
    panels = emit.at(panels, (panel, p_strides[0]))
    weights_at = [emit.at(panels, (p, p_strides[0]), (first, stored), (v, width * stored)) for p, v in columns]
    corner = emit.at(out, (out_row, o_strides[0]), (out_column, size))
    cells = [[emit.at(corner, (r, o_strides[0]), (p * VECTORS + v, VECTOR_BYTES)) for p, v in columns] for r in range(rows)]
    n_sums = range(len(columns))
    zero = ir.Constant(vector, [0.0] * width)
    sums_before = [[zero if is_rounded else emit.load(cell, vector, mask) for cell in row_cells] for row_cells in cells]

    before, loop, after = builder.block, builder.append_basic_block("k"), builder.append_basic_block("done")
    head = builder.append_basic_block("head")
    builder.branch(head)
    builder.position_at_end(head)
    k = builder.phi(I64)
    k.add_incoming(I64(0), before)
    sums = [[builder.phi(vector) for _ in n_sums] for _ in range(rows)]
    for r in range(rows):
        for v in n_sums:
            sums[r][v].add_incoming(sums_before[r][v], before)
    builder.cbranch(builder.icmp_signed("<", k, depth), loop, after)

    builder.position_at_end(loop)
    weights_now = [emit.at(at, (k, VECTORS * width * stored)) for at in weights_at]
    if fetch_next:
        for at in weights_now:
            emit.prefetch(emit.at(at, (I64(1), p_strides[0])))
    weights = [emit.load_weights(at, vector, is_rounded) for at in weights_now]
    for r in range(rows):
        x = emit.spread(emit.load(emit.at(a_rows[r], (k, k_stride)), emit.dtype), width)
        for v in n_sums:
            sums[r][v].add_incoming(builder.call(fma, [x, weights[v], sums[r][v]]), loop)
    k.add_incoming(builder.add(k, I64(1)), loop)
    builder.branch(head)

    builder.position_at_end(after)
    for v, (p, register) in zip(n_sums, columns, strict=True):
        if is_rounded:
            lane = builder.add(first, I64(register * width))
            steps = emit.load_steps(emit.at(panels, (p, p_strides[0]), (depth, p_strides[1]), (lane, 4)), vector)
        for r in range(rows):
            total = sums[r][v]
            if is_rounded:
                total = builder.call(fma, [total, steps, emit.load(cells[r][v], vector, mask)])
            emit.store(total, cells[r][v], mask)
    return context.get_dummy_value()


def _block(shape_of_source, plain):
    """Build `block(b, i, column, panels, j, k, first)`: a block of b from [i, column] on into panels from [j, k, first] on."""

    @intrinsic
    def block(typingctx, b, i, column, panels, j, k, first):
        signature = types.void(b, types.intp, types.intp, panels, types.intp, types.intp, types.intp)
        return signature, lambda *arguments: _emit_block(shape_of_source, *arguments)

    return plain if config.DISABLE_JIT else block


def _emit_block(transposed, context, builder, signature, args):
    emit = Emitter(context, builder, signature)
    n = block_size(emit.size)
    vector = ir.VectorType(emit.dtype, n)
    (b, b_strides, _), (panels, p_strides, _) = emit.array(args[0], 0), emit.array(args[3], 3)
    source = emit.at(b, (args[1], b_strides[0]), (args[2], b_strides[1]))
    target = emit.at(panels, (args[4], p_strides[0]), (args[5], p_strides[1]), (args[6], emit.size))
    count = n if transposed else 1
    vectors = [emit.load(emit.at(source, (r, b_strides[1])), vector) for r in range(count)]
    if transposed:
        vectors = _transpose(builder, vectors)
    for r in range(count):
        emit.store(vectors[r], emit.at(target, (r, p_strides[1])))
    return context.get_dummy_value()


def _transpose(builder, vectors):
    """n vectors of n: swaps ever smaller blocks beside the diagonal, half of n x n first."""
    n = len(vectors)
    vectors = list(vectors)
    distance = n // 2
    while distance:
        upper = [c if not c & distance else n + c - distance for c in range(n)]
        lower = [c + distance if not c & distance else n + c for c in range(n)]
        for r in range(n):
            if not r & distance:
                pair = vectors[r], vectors[r + distance]
                for place, picks in ((r, upper), (r + distance, lower)):
                    mask = ir.Constant(ir.VectorType(I32, n), picks)
                    vectors[place] = builder.shuffle_vector(*pair, mask)
        distance //= 2
    return vectors


def _plain_copy(b, i, column, panels, j, k, first):
    n = block_size(b.itemsize)
    panels[j, k, first : first + n] = b[i, column : column + n]


def _plain_transpose(b, i, column, panels, j, k, first):
    n = block_size(b.itemsize)
    panels[j, k : k + n, first : first + n] = b[i : i + n, column : column + n]


copy_block = _block(False, _plain_copy)  # one row of b, whose elements stand side by side
transpose_block = _block(True, _plain_transpose)  # block_size rows of b, whose columns' elements stand side by side


@intrinsic
def _fetch_item(typingctx, array, i):
    def emit_fetch(context, builder, signature, args):
        emit = Emitter(context, builder, signature)
        address, (stride,), _ = emit.array(args[0], 0)
        emit.prefetch(emit.at(address, (args[1], stride)))
        return context.get_dummy_value()

    return types.void(array, types.intp), emit_fetch


def _plain_fetch_item(array, i):
    """Nothing to wait for."""


# fetch_item(array, i): array[i] is sent for
fetch_item = _plain_fetch_item if config.DISABLE_JIT else _fetch_item
