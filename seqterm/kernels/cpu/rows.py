"""One row beside a few rows of a table: what word vectors are trained with.

Rows have P numbers, which fill whole blocks of BLOCK_BYTES.  Tables (n, P) come with the numbers of their rows, never as views of
single rows: a view counts as a reference to its table, and threads would fight for the count.  Each intrinsic stands beside a
plain twin.
"""

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from seqterm.kernels.cpu.compile import inlined
from seqterm.kernels.cpu.vector import I64, VECTOR_BYTES, Emitter

BLOCK_BYTES = 64  # a cache line, and whole registers on every processor


def _without_owner(context, builder, kind, value):
    """An array or a tuple of some that counts as nobody's."""
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo, array.parent = (ir.Constant(member.type, None) for member in (array.meminfo, array.parent))
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        members = zip(kind, cgutils.unpack_tuple(builder, value), strict=True)
        return context.make_tuple(builder, kind, [_without_owner(context, builder, k, v) for k, v in members])
    return value


@intrinsic
def _borrow(typingctx, value):
    def emit(context, builder, signature, args):
        return _without_owner(context, builder, signature.args[0], args[0])

    return value(value), emit


# Arrays that a kernel was given, and tuples of them, without counting who holds them: their caller does.
borrow = (lambda value: value) if config.DISABLE_JIT else _borrow


