"""A device that is not there, on the processor: Numba's own device arrays and launches, its PTX put into C and run.

What the simulator can't show: the code that the compiler made, with blocks of the size that a device has, several at once, loads
of four numbers, counters between blocks.  Memory that nobody wrote is NaN; each load and store is looked at for its bounds and
alignment; threads take turns in an order of chance, from barrier to barrier, and a launch in which all wait for one another ends.
cuBLAS is NumPy here; how quick anything is, and what a device's caches do, a device must say.
"""

import atexit
import contextlib
import ctypes
import functools
import itertools
import shutil
import subprocess
import tempfile
import weakref
from pathlib import Path
from types import SimpleNamespace

import numba.cuda.dispatcher
import numpy as np
from numba import cuda, types
from numba.cuda.cudadrv import devices, driver
from numba.cuda.dispatcher import CUDADispatcher

from seqterm.backends import select
from seqterm.kernels import cuda as package
from seqterm.kernels.cuda import blas, compile, plan
from seqterm.kernels.cuda import word2vec as word_kernels
from tests.kernels.cuda.ptx import CAPABILITY, report
from tests.kernels.cuda.translate import translate

MULTIPROCESSORS, SHARED = 8, 227 << 10
AROUND = Path(__file__).with_suffix(".c")
COMPILER = shutil.which("gcc")
OPTIONS = ["-Og", "-w", "-march=native", "-fwrapv", "-fno-strict-aliasing", "-ffp-contract=off", "-shared", "-fPIC"]

reports = []  # of all kernels that were compiled
_places = {}  # first address: the one after the last, of all memory there is
_turns = itertools.count(1)


class Memory:
    """So many bytes, as far as device arrays look at them; a view shares them."""

    __cuda_memory__ = True

    def __init__(self, size, whole=None, start=0):
        if whole is None:
            whole = np.full(size + 256, 0xFF, np.uint8)
            start = -whole.ctypes.data % 256
            first = whole.ctypes.data + start
            _places[first] = first + size
            weakref.finalize(whole, _places.pop, first)
        self._whole, self._start, self._cuda_memsize_ = whole, start, size
        self.handle_value = whole.ctypes.data + start
        self.device_ctypes_pointer = ctypes.c_void_p(self.handle_value)

    def view(self, start, stop=None):
        return Memory((self._cuda_memsize_ if stop is None else stop) - start, self._whole, self._start + start)

    def as_numpy(self, like):
        """The numbers of a device array that stands here."""
        return np.ndarray(like.shape, like.dtype, self._whole, self._start, like.strides)


def host_to_device(target, source, size, stream=0):
    ctypes.memmove(target.gpu_data.handle_value, source.ctypes.data, size)


def device_to_host(target, source, size, stream=0):
    ctypes.memmove(target.ctypes.data, source.gpu_data.handle_value, size)


def multiply(a, b, beta, out):
    """In place of cuBLAS, which reads these shapes and steps."""
    assert (a.shape[0], b.shape[1], a.shape[1]) == (*out.shape, b.shape[0])
    assert a.dtype == b.dtype == out.dtype
    for matrix in (a, b, out):
        blas.layout(matrix)
    a, b, out = (array.gpu_data.as_numpy(array) for array in (a, b, out))
    out[...] = a @ b + (beta * out if beta else 0)


def flat(kind, value):
    """An argument as the driver gets it: 8 bytes for each parameter of the kernel."""
    if isinstance(kind, types.Array):
        pointer = value.device_ctypes_pointer.value or 0
        return np.array([0, 0, value.size, value.dtype.itemsize, pointer, *value.shape, *value.strides], np.int64).view(np.uint64)
    if isinstance(kind, types.BaseTuple):
        return np.concatenate([flat(*pair) for pair in zip(kind, value, strict=True)])
    slot = np.zeros(1, np.uint64)
    number = np.array([value], np.dtype(kind.name.replace("boolean", "bool")))
    slot.view(number.dtype)[:1] = number
    return slot


@functools.cache
def _folder():
    folder = tempfile.mkdtemp(prefix="seqterm-ptx-")
    atexit.register(shutil.rmtree, folder)
    return Path(folder)


@functools.cache
def compiled(dispatcher, kinds):
    """A kernel for types of arguments: (C function, whether its blocks are there together, bytes of its own shared memory, C)"""
    fastmath = dispatcher.targetoptions["fastmath"]
    ptx, _ = cuda.compile_ptx(dispatcher.py_func, kinds, cc=CAPABILITY, fastmath=fastmath)
    if dispatcher.py_func.__module__.startswith(package.__name__):
        reports.append(report(dispatcher, ptx))
    c, own_shared = translate(ptx)
    path = _folder() / f"{len(list(_folder().iterdir()))}.h"
    path.write_text(c)
    words = [COMPILER, *OPTIONS, f'-DKERNEL="{path}"', str(AROUND), "-o", str(path.with_suffix(".so")), "-lm"]
    subprocess.run(words, check=True)
    function = ctypes.CDLL(str(path.with_suffix(".so"))).run
    pointer, number = ctypes.c_void_p, ctypes.c_int
    function.argtypes = [pointer, *[number] * 5, ctypes.c_uint64, pointer, pointer, ctypes.c_long]
    function.restype = ctypes.c_char_p
    return function, "ld.acquire" in ptx, own_shared, path


class Launch:
    """Stands in for a kernel that is about to be launched."""

    def __init__(self, dispatcher, config):
        self._dispatcher = dispatcher
        self._blocks, self._threads, _, self._shared = (*config, 0, 0)[:4]

    def __call__(self, *arguments):
        kinds = tuple(self._dispatcher.typeof_pyval(x) for x in arguments)
        function, together, own_shared, path = compiled(self._dispatcher, kinds)
        slots = np.concatenate([flat(*pair) for pair in zip(kinds, arguments, strict=True)])
        assert self._shared + own_shared <= SHARED
        firsts = np.array(sorted(_places), np.uint64)
        ends = np.array([_places[int(first)] for first in firsts], np.uint64)
        shape = self._blocks, self._threads, own_shared, self._shared, together
        fault = function(slots.ctypes.data, *shape, next(_turns), firsts.ctypes.data, ends.ctypes.data, len(firsts))
        if fault:
            raise RuntimeError(f"{self._dispatcher.py_func.__name__}: {fault.decode()} in {path}")


@contextlib.contextmanager
def machine():
    """In this block there is a device, which this module is."""
    device = SimpleNamespace(compute_capability=CAPABILITY)
    context = SimpleNamespace(memalloc=Memory)
    stands_in = [
        (numba.cuda.dispatcher, "get_current_device", lambda: device),
        (driver, "host_to_device", host_to_device),
        (driver, "device_to_host", device_to_host),
        (CUDADispatcher, "__getitem__", lambda kernel, config: Launch(kernel, config)),
        (blas, "_multiply", multiply),
        (plan, "limits", lambda: (MULTIPROCESSORS, SHARED)),
        (word_kernels, "limits", lambda: (MULTIPROCESSORS, SHARED)),
        (select, "find_gpus", lambda: ([], "")),
        (compile, "_together", lambda *which: SimpleNamespace(max_cooperative_grid_blocks=lambda *which: MULTIPROCESSORS)),
        (
            devices,
            "_runtime",
            SimpleNamespace(ensure_context=contextlib.nullcontext, get_or_create_context=lambda number: context),
        ),
    ]
    with contextlib.ExitStack() as stack:
        for place, name, value in stands_in:
            stack.callback(setattr, place, name, getattr(place, name))
            setattr(place, name, value)
        yield
