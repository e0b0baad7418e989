"""Lines of text from a file or from standard input.  Only \\n ends a line; bytes that are no UTF-8 come as lone surrogates."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seqterm.errors import DataError
from seqterm.text.corpus import opened


def _text(raw: bytes) -> str:
    return raw.removesuffix(b"\n").decode("utf-8", "surrogateescape")


def read_lines(source: str) -> Iterator[str]:
    """One after the other, without their ends; nothing is kept."""
    try:
        with opened(source) as stream:
            yield from map(_text, stream)
    except OSError as error:
        raise DataError(f"Cannot read {source}: {error.strerror}.") from error


@contextmanager
def readable_twice(source: str) -> Iterator[str]:
    """The name of a file with the same text; standard input and pipes are copied to a temporary one."""
    path = Path(source)
    if source != "-" and (path.is_file() or not path.exists()):
        yield source
        return
    with tempfile.TemporaryDirectory() as folder:
        spool = Path(folder) / "lines.txt"
        try:
            with opened(source) as stream, spool.open("wb") as copy:
                shutil.copyfileobj(stream, copy)
        except OSError as error:
            raise DataError(f"Cannot read {source}: {error.strerror}.") from error
        yield str(spool)
