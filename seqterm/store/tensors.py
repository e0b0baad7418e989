"""Checkpoint files (safetensors): written piece by piece, so that a model may be larger than memory, and mapped."""

import hashlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import orjson

from seqterm.errors import DataError
from seqterm.store.files import writing_whole

Array = npt.NDArray[Any]
KINDS = {"F": "f", "I": "i", "U": "u"}  # of a name such as F32
PIECE = 1 << 22  # bytes written at a time


def _name(dtype: np.dtype) -> str:
    return "BOOL" if dtype.kind == "b" else f"{dtype.kind.upper()}{8 * dtype.itemsize}"


def _dtype(name: str) -> np.dtype:
    return np.dtype(bool if name == "BOOL" else f"<{KINDS[name[0]]}{int(name[1:]) // 8}")


def write_tensors(path: Path, tensors: dict[str, Array], metadata: dict[str, str]) -> str:
    """Whole, or not at all; -> the SHA-256 of the file.  Tensors of wide elements come first, so that all are aligned."""
    ordered = sorted(((name, np.asarray(array, order="C")) for name, array in tensors.items()), key=lambda t: -t[1].itemsize)
    header: dict[str, Any] = {"__metadata__": metadata}
    end = 0
    for name, array in ordered:
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": _name(array.dtype), "shape": array.shape, "data_offsets": (begin, end)}
    head = orjson.dumps(header)
    head += b" " * (-len(head) % 8)
    digest = hashlib.sha256()

    def write(file: BinaryIO, data: Any) -> None:
        digest.update(data)
        file.write(data)

    with writing_whole(path) as file:
        write(file, len(head).to_bytes(8, "little") + head)
        for _, array in ordered:
            data = array.reshape(-1).view(np.uint8).data
            for first in range(0, len(data), PIECE):
                write(file, data[first : first + PIECE])
    return digest.hexdigest()


def map_tensors(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """Tensors and metadata of a file, mapped, not read; a write to them is not kept.  DataError where it is none."""
    try:
        with path.open("rb") as file:
            begin = 8 + int.from_bytes(file.read(8), "little")
            if begin > path.stat().st_size:
                raise ValueError("its header is cut off")
            header = orjson.loads(file.read(begin - 8))
        metadata, mapped, tensors = header.pop("__metadata__"), np.memmap(path, np.uint8, "c", begin), {}
        for name, entry in header.items():
            first, last = entry["data_offsets"]
            tensors[name] = np.asarray(mapped[first:last]).view(_dtype(entry["dtype"])).reshape(entry["shape"])
        return tensors, metadata
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is missing or damaged: it is no checkpoint of seqterm ({error}).") from error
