"""Denormal numbers make a recurrent step ten times slower; a thread that computes flushes them to zero."""

import platform

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from seqterm.kernels.cpu.compile import kernel

X86_FLUSH = 0x8040  # MXCSR: flush-to-zero, denormals-are-zero
ARM_FLUSH = 1 << 24  # FPCR: flush-to-zero


@intrinsic
def _exchange_control_register(typingctx, value, flush):
    """The processor's control word is set to value, or, with `flush`, told to flush denormals; -> the word before."""

    def codegen(context, builder, signature, args):
        machine, kind = platform.machine().lower(), ir.IntType(64)
        if machine in ("x86_64", "amd64"):
            return exchange_x86(builder, *args)
        if machine in ("aarch64", "arm64"):
            get = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, []), "llvm.aarch64.get.fpcr")
            put = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), [kind]), "llvm.aarch64.set.fpcr")
            before = builder.call(get, [])
            builder.call(put, [builder.select(args[1], builder.or_(before, kind(ARM_FLUSH)), args[0])])
            return before
        return kind(0)

    def exchange_x86(builder, value, flush):
        narrow, wide, pointer = ir.IntType(32), ir.IntType(64), ir.IntType(8).as_pointer()
        function_type = ir.FunctionType(ir.VoidType(), [pointer])
        store = cgutils.get_or_insert_function(builder.module, function_type, "llvm.x86.sse.stmxcsr")
        load = cgutils.get_or_insert_function(builder.module, function_type, "llvm.x86.sse.ldmxcsr")
        cell = cgutils.alloca_once(builder, narrow)
        builder.call(store, [builder.bitcast(cell, pointer)])
        before = builder.load(cell)
        builder.store(builder.select(flush, builder.or_(before, narrow(X86_FLUSH)), builder.trunc(value, narrow)), cell)
        builder.call(load, [builder.bitcast(cell, pointer)])
        return builder.zext(before, wide)

    return types.int64(types.int64, types.boolean), codegen


@kernel
def _exchange(value, flush):
    return _exchange_control_register(value, flush)


def flush_denormals() -> int:
    """For the calling thread, from now on; -> what `restore_denormals` takes."""
    return 0 if config.DISABLE_JIT else _exchange(0, True)


def restore_denormals(before: int) -> None:
    """As it was before flush_denormals in this thread."""
    if not config.DISABLE_JIT:
        _exchange(before, False)
