"""Every sample that was drawn, in one SQLite file; a marker beside it says that nothing is logged."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from seqterm.errors import DataError
from seqterm.events import LoggedSample
from seqterm.store.files import json_line
from seqterm.store.home import state_folder

WAIT = 0.5  # seconds for another process that writes
TABLE = """CREATE TABLE IF NOT EXISTS sample (
    number INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, run TEXT NOT NULL, checksum TEXT NOT NULL,
    seed INTEGER NOT NULL, settings TEXT NOT NULL, prompt NOT NULL, text NOT NULL, tokens INTEGER NOT NULL,
    interrupted INTEGER NOT NULL)"""
COLUMNS = "number, time, run, checksum, seed, settings, prompt, text, tokens, interrupted"


def path() -> Path:
    return state_folder() / "samples.sqlite"


def _off() -> Path:
    return state_folder() / "samples.off"


def is_on() -> bool:
    return not _off().exists()


def switch(on: bool) -> None:
    """DataError where that cannot be kept."""
    try:
        if on:
            _off().unlink(missing_ok=True)
        else:
            state_folder().mkdir(parents=True, exist_ok=True)
            _off().touch()
    except OSError as error:
        raise DataError(f"Cannot write to {state_folder()}: {error.strerror}.") from error


@contextmanager
def _open(create: bool) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are kept at the end; DataError where the file is locked, damaged or out of reach."""
    connection = None
    try:
        if create:
            path().parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path(), timeout=WAIT)
        connection.execute("PRAGMA synchronous = OFF")  # a crash of the machine may cost the last samples
        with connection:
            connection.execute(TABLE)
            yield connection
    except sqlite3.OperationalError as error:
        raise DataError(f"The log of samples at {path()} cannot be used: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise DataError(f"The log of samples at {path()} is damaged ({error}): move it away, and a new one begins.") from error
    except OSError as error:
        raise DataError(f"The log of samples cannot be at {path()}: {error.strerror}.") from error
    finally:
        if connection is not None:
            connection.close()


def _storable(text: str) -> str | bytes:
    """Bytes where a text has some that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
    return text


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def add(rows: list[LoggedSample]) -> bool:
    """Append rows, whose numbers are made here; -> whether this began the log."""
    new = not path().exists()
    with _open(create=True) as log:
        log.executemany(
            f"INSERT INTO sample ({COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            map(_values, rows),
        )
    return new


def rows(number: int | None = None, holding: str | None = None, last: int | None = None) -> list[LoggedSample]:
    """The newest `last` rows, oldest first: one of a number, those whose text holds another (letters of any case), or all."""
    if not path().exists():
        return []
    where = "1"
    values: list[int | str] = []
    if number is not None:
        where, values = "number = ?", [number]
    elif holding is not None:
        escaped = holding.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        where, values = "CAST(prompt AS TEXT) || CAST(text AS TEXT) LIKE ? ESCAPE '\\'", [f"%{escaped}%"]
    with _open(create=False) as log:
        found = log.execute(
            f"SELECT {COLUMNS} FROM sample WHERE {where} ORDER BY number DESC LIMIT ?", [*values, -1 if last is None else last]
        ).fetchall()
    return [_row(values) for values in reversed(found)]


def _values(row: LoggedSample) -> tuple[Any, ...]:
    """As the table has them, without the number."""
    settings = json_line(row.settings).decode()
    texts = _storable(row.prompt), _storable(row.text)
    return row.time, row.run, row.checksum, row.seed, settings, *texts, row.tokens, row.interrupted


def _row(values: tuple[Any, ...]) -> LoggedSample:
    number, when, run, checksum, seed, settings, prompt, text, tokens, interrupted = values
    try:
        settings = orjson.loads(settings)
    except orjson.JSONDecodeError as error:
        raise DataError(f"The log of samples at {path()} is damaged: the settings of sample {number} are no JSON.") from error
    return LoggedSample(number, when, run, checksum, seed, settings, _text(prompt), _text(text), tokens, bool(interrupted))


def clear() -> int:
    """Delete all rows; -> how many there were."""
    if not path().exists():
        return 0
    with _open(create=False) as log:
        return log.execute("DELETE FROM sample").rowcount
