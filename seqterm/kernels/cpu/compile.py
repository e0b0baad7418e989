"""How CPU kernels are compiled: `kernel` for compiled loops (cached on disk), `inlined` for the scalar formulas inside them.

Numba's disk cache sees edits of the file a kernel stands in, not of the units compiled into it: the cache folder
is therefore named after a hash of all kernel sources.
"""

import functools
import hashlib
import os
from pathlib import Path
from typing import Any

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
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        sources.update(path.name.encode() + path.read_bytes())
    base = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("seqterm") / "kernels"
    return Path(base) / f"seqterm-{sources.hexdigest()[:16]}"


def kernel(function: Any) -> Any:
    """Compile at the first call with given types, without the interpreter lock, cached on disk."""
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder())
    try:
        return njit(function, nogil=True, cache=True, fastmath=FAST, error_model="numpy")
    finally:
        config.CACHE_DIR = before
