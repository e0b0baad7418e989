"""How CPU kernels are compiled: `kernel` for loops, cached on disk, `part` for pieces of them, `inlined` for formulas."""

import functools
from pathlib import Path
from typing import Any

from numba import config, njit

from seqterm.kernels.caching import folder_of, is_writable, save_alone

# Everything that `True` would allow except to assume that there is no NaN or infinity: divergence must stay visible.
FAST = {"nsz", "arcp", "contract", "afn", "reassoc"}


def inlined(function: Any) -> Any:
    """Compile a scalar formula so that it dissolves in the loops that use it."""
    return njit(function, fastmath=FAST, inline="always", error_model="numpy")


@functools.cache
def cache_folder() -> Path:
    """Where compiled kernels are kept."""
    here = Path(__file__).parent
    return folder_of((here, here.parent / "units"))


@functools.cache
def _is_cached() -> bool:
    return is_writable(cache_folder())


def kernel(function: Any) -> Any:
    """Compile at the first call with given types, without the interpreter lock, cached on disk where that can be written."""
    return _compiled(function, forceinline=False)


def part(function: Any) -> Any:
    """A kernel that dissolves in the kernels that call it.

    Else which of its copies is called depends on what the process has compiled itself and what it has read from the cache, and
    as FAST lets the compiler order sums by what stands around them, a first run would have other bits than the next.
    """
    return _compiled(function, forceinline=True)


def _compiled(function: Any, forceinline: bool) -> Any:
    options = {"nogil": True, "fastmath": FAST, "error_model": "numpy", "forceinline": forceinline}
    if config.DISABLE_JIT or not _is_cached():
        return njit(function, **options)
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder())
    try:
        compiled = njit(function, cache=True, **options)
    finally:
        config.CACHE_DIR = before
    save_alone(compiled._cache, cache_folder())
    return compiled
