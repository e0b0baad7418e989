"""Denormal numbers make a recurrent step ten times slower; a thread that computes flushes them to zero."""

import platform

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from seqterm.kernels.cpu.compile import kernel

X86_FLUSH = 0x9FC0  # MXCSR: all exceptions masked (the default), flush-to-zero, denormals-are-zero
ARM_FLUSH = 1 << 24  # FPCR: flush-to-zero


@intrinsic
def _set_control_register(typingctx):
    def codegen(context, builder, signature, args):
        machine = platform.machine().lower()
        if machine in ("x86_64", "amd64"):
            pointer = ir.IntType(8).as_pointer()
            function_type = ir.FunctionType(ir.VoidType(), [pointer])
            load = cgutils.get_or_insert_function(builder.module, function_type, "llvm.x86.sse.ldmxcsr")
            cell = cgutils.alloca_once_value(builder, ir.Constant(ir.IntType(32), X86_FLUSH))
            builder.call(load, [builder.bitcast(cell, pointer)])
        elif machine in ("aarch64", "arm64"):
            asm_type = ir.FunctionType(ir.VoidType(), [ir.IntType(64)])
            builder.asm(asm_type, "msr fpcr, $0", "r", [ir.Constant(ir.IntType(64), ARM_FLUSH)], side_effect=True)
        return context.get_dummy_value()

    return types.void(), codegen


@kernel
def _flush_denormals():
    _set_control_register()


def flush_denormals() -> None:
    """For the calling thread, from now on."""
    if not config.DISABLE_JIT:
        _flush_denormals()
