"""A kernel compiled for a device that is not there, or read from the disk: how often each, and whether its blocks go together.

python -m tests.kernels.cuda.kept
"""

import contextlib
from types import SimpleNamespace

import numba.cuda.dispatcher
from numba import types
from numba.cuda.cudadrv import devices

from seqterm.kernels.cuda import elman
from tests.kernels.cuda.ptx import CAPABILITY

INTEGER, FLAG, NUMBER = types.int64, types.boolean, types.float32
SIGNATURE = (
    *(NUMBER[:, ::1], NUMBER[:, :, ::1], FLAG, INTEGER[::1], NUMBER[:, :, ::1]),
    *(NUMBER[:, ::1], types.int32[::1], NUMBER[::1], INTEGER, types.UniTuple(INTEGER, 4)),
)


def main():
    module = SimpleNamespace(initialized=True)
    device = SimpleNamespace(compute_capability=CAPABILITY, id=0)
    image = SimpleNamespace(get_function=lambda name: SimpleNamespace(module=module))
    context = SimpleNamespace(device=device, create_module_image=lambda *which, **options: image)
    numba.cuda.dispatcher.get_current_device = lambda: device
    devices._runtime = SimpleNamespace(ensure_context=contextlib.nullcontext, get_or_create_context=lambda number: context)
    kernel = elman._sequence_forward
    compiled = kernel.compile(SIGNATURE)
    read, made = (sum(counts.values()) for counts in (kernel.stats.cache_hits, kernel.stats.cache_misses))
    print(read, made, compiled.cooperative)


if __name__ == "__main__":
    main()
