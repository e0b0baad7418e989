"""What Numba has no word for: loads without a test, of four numbers, or past a cache, and the two halves of a barrier between
blocks.

`arrive` releases and `arrived` acquires at the scope of the device, so that whoever has seen a block arrive sees what it had
written.  `sync` of cuda.cg does as much for the whole grid, with a call into a library; these let groups of blocks go on without
the others, and let a block do something useful between its arrival and its wait.
"""

import threading
import time

from llvmlite import ir
from numba import types

from seqterm.kernels.cuda.compile import SIMULATED

WIDTH = 4  # numbers that one load brings
ARRIVE = "red.release.gpu.global.add.s32 [$0], 1;", "l,~{memory}"
FETCH = "prefetch.global.L2 [$0];", "l"
ARRIVED = "ld.acquire.gpu.global.s32 $0, [$1];", "=r,l,~{memory}"
LATEST = {
    32: ("ld.relaxed.gpu.global.f32 $0, [$1];", "=f,l,~{memory}"),
    64: ("ld.relaxed.gpu.global.f64 $0, [$1];", "=d,l,~{memory}"),
}

_lock = threading.Lock()


def _plain_one(x, i):
    return x[i]


def _plain_four(x, i):
    return x[i], x[i + 1], x[i + 2], x[i + 3]


def _plain_latest(x, row, column):
    return x[row, column]


def _plain_arrive(meeting, i):
    with _lock:
        meeting[i] += 1


def _plain_arrived(meeting, i):
    time.sleep(1e-4)
    return meeting[i]


def _plain_fetch(x, i):
    pass


def _plain_together():
    pass


if SIMULATED:
    one, four, fetch, arrive, arrived = _plain_one, _plain_four, _plain_fetch, _plain_arrive, _plain_arrived
    latest, together = _plain_latest, _plain_together
else:
    from numba.cuda import cgutils
    from numba.cuda.extending import intrinsic

    def _address(context, builder, array_type, args):
        return builder.gep(context.make_array(array_type)(context, builder, args[0]).data, [args[1]])

    @intrinsic
    def one(typingctx, x, i):
        """x[i]; i is not negative, which Numba would have to see for itself."""

        def codegen(context, builder, signature, args):
            return builder.load(_address(context, builder, x, args))

        return x.dtype(x, types.intp), codegen

    @intrinsic
    def four(typingctx, x, i):
        """(x[i], ..., x[i+3]); i is a multiple of four, and x begins at a multiple of 16 bytes."""

        def codegen(context, builder, signature, args):
            vector_type = ir.VectorType(context.get_value_type(x.dtype), WIDTH)
            vector = builder.load(builder.bitcast(_address(context, builder, x, args), vector_type.as_pointer()))
            vector.align = 16
            items = [builder.extract_element(vector, ir.Constant(ir.IntType(32), k)) for k in range(WIDTH)]
            return context.make_tuple(builder, signature.return_type, items)

        return types.UniTuple(x.dtype, WIDTH)(x, types.intp), codegen

    @intrinsic
    def latest(typingctx, x, row, column):
        """x[row, column], neither negative, as other blocks have left it: a multiprocessor's own cache knows nothing of them."""

        def codegen(context, builder, signature, args):
            array = context.make_array(x)(context, builder, args[0])
            address = cgutils.get_item_pointer(context, builder, x, array, args[1:])
            function = ir.FunctionType(context.get_value_type(x.dtype), [address.type])
            return builder.call(ir.InlineAsm(function, *LATEST[x.dtype.bitwidth], side_effect=True), [address])

        return x.dtype(x, types.intp, types.intp), codegen

    def _call(builder, assembly, address):
        function = ir.FunctionType(ir.VoidType(), [address.type])
        builder.call(ir.InlineAsm(function, *assembly, side_effect=True), [address])

    @intrinsic
    def fetch(typingctx, x, i):
        """Begins to bring element i, counted through all dimensions, into the second-level cache."""

        def codegen(context, builder, signature, args):
            _call(builder, FETCH, _address(context, builder, x, args))
            return context.get_dummy_value()

        return types.void(x, types.intp), codegen

    @intrinsic
    def arrive(typingctx, meeting, i):
        """Adds one to meeting[i], int32, for all blocks to see, and before it what this thread has seen written."""

        def codegen(context, builder, signature, args):
            _call(builder, ARRIVE, _address(context, builder, meeting, args))
            return context.get_dummy_value()

        return types.void(meeting, types.intp), codegen

    @intrinsic
    def arrived(typingctx, meeting, i):
        """meeting[i], int32, as it is now."""

        def codegen(context, builder, signature, args):
            address = _address(context, builder, meeting, args)
            function = ir.FunctionType(ir.IntType(32), [address.type])
            return builder.call(ir.InlineAsm(function, *ARRIVED, side_effect=True), [address])

        return types.int32(meeting, types.intp), codegen

    @intrinsic
    def together(typingctx):
        """A kernel that says so is launched with all its blocks at once, or with an error, as if it used cuda.cg."""

        def codegen(context, builder, signature, args):
            context.active_code_library.use_cooperative = True
            return context.get_dummy_value()

        return types.void(), codegen
