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
    """Arrays and kernels of one device."""

    name: str
    threads: int

    @property
    def cache_folder(self) -> Path:
        """Where compiled kernels are kept."""
        ...

    def kernels(self, name: str) -> ModuleType:
        """The kernel module `name`; every device has the same file and function names."""
        ...

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array: ...

    def together(self, function: Callable[[Team], None], n: int) -> int:
        """function(team) for n workers, all of them running at once, as they wait for one another; n <= threads.

        -> how often about one waited long, because others had its core.
        """
        ...

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """The results of function over items, run side by side in `threads` threads, the caller's among them where items are no
        more than threads; in the order of items."""
        ...
