"""Workers that share out each step of one computation and wait for one another between its parts.

A team is (worker, workers, meeting): who calls, how many there are, and an int64 array (2,) that all share and that begins
at zero: how often one has arrived, and about how often one has lost patience and slept.  Every worker runs
the same kernel; all of them must be running at the same time.
"""

import platform
import threading
import time

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from seqterm.kernels.cpu.compile import kernel
from seqterm.kernels.cpu.rounded import add_any_product
from seqterm.kernels.cpu.vector import PANEL_BYTES

OVER = 1 << 62  # arrivals at a meeting for which nobody waits any more: put into meeting[0] when a worker fails
PATIENCE = 1 << 13  # looks at the meeting before a worker sleeps
X86_RELAX, ARM_RELAX = ("llvm.x86.sse2.pause", ()), ("llvm.aarch64.hint", (1,))
RELAX: dict[str, tuple[str, tuple[int, ...]]] = {
    "x86_64": X86_RELAX,
    "amd64": X86_RELAX,
    "aarch64": ARM_RELAX,
    "arm64": ARM_RELAX,
}
# A sleeper is put on an idle core when it wakes; one that only yields can share a core with whom it waits for.
SLEEP, NAP = ("Sleep", 1) if platform.system() == "Windows" else ("usleep", 20)

_lock = threading.Lock()


def _plain_arrive(meeting):
    with _lock:
        meeting[0] += 1
        return meeting[0] - 1


@intrinsic
def _atomic_arrive(typingctx, meeting):
    def codegen(context, builder, signature, args):
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", _counter(context, builder, signature, args), one, "seq_cst")

    return types.int64(meeting), codegen


@intrinsic
def _atomic_arrived(typingctx, meeting):
    def codegen(context, builder, signature, args):
        return builder.load_atomic(_counter(context, builder, signature, args), "acquire", 8)

    return types.int64(meeting), codegen


def _counter(context, builder, signature, args):
    return context.make_array(signature.args[0])(context, builder, args[0]).data


@intrinsic
def _native_relax(typingctx):
    def codegen(context, builder, signature, args):
        if (machine := platform.machine().lower()) in RELAX:
            name, constants = RELAX[machine]
            arguments = [ir.Constant(ir.IntType(32), value) for value in constants]
            function_type = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
            builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), arguments)
        return context.get_dummy_value()

    return types.void(), codegen


if config.DISABLE_JIT:
    _arrive, _arrived = _plain_arrive, lambda meeting: meeting[0]
    _relax, _sleep = lambda: None, lambda nap: time.sleep(0)
else:
    _arrive, _arrived, _relax = _atomic_arrive, _atomic_arrived, _native_relax
    _sleep = types.ExternalFunction(SLEEP, types.int32(types.uint32))


@kernel
def meet(team):
    """Returns once every worker of the team has come here as often as this one."""
    _, workers, meeting = team
    if workers == 1:
        return
    all_here = min((_arrive(meeting) // workers + 1) * workers, OVER)
    looks = 0
    while _arrived(meeting) < all_here:
        looks += 1
        if looks < PATIENCE:
            _relax()
        else:
            meeting[1] += looks == PATIENCE
            _sleep(NAP)


@kernel
def share(n, team):
    """(first, end) of this worker's share of n things."""
    worker, workers, _ = team
    return n * worker // workers, n * (worker + 1) // workers


@kernel
def share_columns(out, team):
    """(first, end) of this worker's columns of out: whole panels."""
    width = PANEL_BYTES // out.itemsize
    first, end = share(-(-out.shape[1] // width), team)
    return first * width, min(out.shape[1], end * width)


@kernel
def add_shared_product(a, panels, out, team):
    """This worker's columns of a product, of packed panels or of rounded ones."""
    first, end = share_columns(out, team)
    width = panels.shape[2]
    add_any_product(a, panels[first // width : -(-end // width)], out[:, first:end])
