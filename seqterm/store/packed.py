"""Files that may be gzip'd, whatever their name says."""

import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqterm.errors import DataError

DEFLATE = 1032  # the most that one packed byte unpacks to
UNREADABLE = (OSError, EOFError, zlib.error)


class _Unpacked(io.RawIOBase):
    """What a gzip'd file holds, up to so many bytes: a few megabytes can hold terabytes of zeros."""

    def __init__(self, file: gzip.GzipFile, path: Path, limit: int):
        self._file, self._path, self._limit = file, path, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        if self._file.tell() > self._limit:
            raise DataError(f"{self._path} unpacks to more than {self._limit} bytes: unpack it yourself if that is right.")
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def opened(path: Path, limit: Callable[[int], int], buffer: int) -> Iterator[tuple[io.BufferedReader, bool, int]]:
    """A file to read, unpacked where it is gzip'd; whether it is; and how many bytes it can hold.

    limit: size of a packed file -> to how many bytes it may unpack.  DataError where it cannot be read.
    """
    if path.exists() and not path.is_file():
        raise DataError(f"{path} is no file.")  # a pipe cannot be mapped, and has no size
    try:
        with _buffered(io.FileIO(path), buffer) as file:
            size = os.fstat(file.fileno()).st_size
            if file.peek(2)[:2] != b"\x1f\x8b":
                yield file, False, size
            else:
                most = limit(size)
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield _buffered(_Unpacked(unpacked, path, most), buffer), True, min(DEFLATE * size, most)
    except UNREADABLE as error:
        raise unreadable(str(path), error) from error


def _buffered(raw: io.RawIOBase, size: int) -> io.BufferedReader:
    return io.BufferedReader(raw, size)


def unreadable(place: str, error: Exception) -> DataError:
    """About a file, or a place in it, that cannot be read."""
    return DataError(f"Cannot read {place}: {getattr(error, 'strerror', None) or error}.")
