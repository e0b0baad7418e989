"""Lines of text from a file or from standard input.  Only \\n ends a line; bytes that are no UTF-8 come as lone surrogates."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seqterm.errors import DataError


def _text(raw: bytes) -> str:
    return raw.removesuffix(b"\n").decode("utf-8", "surrogateescape")


def read_lines(source: str) -> Iterator[str]:
    """One after the other, without their ends; nothing is kept."""
    if source == "-":
        yield from map(_text, _standard_input())
        return
    try:
        with Path(source).open("rb") as file:
            yield from map(_text, file)
    except OSError as error:
        raise DataError(f"Cannot read {source}: {error.strerror}.") from error


def _standard_input() -> Iterator[bytes]:
    if sys.stdin.isatty():
        raise DataError("Standard input is a terminal: pipe text into it, or name a file.")
    return iter(sys.stdin.buffer)


@contextmanager
def readable_twice(source: str) -> Iterator[str]:
    """The name of a file with the same text; standard input is copied to a temporary one."""
    if source != "-":
        yield source
        return
    _standard_input()
    with tempfile.TemporaryDirectory() as folder:
        spool = Path(folder) / "lines.txt"
        with spool.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield str(spool)
