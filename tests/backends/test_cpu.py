"""The processor: threads, order, errors."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from seqterm.backends.cpu import CPU, usable_cores
from seqterm.kernels.cpu import lstm
from seqterm.kernels.cpu.compile import cache_folder


def smallest_product(_=None):
    """A float32 product that is denormal, hence zero where denormals are flushed."""
    return float((np.array([1e-30], np.float32) * np.array([1e-10], np.float32))[0])


def test_map_keeps_the_order_of_the_items_whichever_ends_first():
    """The first item waits for the second to have ended."""
    ended = threading.Event()

    def work(item):
        if item == 0:
            assert ended.wait(30)
        else:
            ended.set()
        return item * 10

    assert CPU(2).map(work, [0, 1, 2, 3]) == [0, 10, 20, 30]


def test_items_run_side_by_side_in_as_many_threads_as_asked_for():
    together = threading.Barrier(3)
    names = CPU(3).map(lambda _: (together.wait(30), threading.current_thread().name)[1], range(3))
    assert len(set(names)) == 3
    assert threading.current_thread().name not in names


def test_map_of_nothing_is_nothing():
    assert CPU(1).map(smallest_product, []) == []


def test_an_exception_reaches_the_caller_and_the_threads_live_on():
    backend = CPU(2)

    def work(item):
        if item == 1:
            raise ValueError("bad slice")
        return item

    with pytest.raises(ValueError, match="bad slice"):
        backend.map(work, range(4))
    assert backend.map(abs, [-1, -2, -3]) == [1, 2, 3]


def test_all_its_threads_flush_denormals_and_the_caller_does_not():
    together = threading.Barrier(2)
    assert CPU(2).map(lambda _: (together.wait(30), smallest_product())[1], range(2)) == [0.0, 0.0]
    assert smallest_product() > 0


def test_kernels_are_the_modules_of_the_processor():
    assert CPU(1).kernels("lstm") is lstm
    with pytest.raises(ModuleNotFoundError):
        CPU(1).kernels("no_such_kernel")


def test_empty_arrays_have_shape_and_type():
    array = CPU(1).empty((2, 3), np.dtype(np.float32))
    assert (array.shape, array.dtype) == ((2, 3), np.float32)
    assert array.flags.c_contiguous


def test_without_a_number_every_usable_core_has_a_thread():
    assert CPU().threads == usable_cores()
    assert 1 <= usable_cores() <= os.cpu_count()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this platform does not bind processes to cores")
def test_cores_that_the_process_may_not_use_do_not_count():
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "from seqterm.backends.cpu import usable_cores; print(usable_cores())"
    )
    assert subprocess.check_output([sys.executable, "-c", code], timeout=60).split() == [b"1"]


def test_the_cache_folder_is_that_of_the_kernels():
    assert CPU(1).cache_folder == cache_folder()
