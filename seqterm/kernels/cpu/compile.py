"""How CPU kernels are compiled: `kernel` for compiled loops (cached on disk), `part` for pieces of them, `inlined` for formulas.

Numba's disk cache sees edits of the file a kernel stands in, not of the units compiled into it: the cache folder
is therefore named after a hash of all sources that processors compile.
"""

import functools
import hashlib
import os
from pathlib import Path
from typing import Any

import filelock
import platformdirs
from numba import config, njit

# Everything that `True` would allow except to assume that there is no NaN or infinity: divergence must stay visible.
FAST = {"nsz", "arcp", "contract", "afn", "reassoc"}


def inlined(function: Any) -> Any:
    """Compile a scalar formula so that it dissolves in the loops that use it."""
    return njit(function, fastmath=FAST, inline="always", error_model="numpy")


@functools.cache
def cache_folder() -> Path:
    """Where compiled kernels are kept; NUMBA_CACHE_DIR moves it."""
    sources = hashlib.sha256()
    for folder in ("cpu", "units"):
        for path in sorted((Path(__file__).parents[1] / folder).glob("*.py")):
            sources.update(path.name.encode() + path.read_bytes())
    base = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("seqterm") / "kernels"
    return Path(base) / f"seqterm-{sources.hexdigest()[:16]}"


@functools.cache
def _is_writable() -> bool:
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(cache_folder(), os.W_OK)


def _save_alone(cache: Any) -> None:
    """One process at a time may add to the disk cache: Numba writes index and code one after the other, and two that compile the
    same kernel for different types could otherwise leave the name of one with the code of the other."""
    save = cache.save_overload

    def save_overload(signature: Any, result: Any) -> None:
        with filelock.FileLock(cache_folder() / "lock"):
            save(signature, result)

    cache.save_overload = save_overload


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
    if config.DISABLE_JIT or not _is_writable():
        return njit(function, **options)
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder())
    try:
        compiled = njit(function, cache=True, **options)
    finally:
        config.CACHE_DIR = before
    _save_alone(compiled._cache)
    return compiled
