"""Vector instructions that Numba's own vectoriser does not find, written as LLVM intrinsics, each beside its plain twin.

The plain twins run without compiling; they promise the same values, not the same bits.
"""

import llvmlite.binding
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

VECTORS = 2  # registers across a panel
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


class _Emitter:
    """Addresses, loads and stores over the arrays that an intrinsic was given."""

    def __init__(self, context, builder, signature, args):
        self._context, self._builder, self._signature, self._args = context, builder, signature, args
        self.dtype = context.get_value_type(signature.args[0].dtype)
        self.size = signature.args[0].dtype.bitwidth // 8

    def array(self, position):
        """-> the address of the first element, the strides in bytes, the shape"""
        struct = self._context.make_array(self._signature.args[position])(self._context, self._builder, self._args[position])
        address = self._builder.bitcast(struct.data, I8.as_pointer())
        return address, cgutils.unpack_tuple(self._builder, struct.strides), cgutils.unpack_tuple(self._builder, struct.shape)

    def at(self, address, *steps):
        """address + the sum of index * stride over steps (index, stride); a plain number counts bytes."""
        for index, stride in steps:
            index, stride = (I64(x) if isinstance(x, int) else x for x in (index, stride))
            address = self._builder.gep(address, [self._builder.mul(index, stride)])
        return address

    def load(self, address, kind):
        value = self._builder.load(self._builder.bitcast(address, kind.as_pointer()))
        value.align = self.size
        return value

    def store(self, value, address):
        self._builder.store(value, self._builder.bitcast(address, value.type.as_pointer())).align = self.size


def make_tile(rows, vectors):
    """Build `tile(a, row, panels, panel, out, out_row, out_column)`: adds rows x columns of a product to a tile of out.

    a (m, k), rows from `row` on; or (tiles, k, rows), `row` naming the tile.  panels (n / N, k, N), of whose N columns the first
    `vectors` registers' worth count.
    """

    def plain(a, row, panels, panel, out, out_row, out_column):
        block = a[row].T if a.ndim == 3 else a[row : row + rows]
        columns = vectors * VECTOR_BYTES // panels.itemsize
        cells = out[out_row : out_row + rows, out_column : out_column + columns]
        cells += block @ panels[panel, :, : cells.shape[1]]

    @intrinsic
    def tile(typingctx, a, row, panels, panel, out, out_row, out_column):
        signature = types.void(a, types.intp, panels, types.intp, out, types.intp, types.intp)
        return signature, lambda *arguments: _emit_tile(rows, vectors, *arguments)

    return plain if config.DISABLE_JIT else tile


def _emit_tile(rows, vectors, context, builder, signature, args):
    emit = _Emitter(context, builder, signature, args)
    size, width = emit.size, VECTOR_BYTES // emit.size
    vector = ir.VectorType(emit.dtype, width)
    name = f"llvm.fma.v{width}f{size * 8}"
    fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)

    (a, a_strides, _), (panels, p_strides, p_shape), (out, o_strides, _) = emit.array(0), emit.array(2), emit.array(4)
    first = emit.at(a, (args[1], a_strides[0]))
    row_stride, k_stride = (a_strides[2], a_strides[1]) if signature.args[0].ndim == 3 else a_strides
    a_rows = [emit.at(first, (r, row_stride)) for r in range(rows)]
    weights_base = emit.at(panels, (args[3], p_strides[0]))
    corner = emit.at(out, (args[5], o_strides[0]), (args[6], size))
    cells = [[emit.at(corner, (r, o_strides[0]), (v, VECTOR_BYTES)) for v in range(vectors)] for r in range(rows)]
    sums_before = [[emit.load(cell, vector) for cell in row_cells] for row_cells in cells]

    before, loop, after = builder.block, builder.append_basic_block("k"), builder.append_basic_block("done")
    head = builder.append_basic_block("head")
    builder.branch(head)
    builder.position_at_end(head)
    k = builder.phi(I64)
    k.add_incoming(I64(0), before)
    sums = [[builder.phi(vector) for _ in range(vectors)] for _ in range(rows)]
    for r in range(rows):
        for v in range(vectors):
            sums[r][v].add_incoming(sums_before[r][v], before)
    builder.cbranch(builder.icmp_signed("<", k, p_shape[1]), loop, after)

    builder.position_at_end(loop)
    panel_row = emit.at(weights_base, (k, PANEL_BYTES))
    weights = [emit.load(emit.at(panel_row, (v, VECTOR_BYTES)), vector) for v in range(vectors)]
    undefined, zeros = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(I32, width), [0] * width)
    for r in range(rows):
        scalar = emit.load(emit.at(a_rows[r], (k, k_stride)), emit.dtype)
        x = builder.shuffle_vector(builder.insert_element(undefined, scalar, I32(0)), undefined, zeros)
        for v in range(vectors):
            sums[r][v].add_incoming(builder.call(fma, [x, weights[v], sums[r][v]]), loop)
    k.add_incoming(builder.add(k, I64(1)), loop)
    builder.branch(head)

    builder.position_at_end(after)
    for r in range(rows):
        for v in range(vectors):
            emit.store(sums[r][v], cells[r][v])
    return context.get_dummy_value()


def _block(shape_of_source, plain):
    """Build `block(b, i, column, panels, j, k, first)`: a block of b from [i, column] on into panels from [j, k, first] on."""

    @intrinsic
    def block(typingctx, b, i, column, panels, j, k, first):
        signature = types.void(b, types.intp, types.intp, panels, types.intp, types.intp, types.intp)
        return signature, lambda *arguments: _emit_block(shape_of_source, *arguments)

    return plain if config.DISABLE_JIT else block


def _emit_block(transposed, context, builder, signature, args):
    emit = _Emitter(context, builder, signature, args)
    n = block_size(emit.size)
    vector = ir.VectorType(emit.dtype, n)
    (b, b_strides, _), (panels, p_strides, _) = emit.array(0), emit.array(3)
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
