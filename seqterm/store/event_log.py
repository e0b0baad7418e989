"""A log that another process may be writing: events.jsonl or samples.jsonl of a run, an object a line."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from seqterm.errors import DataError

CHUNK = 1 << 23  # bytes read at a time

Row = dict[str, Any]


class EventLog:
    """Reads on where it came to.  `thin` gets whole lines, without the last line end, and gives those that are wanted."""

    def __init__(self, path: Path, thin: Callable[[bytes], bytes] = bytes):
        self._path, self._offset, self._thin = path, 0, thin

    def read(self) -> Iterator[list[Row]]:
        """The objects of whole lines written since, in lists; from the beginning where the log was cut or begun anew.

        A torn last line waits for its end.  DataError for what is no JSON.
        """
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            self._offset = 0
            return
        except OSError as error:
            raise DataError(f"Cannot read {self._path}: {error.strerror}.") from error
        with file:
            if self._offset and not self._goes_on(file.fileno()):
                self._offset = 0
            file.seek(self._offset)
            rest = b""
            while data := file.read(CHUNK):
                lines, newline, rest = (rest + data).rpartition(b"\n")
                if newline:
                    self._offset += len(lines) + 1
                    yield self._parse(lines)

    def _goes_on(self, file: int) -> bool:
        """Whether a line still ends where the last one read did."""
        return os.fstat(file).st_size >= self._offset and os.pread(file, 1, self._offset - 1) == b"\n"

    def _parse(self, lines: bytes) -> list[Row]:
        """All lines in one go, as an array."""
        try:
            return orjson.loads(b"[" + self._thin(lines).replace(b"\n", b",") + b"]")
        except orjson.JSONDecodeError as error:
            raise DataError(f"{self._path} is damaged: {error}.") from error
