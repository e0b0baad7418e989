"""The machine that stands in for a device ends launches that a device would not forgive."""

import numpy as np
import pytest
from numba import cuda

from seqterm.kernels.cuda.compile import kernel
from seqterm.kernels.cuda.memory import arrive, arrived, four
from tests.kernels.cuda.conftest import IS_MACHINE

pytestmark = pytest.mark.skipif(not IS_MACHINE, reason="the machine stands in where there is neither a GPU nor the simulator")


@kernel
def _beyond(x):
    x[cuda.grid(1) + 1] = 0


@kernel
def _four_from_two(x):
    x[0] = four(x, 2)[0]


@kernel
def _half_a_barrier(x):
    if cuda.threadIdx.x < 4:
        cuda.syncthreads()
    x[0] = 0


@kernel
def _waits_for_nobody(x):
    arrive(x, 0)
    while arrived(x, 0) < 99:
        pass


@kernel
def _reads_what_others_write(x):
    i = cuda.threadIdx.x
    x[8 + i] = i
    x[i] = x[8 + (i + 1) % 8]


@pytest.mark.parametrize(
    ("kernel", "fault"),
    [
        (_beyond, "out of bounds"),
        (_four_from_two, "not aligned"),
        (_half_a_barrier, "some threads are at a barrier, others have left"),
        (_waits_for_nobody, "all threads wait for one another"),
    ],
)
def test_a_fault_ends_the_launch(kernel, fault):
    x = cuda.to_device(np.zeros(8, np.int32 if kernel is _waits_for_nobody else np.float32))
    with pytest.raises(RuntimeError, match=fault):
        kernel[1, 8](x)


def test_threads_come_in_an_order_of_chance():
    found = set()
    for _ in range(9):
        x = cuda.to_device(np.full(16, -1, np.float32))
        _reads_what_others_write[1, 8](x)
        found.add(tuple(x.copy_to_host()))
    assert len(found) > 1


def test_memory_that_nobody_wrote_is_nan():
    assert np.isnan(cuda.device_array(3, np.float32).copy_to_host()).all()
