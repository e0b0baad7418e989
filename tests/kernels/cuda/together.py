"""Blocks of a grid side by side in the simulator, which by itself runs one after the other."""

import contextlib
import math
import threading

import numpy as np
import pytest
from numba.cuda.simulator import kernel, kernelapi

PlainShared = kernelapi.FakeCUDAShared


class Thread(kernel.BlockThread):
    def syncthreads(self):
        self._manager.barrier.wait()

    def run(self):
        super().run()
        if self.exception:
            self._manager.barrier.abort()


class Blocks:
    """Takes the blocks of a grid as they come, and runs all with the last."""

    waiting = []

    def __init__(self, function, grid_dim, block_dim, debug):
        self._function, self._grid_dim, self._block_dim, self._debug = function, grid_dim, block_dim, debug
        self.barrier = threading.Barrier(math.prod(block_dim))

    def run(self, point, *arguments):
        threads = [
            Thread(lambda: self._function(*arguments), self, point, place, self._debug) for place in np.ndindex(*self._block_dim)
        ]
        self.waiting += threads
        if len(self.waiting) < math.prod(self._grid_dim) * len(threads):
            return
        threads, self.waiting[:] = list(self.waiting), []
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive() and not any(other.exception for other in threads):
                thread.join(0.05)
        for error, trace in (thread.exception for thread in threads if thread.exception):
            raise error.with_traceback(trace)


class Shared:
    """Shared memory that each block has for itself."""

    def __init__(self, size):
        self._size, self._of_blocks, self._lock = size, {}, threading.Lock()

    def array(self, shape, dtype, alignment):
        block = threading.current_thread()._manager
        with self._lock:
            if block not in self._of_blocks:
                self._of_blocks[block] = PlainShared(self._size)
        return self._of_blocks[block].array(shape, dtype, alignment)


@contextlib.contextmanager
def blocks_together():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "BlockManager", Blocks)
        patch.setattr(kernelapi, "FakeCUDAShared", Shared)
        yield
