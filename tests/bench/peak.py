"""The most fused multiply-adds that the processor's cores can do: a loop that touches registers alone."""

import time
from concurrent.futures import ThreadPoolExecutor

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from seqterm.kernels.cpu.vector import VECTOR_BYTES

CHAINS = 12  # independent sums: latency times multipliers, and few enough for 16 registers
WIDTH = VECTOR_BYTES // 4


@intrinsic
def _multiply_add(typingctx, n, x):
    """n rounds of CHAINS vectors, each sum = sum * x + x."""

    def codegen(context, builder, signature, args):
        vector, i32, i64 = ir.VectorType(ir.FloatType(), WIDTH), ir.IntType(32), ir.IntType(64)
        name = f"llvm.fma.v{WIDTH}f32"
        fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)
        undefined, zeros = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(i32, WIDTH), [0] * WIDTH)
        spread = builder.shuffle_vector(builder.insert_element(undefined, args[1], i32(0)), undefined, zeros)
        before, loop, after = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("after")
        builder.branch(loop)
        builder.position_at_end(loop)
        k = builder.phi(i64)
        k.add_incoming(i64(0), before)
        sums = [builder.phi(vector) for _ in range(CHAINS)]
        added = []
        for chain, total in enumerate(sums):
            total.add_incoming(ir.Constant(vector, [float(chain)] * WIDTH), before)
            added.append(builder.call(fma, [total, spread, spread]))
            total.add_incoming(added[-1], loop)
        following = builder.add(k, i64(1))
        k.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, args[0]), loop, after)
        builder.position_at_end(after)
        result = added[0]
        for total in added[1:]:
            result = builder.fadd(result, total)
        return builder.extract_element(result, i32(0))

    return types.float32(types.int64, types.float32), codegen


@njit(nogil=True)
def _rounds(n, x):
    return _multiply_add(n, x)


def peak_gflops(threads: int, seconds: float = 0.3) -> float:
    """10^9 float32 operations a second over so many threads, a multiply-add being two."""
    x, n = types.float32(0.5), 1 << 20
    _rounds(n, x)
    started = time.perf_counter()
    _rounds(n, x)
    n = int(n * seconds / (time.perf_counter() - started))
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        list(pool.map(lambda _: _rounds(n, x), range(threads)))
        elapsed = time.perf_counter() - started
    return 2 * threads * n * CHAINS * WIDTH / elapsed / 1e9


if __name__ == "__main__":
    print({threads: round(peak_gflops(threads)) for threads in (1, 2)})
