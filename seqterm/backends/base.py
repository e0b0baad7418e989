"""What a device offers to layers, models and training."""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Team = tuple[int, int, Array]  # worker, workers, and where they meet


class Backend(Protocol):
    """Arrays and kernels of one device.

    An array of another device than the processor has a shape, dtype, size and ndim, basic slices as views, and `reshape`.
    """

    name: str
    threads: int
    on_host: bool  # whether its arrays are numpy's

    @property
    def host(self) -> "Backend":
        """The processor, for what is numpy's in any case; itself where it is that."""
        ...

    @property
    def cache_folder(self) -> Path:
        """Where compiled kernels are kept."""
        ...

    def kernels(self, name: str) -> ModuleType:
        """The kernel module `name`; every device has the same file and function names."""
        ...

    def set_matmul(self, mathematics: str) -> None:
        """How large products of float32 are computed from now on: float32, tf32 or bf16; a device that knows only the first does
        that."""
        ...

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array: ...

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype) -> Array: ...

    def assign(self, target: Array, value: Array | float) -> None:
        """target[...] = value, an array of the same shape or a number."""
        ...

    def to_device(self, array: Array) -> Array:
        """From numpy's, C-contiguous; the very same where the device is the processor."""
        ...

    def to_host(self, array: Array) -> Array:
        """numpy's; the very same where it is that already."""
        ...

    def together(self, function: Callable[[Team], None], n: int) -> int:
        """function(team) for n workers, all of them running at once, as they wait for one another; n <= threads.

        -> how often about one waited long, because others had its core.
        """
        ...

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """The results of function over items, run side by side in `threads` threads, the caller's among them where items are no
        more than threads; in the order of items."""
        ...
