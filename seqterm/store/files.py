"""Files that are either whole or not there."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from seqterm.errors import DataError


@contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write into, under a temporary name, flushed to the disk and renamed at the end; on failure nothing changes."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_whole(path: Path, data: bytes) -> None:
    with writing_whole(path) as file:
        file.write(data)


def _flush_folder(folder: Path) -> None:
    """A rename is safe once the folder is on the disk too; Windows does that by itself."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_json(path: Path, values: Any) -> bytes:
    """Write readable JSON whole; returns the bytes."""
    data = _dump(values, orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    write_whole(path, data)
    return data


def json_line(values: Any) -> bytes:
    """JSON on one line, without the line end."""
    return _dump(values, 0)


def _dump(values: Any, layout: int) -> bytes:
    """JSON; bytes that are no UTF-8 (lone surrogates) become U+FFFD."""
    try:
        return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY | layout)
    except TypeError:
        return orjson.dumps(_clean(values), option=orjson.OPT_SERIALIZE_NUMPY | layout)


def _clean(values: Any) -> Any:
    if isinstance(values, str):
        return values.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(values, dict):
        return {key: _clean(value) for key, value in values.items()}
    return [_clean(value) for value in values] if isinstance(values, list | tuple) else values


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}.") from error


def parse_json(data: bytes, path: Path) -> Any:
    """The value of JSON read from path; DataError where it is not JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise DataError(f"{path} is damaged: {error}.") from error


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file; a torn last line is ignored."""
    if not path.exists():
        return []
    lines = read_bytes(path).split(b"\n")
    return [parse_json(line, path) for line in lines[:-1] if line]
