"""Vector instructions that Numba's own vectoriser does not find, written as LLVM intrinsics, each beside its plain twin.

The plain twins run without compiling; they promise the same values, not the same bits.
"""

import itertools

import llvmlite.binding
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

VECTORS = 2  # registers across a panel
I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)

# Feature: bytes in a vector register, and tile rows such that sums, weights and one broadcast fit the register file.
REGISTERS = {"avx512f": (64, 8), "avx2": (32, 4), "neon": (16, 8)}
FEWEST_REGISTERS = (16, 4)


def registers(features: dict[str, bool]) -> tuple[int, int]:
    """(bytes in a vector register, rows of a tile) for a processor with these features, as LLVM names them."""
    return next((sizes for name, sizes in REGISTERS.items() if features.get(name)), FEWEST_REGISTERS)


# What may be compiled for: nothing is known of a processor that NUMBA_CPU_NAME names.
FEATURES = {} if config.CPU_NAME else llvmlite.binding.get_host_cpu_features()
VECTOR_BYTES, ROWS = registers(FEATURES)
PANEL_BYTES = VECTOR_BYTES * VECTORS


def block_size(itemsize):
    """Elements that `copy_block` copies; `transpose_block` takes as many rows of as many.  Divides ROWS and a panel's width."""
    return min(ROWS, PANEL_BYTES // itemsize)


class Emitter:
    """Addresses, loads and stores over the arrays that an intrinsic was given, all of the first one's type."""

    def __init__(self, context, builder, signature):
        self._context, self.builder, self._signature = context, builder, signature
        self.dtype = context.get_value_type(signature.args[0].dtype)
        self.size = signature.args[0].dtype.bitwidth // 8

    def intrinsic(self, name, result, arguments):
        return cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(result, arguments), name)

    def array(self, value, position):
        """-> the address of the first element, the strides in bytes, the shape"""
        struct = self._context.make_array(self._signature.args[position])(self._context, self.builder, value)
        address = self.builder.bitcast(struct.data, I8.as_pointer())
        return address, cgutils.unpack_tuple(self.builder, struct.strides), cgutils.unpack_tuple(self.builder, struct.shape)

    def at(self, address, *steps):
        """address + the sum of index * stride over steps (index, stride)."""
        for index, stride in steps:
            index, stride = (I64(x) if isinstance(x, int) else x for x in (index, stride))
            address = self.builder.gep(address, [self.builder.mul(index, stride)])
        return address

    def spread(self, scalar, width):
        """A vector of `width` times the scalar."""
        kind = ir.VectorType(scalar.type, width)
        undefined, zeros = ir.Constant(kind, ir.Undefined), ir.Constant(ir.VectorType(I32, width), [0] * width)
        return self.builder.shuffle_vector(self.builder.insert_element(undefined, scalar, I32(0)), undefined, zeros)

    def lanes_below(self, count, width):
        """Which lanes have a number less than count."""
        lanes = ir.Constant(ir.VectorType(I64, width), list(range(width)))
        return self.builder.icmp_signed("<", lanes, self.spread(count, width))

    def prefetch(self, address):
        """Into the second-level cache; an address where there is nothing does no harm."""
        function = self.intrinsic("llvm.prefetch.p0", ir.VoidType(), [I8.as_pointer(), I32, I32, I32])
        self.builder.call(function, [address, I32(0), I32(2), I32(1)])

    def load(self, address, kind, mask=None):
        pointer = self.builder.bitcast(address, kind.as_pointer())
        if mask is not None:
            name = f"llvm.masked.load.v{kind.count}f{self.size * 8}.p0"
            function = self.intrinsic(name, kind, [pointer.type, I32, mask.type, kind])
            return self.builder.call(function, [pointer, I32(self.size), mask, ir.Constant(kind, [0.0] * kind.count)])
        value = self.builder.load(pointer)
        value.align = self.size
        return value

    def store(self, value, address, mask=None):
        pointer = self.builder.bitcast(address, value.type.as_pointer())
        if mask is not None:
            name = f"llvm.masked.store.v{value.type.count}f{self.size * 8}.p0"
            function = self.intrinsic(name, ir.VoidType(), [value.type, pointer.type, I32, mask.type])
            self.builder.call(function, [value, pointer, I32(self.size), mask])
        else:
            self.builder.store(value, pointer).align = self.size

    def loop(self, n, step, carried, body):
        """Runs body(k, values) -> values for k = 0, step, ... below n; returns the last values."""
        builder, before = self.builder, self.builder.block
        head, inside, after = (builder.append_basic_block(name) for name in ("head", "body", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        k = builder.phi(I64)
        k.add_incoming(I64(0), before)
        values = [builder.phi(value.type) for value in carried]
        for phi, value in zip(values, carried, strict=True):
            phi.add_incoming(value, before)
        builder.cbranch(builder.icmp_signed("<", k, n), inside, after)
        builder.position_at_end(inside)
        following = body(k, values)
        for phi, value in zip(values, following, strict=True):
            phi.add_incoming(value, builder.block)
        k.add_incoming(builder.add(k, I64(step)), builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return values


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

    a (m, k), rows from `row` on; or (tiles, k, rows), `row` naming the tile.  panels (n / N, k, N), those from `panel` on.
    fetch_next: the panel that follows is fetched meanwhile.
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


def _plain_product(rows, a, row, weights, first, out, out_row, out_column, count):
    block = a[row].T if a.ndim == 3 else a[row : row + rows]
    out[out_row : out_row + rows, out_column : out_column + count] += block @ weights[:, first : first + count]


def _emit_tile(rows, columns, fetch_next, context, builder, signature, args):
    """columns: (panel, register in it) of each register across; args: a, row, panels, panel, first column in it, out, out_row,
    out_column, and, for an edge, how many columns of out there are."""
    a, row, panels, panel, first, out, out_row, out_column, count = args
    emit = Emitter(context, builder, signature)
    size, width = emit.size, VECTOR_BYTES // emit.size
    vector = ir.VectorType(emit.dtype, width)
    fma = emit.intrinsic(f"llvm.fma.v{width}f{size * 8}", vector, [vector] * 3)
    mask = None if count is None else emit.lanes_below(count, width)

    a, a_strides, _ = emit.array(a, 0)
    panels, p_strides, (_, depth, _) = emit.array(panels, 2)
    out, o_strides, _ = emit.array(out, 4 if count is None else 5)
    row_stride, k_stride = (a_strides[2], a_strides[1]) if signature.args[0].ndim == 3 else a_strides
    a = emit.at(a, (row, a_strides[0]))
    a_rows = [emit.at(a, (r, row_stride)) for r in range(rows)]
    panels = emit.at(panels, (panel, p_strides[0]))
    weights_at = [emit.at(panels, (p, p_strides[0]), (first, size), (v, VECTOR_BYTES)) for p, v in columns]
    corner = emit.at(out, (out_row, o_strides[0]), (out_column, size))
    cells = [emit.at(corner, (r, o_strides[0]), (p * VECTORS + v, VECTOR_BYTES)) for r in range(rows) for p, v in columns]

    def add_products(k, sums):
        weights_now = [emit.at(at, (k, PANEL_BYTES)) for at in weights_at]
        if fetch_next:
            for at in weights_now:
                emit.prefetch(emit.at(at, (I64(1), p_strides[0])))
        weights = [emit.load(at, vector) for at in weights_now]
        numbers = [emit.spread(emit.load(emit.at(a_row, (k, k_stride)), emit.dtype), width) for a_row in a_rows]
        pairs = itertools.product(numbers, weights)
        return [builder.call(fma, [x, w, total]) for (x, w), total in zip(pairs, sums, strict=True)]

    sums = emit.loop(depth, 1, [emit.load(cell, vector, mask) for cell in cells], add_products)
    for total, cell in zip(sums, cells, strict=True):
        emit.store(total, cell, mask)
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