def padded_rows(n, size, dtype):
    """Zeros (n, P) for rows of `size` numbers, each beginning at a cache line."""
    width = -(-size * dtype.itemsize // BLOCK_BYTES) * BLOCK_BYTES
    memory = np.zeros(n * width + BLOCK_BYTES, np.uint8)
    start = -memory.ctypes.data % BLOCK_BYTES
    return memory[start : start + n * width].view(dtype).reshape(n, -1)


def _row(emit, context, args, position, number):
    """Where row `number` of the table at a position of the arguments begins."""
    table, (stride, _), _ = emit.array(args[position], position)
    return emit.at(table, (number, stride))


def _begin(context, builder, signature, args, count):
    """-> emit, the vector type, fma, bytes of a row, row args[1] of args[0], and rows rows[first...] of args[2]."""
    emit = Emitter(context, builder, signature)
    vector = ir.VectorType(emit.dtype, VECTOR_BYTES // emit.size)
    fma = emit.intrinsic(f"llvm.fma.v{vector.count}f{emit.size * 8}", vector, [vector] * 3)
    names, (step,), _ = emit.array(args[3], 3)
    kind = context.get_value_type(signature.args[3].dtype)
    places = [emit.load(emit.at(names, (args[4], step), (i, step)), kind) for i in range(count)]
    rows = [_row(emit, context, args, 2, builder.sext(place, I64) if kind != I64 else place) for place in places]
    _, _, (_, length) = emit.array(args[0], 0)
    return emit, vector, fma, builder.mul(length, I64(emit.size)), _row(emit, context, args, 0, args[1]), rows


def make_dots(count):
    """Build `dots(xs, x, table, rows, first, out)`: writes out[first + i] = xs[x] . table[rows[first + i]] for i below count."""

    def plain(xs, x, table, rows, first, out):
        out[first : first + count] = table[rows[first : first + count]] @ xs[x]

    @intrinsic
    def dots(typingctx, xs, x, table, rows, first, out):
        def emit_dots(context, builder, signature, args):
            emit, vector, fma, n, own, others = _begin(context, builder, signature, args, count)

            def body(k, sums):
                value = emit.load(emit.at(own, (k, 1)), vector)
                pairs = zip(others, sums, strict=True)
                return [builder.call(fma, [value, emit.load(emit.at(row, (k, 1)), vector), s]) for row, s in pairs]

            zero = ir.Constant(vector, [0.0] * vector.count)
            sums = emit.loop(n, VECTOR_BYTES, [zero] * count, body)
            name = f"llvm.vector.reduce.fadd.v{vector.count}f{emit.size * 8}"
            add_up = emit.intrinsic(name, emit.dtype, [emit.dtype, vector])
            out, (step,), _ = emit.array(args[5], 5)
            for i, total in enumerate(sums):
                value = builder.call(add_up, [ir.Constant(emit.dtype, 0.0), total], fastmath=("reassoc",))
                emit.store(value, emit.at(out, (args[4], step), (i, step)))
            return context.get_dummy_value()

        return types.void(xs, types.intp, table, rows, types.intp, out), emit_dots

    return plain if config.DISABLE_JIT else dots


def make_exchange(count):
    """Build `exchange(xs, x, table, rows, first, gains, es)`: for i below count, one after the other, with g = gains[first + i]
    and row = table[rows[first + i]], adds g * row to es[x] and then g * xs[x] to row."""

    def plain(xs, x, table, rows, first, gains, es):
        for i in range(first, first + count):
            es[x] += gains[i] * table[rows[i]]
            table[rows[i]] += gains[i] * xs[x]

    @intrinsic
    def exchange(typingctx, xs, x, table, rows, first, gains, es):
        def emit_exchange(context, builder, signature, args):
            emit, vector, fma, n, own, others = _begin(context, builder, signature, args, count)
            gains, (step,), _ = emit.array(args[5], 5)
            factors = [
                emit.spread(emit.load(emit.at(gains, (args[4], step), (i, step)), emit.dtype), vector.count) for i in range(count)
            ]
            sums = _row(emit, context, args, 6, args[1])

            def body(k, _):
                value, total = emit.load(emit.at(own, (k, 1)), vector), emit.load(emit.at(sums, (k, 1)), vector)
                for row, factor in zip(others, factors, strict=True):
                    place = emit.at(row, (k, 1))
                    other = emit.load(place, vector)
                    total = builder.call(fma, [factor, other, total])
                    emit.store(builder.call(fma, [factor, value, other]), place)
                emit.store(total, emit.at(sums, (k, 1)))
                return []

            emit.loop(n, VECTOR_BYTES, [], body)
            return context.get_dummy_value()

        return types.void(xs, types.intp, table, rows, types.intp, gains, es), emit_exchange

    return plain if config.DISABLE_JIT else exchange


@intrinsic
def _add_row(typingctx, source, i, target, j, factor):
    def emit_add(context, builder, signature, args):
        emit = Emitter(context, builder, signature)
        vector = ir.VectorType(emit.dtype, VECTOR_BYTES // emit.size)
        fma = emit.intrinsic(f"llvm.fma.v{vector.count}f{emit.size * 8}", vector, [vector] * 3)
        _, _, (_, length) = emit.array(args[0], 0)
        begin, end = _row(emit, context, args, 0, args[1]), _row(emit, context, args, 2, args[3])
        spread = emit.spread(args[4], vector.count)

        def body(k, _):
            place = emit.at(end, (k, 1))
            emit.store(builder.call(fma, [spread, emit.load(emit.at(begin, (k, 1)), vector), emit.load(place, vector)]), place)
            return []

        emit.loop(builder.mul(length, I64(emit.size)), VECTOR_BYTES, [], body)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp, source.dtype), emit_add


def _plain_add_row(source, i, target, j, factor):
    target[j] += factor * source[i]


@intrinsic
def _clear_row(typingctx, table, row):
    def emit_clear(context, builder, signature, args):
        emit = Emitter(context, builder, signature)
        vector = ir.VectorType(emit.dtype, VECTOR_BYTES // emit.size)
        _, _, (_, length) = emit.array(args[0], 0)
        start = _row(emit, context, args, 0, args[1])

        def body(k, _):
            emit.store(ir.Constant(vector, [0.0] * vector.count), emit.at(start, (k, 1)))
            return []

        emit.loop(builder.mul(length, I64(emit.size)), VECTOR_BYTES, [], body)
        return context.get_dummy_value()

    return types.void(table, types.intp), emit_clear


def _plain_clear_row(table, row):
    table[row] = 0


@intrinsic
def _fetch(typingctx, table, row):
    def emit_fetch(context, builder, signature, args):
        emit = Emitter(context, builder, signature)
        _, _, (_, length) = emit.array(args[0], 0)
        start = _row(emit, context, args, 0, args[1])
        step = max(1, BLOCK_BYTES // VECTOR_BYTES)

        def body(k, _):
            emit.prefetch(emit.at(start, (k, step)))
            return []

        emit.loop(builder.udiv(builder.mul(length, I64(emit.size)), I64(step)), VECTOR_BYTES, [], body)
        return context.get_dummy_value()

    return types.void(table, types.intp), emit_fetch


def _plain_fetch(table, row):
    """Nothing to wait for."""


# add_row(source, i, target, j, factor): target[j] += factor * source[i];  fetch(table, row): the row is sent for
if config.DISABLE_JIT:
    add_row, clear_row, fetch = _plain_add_row, _plain_clear_row, _plain_fetch
else:
    add_row, clear_row, fetch = _add_row, _clear_row, _fetch
_four_dots, _two_dots, _one_dot = map(make_dots, (4, 2, 1))
_four_exchanges, _two_exchanges, _one_exchange = map(make_exchange, (4, 2, 1))


@inlined
def dots(xs, x, table, rows, first, end, out):
    """Writes out[i] = xs[x] . table[rows[i]] for first <= i < end."""
    i = first
    while i + 4 <= end:
        _four_dots(xs, x, table, rows, i, out)
        i += 4
    while i + 2 <= end:
        _two_dots(xs, x, table, rows, i, out)
        i += 2
    if i < end:
        _one_dot(xs, x, table, rows, i, out)


@inlined
def exchange(xs, x, table, rows, first, end, gains, es):
    """For first <= i < end, one after the other: adds gains[i] * table[rows[i]] to es[x], then gains[i] * xs[x] to that row."""
    i = first
    while i + 4 <= end:
        _four_exchanges(xs, x, table, rows, i, gains, es)
        i += 4
    while i + 2 <= end:
        _two_exchanges(xs, x, table, rows, i, gains, es)
        i += 2
    if i < end:
        _one_exchange(xs, x, table, rows, i, gains, es)
