"""Blocks of a grid side by side in the simulator, which by itself runs one after the other."""

import contextlib
import math
import sys
import threading

import pytest
from numba.cuda.simulator import kernel, kernelapi

PlainShared = kernelapi.FakeCUDAShared


class Blocks(kernel.BlockManager):
    """Takes the blocks of a grid as they come, and runs all with the last."""

    waiting = []

    def run(self, point, *arguments):
        self.waiting.append((super().run, point, arguments))
        if len(self.waiting) == math.prod(self._grid_dim):
            blocks, self.waiting[:] = list(self.waiting), []
            _run(blocks)


def _run(blocks):
    errors = []

    def run(function, point, arguments):
        try:
            function(point, *arguments)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=block, daemon=True) for block in blocks]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) and not errors:
        threads[-1].join(0.01)
    if errors:
        raise errors[0]


class Shared:
    """Shared memory that each block has for itself."""

    def __init__(self, size):
        self._size, self._of_blocks, self._lock = size, {}, threading.Lock()

    def array(self, shape, dtype):
        block = threading.current_thread()._manager
        with self._lock:
            if block not in self._of_blocks:
                self._of_blocks[block] = PlainShared(self._size)
        return self._of_blocks[block].array(shape, dtype)


@contextlib.contextmanager
def blocks_together():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # of threads that look whether others have come
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "BlockManager", Blocks)
        patch.setattr(kernelapi, "FakeCUDAShared", Shared)
        yield
    sys.setswitchinterval(interval)
