"""The processor: numpy arrays, compiled kernels that let go of the interpreter lock, one thread a batch slice."""

import importlib
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from seqterm.backends.base import Array, Team
from seqterm.kernels.cpu.compile import cache_folder
from seqterm.kernels.cpu.denormals import flush_denormals, restore_denormals
from seqterm.kernels.cpu.team import OVER


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class CPU:
    name = "cpu"
    on_host = True

    def __init__(self, threads: int | None = None):
        self.threads = threads or usable_cores()
        # Python's own threads, not numba's: its default threading layer aborts the process on concurrent calls.
        self._pool = ThreadPoolExecutor(self.threads, "seqterm", initializer=flush_denormals)
        self._together = threading.Lock()

    @property
    def host(self) -> "CPU":
        return self

    @property
    def cache_folder(self) -> Path:
        return cache_folder()

    def kernels(self, name: str) -> ModuleType:
        return importlib.import_module(f"seqterm.kernels.cpu.{name}")

    def set_matmul(self, mathematics: str) -> None:
        """There is but one way here."""

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return np.empty(shape, dtype)

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return np.zeros(shape, dtype)

    def assign(self, target: Array, value: Array | float) -> None:
        target[...] = value

    def to_device(self, array: Array) -> Array:
        return array

    def to_host(self, array: Array) -> Array:
        return array

    def together(self, function: Callable[[Team], None], n: int) -> int:
        meeting = np.zeros(2, np.int64)

        def work(worker: int) -> None:
            try:
                function((worker, n, meeting))
            except BaseException:
                meeting[0] = OVER
                raise

        others: list[Future[None]] = []
        with self._together:  # two that wait for their own could otherwise hold the threads that the other needs
            before = flush_denormals()
            try:
                others.extend(self._pool.submit(work, worker) for worker in range(1, n))
                work(0)  # in this thread: it has a core, and the other threads find the cores that are free
            except BaseException:
                meeting[0] = OVER
                raise
            finally:
                restore_denormals(before)
                wait(others)
        for other in others:
            other.result()
        return int(meeting[1])

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        items = list(items)
        if not 0 < len(items) <= self.threads:
            return list(self._pool.map(function, items))
        before = flush_denormals()
        others: list[Future[Any]] = []
        try:
            others.extend(self._pool.submit(function, item) for item in items[1:])
            first = function(items[0])  # in this thread: it need not be woken
        finally:
            restore_denormals(before)
            wait(others)
        return [first, *(other.result() for other in others)]
