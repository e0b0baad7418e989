"""The processor: numpy arrays, compiled kernels that let go of the interpreter lock, one thread a batch slice."""

import importlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from seqterm.backends.base import Array
from seqterm.kernels.cpu.compile import cache_folder
from seqterm.kernels.cpu.denormals import flush_denormals


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class CPU:
    name = "cpu"

    def __init__(self, threads: int | None = None):
        self.threads = threads or usable_cores()
        # Python's own threads, not numba's: its default threading layer aborts the process on concurrent calls.
        self._pool = ThreadPoolExecutor(self.threads, "seqterm", initializer=flush_denormals)

    @property
    def cache_folder(self) -> Path:
        return cache_folder()

    def kernels(self, name: str) -> ModuleType:
        return importlib.import_module(f"seqterm.kernels.cpu.{name}")

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return np.empty(shape, dtype)

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return list(self._pool.map(function, items))
