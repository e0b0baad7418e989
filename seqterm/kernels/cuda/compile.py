"""How CUDA kernels are compiled: `kernel` for what a grid runs, `device` for formulas and pieces inside it.

Every function that other floors call stands under the name, and with the arguments, of its twin in kernels/cpu; it takes device
arrays and launches kernels, one after the other on the default stream.
"""

import functools
import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numba import config, cuda

from seqterm.kernels.caching import folder_of, is_writable, save_alone
from seqterm.kernels.cuda.allocation import empty, with_room

# As on the processor: everything that `True` would allow except to assume that there is no NaN or infinity.
FAST = {"nsz", "arcp", "contract", "afn", "reassoc"}
SIMULATED = bool(config.ENABLE_CUDASIM)
INLINED = {} if SIMULATED else {"forceinline": True}  # else a large piece that is used twice is called, its numbers in memory
THREADS = 8 if SIMULATED else 256  # in a block; the simulator starts a thread of the processor for each

if not SIMULATED:
    from numba.cuda.core import config as settings

    settings.CUDA_LOW_OCCUPANCY_WARNINGS = 0  # small networks make small grids
    settings.CUDA_DEALLOCS_COUNT = 1000  # arrays that are let go of until they are freed, for which the device has to be idle


def device(function: Any) -> Any:
    """Compile a formula or a piece of a kernel, to be called from kernels."""
    return cuda.jit(function, device=True, fastmath=FAST, **INLINED)


@functools.cache
def _cache_folder() -> Path | None:
    """Where compiled kernels are kept, if they can be."""
    here = Path(__file__).parent
    folder = folder_of((here, here.parent / "units"))
    return folder if not SIMULATED and is_writable(folder) else None


def kernel(function: Any) -> Any:
    """Compile at the first launch with given types, cached on disk where that can be written."""
    folder = _cache_folder()
    if folder is None:
        return cuda.jit(function, fastmath=FAST)
    before, settings.CACHE_DIR = settings.CACHE_DIR, str(folder)
    try:
        compiled = cuda.jit(function, fastmath=FAST, cache=True)
    finally:
        settings.CACHE_DIR = before
    save_alone(compiled._cache, folder)
    return compiled


def start(kernel: Any, configuration: tuple[int, ...], *arguments: Any) -> None:
    """Run kernel(*arguments); DeviceMemoryError where there is no room for its code."""
    with_room("a kernel", lambda: kernel[configuration](*arguments))


def launch(kernel: Any, n: int, *arguments: Any) -> None:
    """Run kernel(*arguments) with at least n threads; nothing where n is zero."""
    if n:
        start(kernel, (-(-n // THREADS), THREADS), *arguments)


_own = threading.local()


def scratch(name: str, shape: tuple[int, ...], dtype: Any) -> Any:
    """A buffer that a launch needs for itself, uninitialised; this thread's next one has it again, as allocation makes the device
    wait."""
    size, key = math.prod(shape), (name, np.dtype(dtype))
    kept = _own.__dict__.setdefault("scratch", {})
    buffer = kept.get(key)
    if buffer is None or buffer.size < size:
        buffer = kept[key] = empty((max(1, size),), dtype)  # an empty one has no slices
    return buffer[:size].reshape(shape)


def launch_together(kernel: Any, blocks: int, shared: int, *arguments: Any) -> None:
    """Run kernel(*arguments) in blocks that are all there at once, each with `shared` bytes of dynamic shared memory."""
    if not SIMULATED:
        _together(kernel, tuple(kernel.typeof_pyval(x) for x in arguments))
    start(kernel, (blocks, THREADS, 0, shared), *arguments)


def blocks_at_once(kernel: Any, shared: int, *arguments: Any) -> int:
    """How many blocks of a kernel that is launched together there is room for; the simulator has room for one."""
    if SIMULATED:
        return 1
    compiled = _together(kernel, tuple(kernel.typeof_pyval(x) for x in arguments))
    return compiled.max_cooperative_grid_blocks(THREADS, shared)


@functools.cache
def _together(kernel: Any, types: tuple[Any, ...]) -> Any:
    """The kernel compiled for these types; it may have all the shared memory of a block, of which some can be its own already.

    Without that it has at most 48 kB, whatever the device has.
    """
    from cuda.bindings.driver import CUfunction_attribute
    from numba.cuda.cudadrv.driver import driver

    compiled = with_room("a kernel", lambda: kernel.compile(types))
    function = compiled._codelibrary.get_cufunc()
    attribute = CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    most = function.device.MAX_SHARED_MEMORY_PER_BLOCK_OPTIN - function.attrs.shared
    driver.cuKernelSetAttribute(attribute, most, function.handle, function.device.id)
    return compiled
