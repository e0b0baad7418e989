"""An NVIDIA GPU: device arrays of numba-cuda, kernels of kernels/cuda on the default stream.

What has no twin there is computed on the processor, with numpy's arrays: models that use no layers.
"""

import importlib
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from seqterm.backends.base import Array, Backend, Team
from seqterm.backends.cpu import CPU
from seqterm.kernels.cuda import allocation, arrays, blas

TWINS = frozenset(
    (
        "dense",
        "dropout",
        "elman",
        "embedding",
        "generate",
        "gru",
        "lstm",
        "ngram",
        "optimiser",
        "output",
        "product",
        "random",
        "rows",
        "word2vec",
    )
)


class CUDA:
    name = "cuda"
    threads = 1  # that share out a batch: the device does
    on_host = False

    @cached_property
    def host(self) -> Backend:
        return CPU()

    @property
    def cache_folder(self) -> Path:
        return self.host.cache_folder

    def kernels(self, name: str) -> ModuleType:
        return importlib.import_module(f"seqterm.kernels.cuda.{name}") if name in TWINS else self.host.kernels(name)

    def set_matmul(self, mathematics: str) -> None:
        blas.set_math(mathematics)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return allocation.empty(shape, dtype)

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        made = allocation.empty(shape, dtype)
        arrays.fill(made, 0)
        return made

    def assign(self, target: Array, value: Array | float) -> None:
        if isinstance(value, int | float):
            arrays.fill(target, value)
        else:
            arrays.copy(value, target)

    def to_device(self, array: Array) -> Array:
        return allocation.to_device(array)

    def to_host(self, array: Array) -> Array:
        return arrays.to_host(array)

    def together(self, function: Callable[[Team], None], n: int) -> int:
        function((0, 1, np.zeros(2, np.int64)))
        return 0

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return [function(item) for item in items]
