"""The processor: threads, order, errors."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from seqterm.backends.cpu import CPU, usable_cores
from seqterm.kernels.cpu import lstm
from seqterm.kernels.cpu.compile import cache_folder
from seqterm.kernels.cpu.team import meet


def smallest_product(_=None):
    """A float32 product that is denormal, hence zero where denormals are flushed."""
    return float((np.array([1e-30], np.float32) * np.array([1e-10], np.float32))[0])


def denormal_half():
    """A float64 product, of a denormal number."""
    return float((np.array([1e-310]) * 0.5)[0])


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


def test_items_run_side_by_side_in_as_many_threads_as_asked_for_the_callers_among_them():
    together = threading.Barrier(3)
    names = CPU(3).map(lambda _: (together.wait(30), threading.current_thread().name)[1], range(3))
    assert len(set(names)) == 3
    assert names[0] == threading.current_thread().name


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


@pytest.mark.parametrize("n", [1, 2, 3])
def test_all_that_work_together_run_at_once_the_first_in_the_callers_thread(n):
    meeting, names = threading.Barrier(n), {}

    def work(team):
        meeting.wait(30)
        names[team[0]] = threading.current_thread().name

    CPU(3).together(work, n)
    assert sorted(names) == list(range(n))
    assert names[0] == threading.current_thread().name
    assert len({*names.values()}) == n


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_an_exception_of_one_that_works_together_with_others_reaches_the_caller(bad):
    backend = CPU(3)

    def work(team):
        if team[0] == bad:
            raise ValueError(f"bad worker {bad}")

    with pytest.raises(ValueError, match=f"bad worker {bad}"):
        backend.together(work, 3)
    assert smallest_product() > 0
    meeting = threading.Barrier(3)
    backend.together(lambda _: meeting.wait(30), 3)


@pytest.mark.parametrize("n", [1, 2])
def test_who_works_together_flushes_denormals_and_the_caller_has_them_as_before(n):
    found, before = {}, denormal_half()

    def work(team):
        found[team[0]] = denormal_half(), smallest_product()

    CPU(2).together(work, n)
    assert found == dict.fromkeys(range(n), (0.0, 0.0))
    assert denormal_half() == before > 0


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("bad", [0, 1, 2])
def test_nobody_waits_for_a_worker_that_failed(bad, late):
    """Others that wait for it, and others that come when it has gone."""
    gone = threading.Event()

    def work(team):
        if team[0] == bad:
            end = time.monotonic() + 30
            while not late and team[2][0] < 2 and time.monotonic() < end:
                time.sleep(0.01)
            gone.set()
            raise ValueError("bad worker")
        if late:
            assert gone.wait(30)
            time.sleep(0.05)
        for _ in range(3):
            meet(team)

    with pytest.raises(ValueError, match="bad worker"):
        CPU(3).together(work, 3)


def test_two_callers_do_not_wait_for_each_others_threads():
    """One that had half of the threads, and the other the other half, would wait for ever."""
    backend, ends = CPU(3), []

    def call():
        for _ in range(50):
            meeting = threading.Barrier(3)
            backend.together(lambda _, meeting=meeting: meeting.wait(30), 3)
        ends.append(True)

    callers = [threading.Thread(target=call, daemon=True) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert ends == [True] * 3


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
