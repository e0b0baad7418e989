"""Where compiled kernels are kept on disk.

Numba's cache sees edits of the file a kernel stands in, not of those whose functions are compiled into it: a cache folder is
therefore named after a hash of all sources of a device.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import platformdirs
import portalocker


def folder_of(folders: Iterable[Path]) -> Path:
    """Of kernels whose sources stand in these folders; NUMBA_CACHE_DIR moves it."""
    sources = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.glob("*.py")):
            sources.update(path.name.encode() + path.read_bytes())
    base = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("seqterm") / "kernels"
    return Path(base) / f"seqterm-{sources.hexdigest()[:16]}"


def is_writable(folder: Path) -> bool:
    """Whether kernels can be kept there; makes it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def save_alone(cache: Any, folder: Path) -> None:
    """One process at a time may add to the disk cache: Numba writes index and code one after the other, and two that compile the
    same kernel for different types could otherwise leave the name of one with the code of the other."""
    save = cache.save_overload

    def save_overload(signature: Any, result: Any) -> None:
        with portalocker.Lock(folder / "lock", "ab", flags=portalocker.LOCK_EX):
            save(signature, result)

    cache.save_overload = save_overload
