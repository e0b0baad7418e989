"""Where text comes from: files, the bundled corpora by name, or standard input."""

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO

from seqterm.errors import DataError

ALL = "wend"  # the name for all bundled files together


def bundled_folder() -> Path:
    """`corpora/`, inside the installed package or beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "corpora"
    return inside if inside.is_dir() else package.parent / "corpora"


def bundled() -> dict[str, list[Path]]:
    """{name: files} of the corpora that come with seqterm."""
    files = sorted(bundled_folder().glob("*.txt"))
    return {ALL: files, **{file.stem: [file] for file in files}}


def fetched(folder: Path) -> dict[str, list[Path]]:
    """{name: files} of the corpora in the folder of fetched ones."""
    return {path.stem: [path] for path in sorted(folder.glob("*.txt"))}


def find(sources: tuple[str, ...], spool: Path, fetched_folder: Path) -> list[Path]:
    """Paths of the files that sources name.  Standard input (`-`) and pipes are copied to `spool`, as a corpus is read twice."""
    paths: list[Path] = []
    named = {**fetched(fetched_folder), **bundled()}
    for source in sources:
        if source == "-":
            paths.append(_copy(standard_input(), spool))
        elif Path(source).exists():
            paths.append(_readable_twice(Path(source), spool))
        elif source in named:
            paths.extend(named[source])
        else:
            fetched_names = ", ".join(fetched(fetched_folder))
            known = f"bundled: {', '.join(bundled())}" + (f"; fetched: {fetched_names}" if fetched_names else "")
            raise DataError(f"There is no file {source}, and no corpus of that name ({known}).")
    for path in paths:
        if path.stat().st_size == 0:
            raise DataError(f"{'Standard input' if path == spool else path} is empty: there is nothing to learn from.")
    return paths


_given: ContextVar[bytes | None] = ContextVar("standard input", default=None)
_streams: ContextVar[int] = ContextVar("streams read", default=0)


@contextmanager
def given_input(data: bytes) -> Iterator[None]:
    """A command that reads standard input in this block reads `data`."""
    token = _given.set(data)
    try:
        yield
    finally:
        _given.reset(token)


def standard_input() -> BinaryIO:
    """Never a terminal, for which a command would wait."""
    if (data := _given.get()) is not None:
        return io.BytesIO(data)
    if sys.stdin is None or sys.stdin.isatty():
        what = "closed" if sys.stdin is None else "a terminal"
        raise DataError(f"Standard input is {what}: pipe text into it, or name a file.")
    _streams.set(_streams.get() + 1)
    return sys.stdin.buffer


@contextmanager
def opened(source: str) -> Iterator[BinaryIO]:
    """A file or, for `-`, standard input; OSError where there is none."""
    if source == "-":
        yield standard_input()
        return
    with Path(source).open("rb") as stream:
        if not stream.seekable():
            _streams.set(_streams.get() + 1)
        yield stream


def streams_read() -> int:
    """How often something was opened of which what has been read is gone: standard input or a pipe."""
    return _streams.get()


def _copy(stream: BinaryIO, spool: Path) -> Path:
    """Append a stream to the spool."""
    with spool.open("ab") as copy:
        shutil.copyfileobj(stream, copy)
    return spool


def _readable_twice(path: Path, spool: Path) -> Path:
    """The path of a regular file, or of the spool that a pipe has been copied to."""
    if path.is_dir():
        raise DataError(f"{path} is a folder: name the text files in it.")
    if path.is_file():
        return path
    with opened(str(path)) as stream:
        return _copy(stream, spool)


@contextmanager
def spooled(sources: tuple[str, ...], fetched_folder: Path) -> Iterator[list[Path]]:
    """The same, with standard input in a temporary file that goes when the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        yield find(sources, Path(folder) / "corpus.txt", fetched_folder)
