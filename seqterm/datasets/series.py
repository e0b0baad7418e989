"""Series of numbers from CSV files, read block by block: memory holds the numbers, never the text."""

import csv
import io
import re
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from seqterm.backends.base import Array
from seqterm.errors import DataError
from seqterm.text.corpus import standard_input

BLOCK = 1 << 14  # rows
FIRST = 2  # the number of the first row of data, as the header is row 1
TIME = re.compile(r"\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?)?")
SHOWN = 40  # characters of a cell in a message
Row = tuple[int, list[str]]


@dataclass(frozen=True)
class Series:
    """`names` (D,) of columns and their `values` (T, D), float64, all finite.

    Where the file's first column is another one, of ISO dates or times, `times` (T,) holds it and `time_name` is its name.
    """

    source: str
    names: list[str]
    values: Array
    times: Array | None = None
    time_name: str | None = None


def read_series(path: str, columns: tuple[str, ...] = ()) -> Series:
    """The columns of a CSV file, or of standard input (-); without names, the only column of numbers.

    The first row holds the columns' names.  DataError names row and column of what is no finite number, the row whose length
    is another than the header's, and the columns that there are where one that is asked for is not.
    """
    with _open(path) as file:
        rows = _rows(path, file)
        header, first = next(rows, (0, []))[1], next(rows, None)
        if not header:
            raise DataError(f"{_called(path)} is empty: a series has a header and rows of numbers.")
        if first is None:
            raise DataError(f"{_called(path)} has a header and no rows: there is nothing to learn from.")
        chosen = [_find(path, header, name) for name in columns] or [_only_numbers(path, header, first[1])]
        timed = 0 not in chosen and bool(TIME.fullmatch(first[1][0].strip()))
        values, times = _read(path, header, _chain(first, rows), chosen, timed)
    names = [header[i] for i in chosen]
    return Series(path, names, values, times, header[0] if timed else None)


def _called(path: str) -> str:
    return "Standard input" if path == "-" else path


@contextmanager
def _open(path: str) -> Iterator[io.TextIOWrapper]:
    try:
        raw = standard_input() if path == "-" else Path(path).open("rb")  # noqa: SIM115
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}.") from error
    text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    try:
        yield text
    finally:
        if path == "-":
            text.detach()
        else:
            text.close()


def _rows(path: str, file: io.TextIOWrapper) -> Iterator[Row]:
    """Numbers and cells of rows, all as long as the first; empty lines at the end are none."""
    reader, number, length, empty = csv.reader(file, strict=True), 0, 0, 0
    try:
        for number, cells in enumerate(reader, 1):
            if not cells:
                empty = empty or number
                continue
            if empty:
                raise DataError(f"{_called(path)}, row {empty}: the row is empty.")
            length = length or len(cells)
            if len(cells) != length:
                raise DataError(f"{_called(path)}, row {number}: {len(cells)} cells, where the header has {length}.")
            yield number, cells
    except csv.Error as error:
        raise DataError(f"{_called(path)}, row {number + 1}: this is no CSV ({error}).") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{_called(path)}, after row {number}: this is not UTF-8 text.") from error
    except OSError as error:
        raise DataError(f"Cannot read {_called(path)}: {error.strerror}.") from error


def _chain(first: Row, rows: Iterator[Row]) -> Iterator[list[str]]:
    yield first[1]
    for _, cells in rows:
        yield cells


def _find(path: str, header: list[str], name: str) -> int:
    """The place of a column."""
    places = [i for i, other in enumerate(header) if other.strip() == name.strip()]
    if not places:
        raise DataError(f"{_called(path)} has no column {name!r}; it has {_list(header)}.")
    if len(places) > 1:
        raise DataError(f"{_called(path)} has {len(places)} columns of the name {name!r}: give them names that differ.")
    return places[0]


def _only_numbers(path: str, header: list[str], first: list[str]) -> int:
    """The place of the one column with a number in the first row."""
    places = [i for i, cell in enumerate(first) if _is_number(cell)]
    if not places:
        raise DataError(f"{_called(path)}, row {FIRST}: there is no number in any of {_list(header)}.")
    if len(places) > 1:
        raise DataError(f"{_called(path)} has several columns of numbers: choose one of {_list([header[i] for i in places])}.")
    return places[0]


def _list(names: list[str]) -> str:
    return ", ".join(map(repr, names))


def _is_number(cell: str) -> bool:
    try:
        _numbers([cell])
    except ValueError:
        return False
    return True


def _read(path: str, header: list[str], rows: Iterator[list[str]], chosen: list[int], timed: bool) -> tuple[Array, Array | None]:
    """values (T, D), times (T,) or None.  Buffers that grow in place: else the blocks and what they are joined to are held."""
    values, times, unit, done = array("d"), array("q"), "", 0
    while block := list(islice(rows, BLOCK)):
        columns = ((header[i], [row[i] for row in block]) for i in chosen)
        parts = [_converted(path, cells, done, name, "a finite number", _numbers) for name, cells in columns]
        values.frombytes(np.stack(parts, axis=1).tobytes())
        if timed:
            unit = unit or _unit(block[0][0].strip())
            convert = partial(_times, unit=unit)
            cells = [row[0].strip() for row in block]
            times.frombytes(_converted(path, cells, done, header[0], "a date or time as the others", convert).tobytes())
        done += len(block)
    found = np.frombuffer(values, np.float64).reshape(-1, len(chosen))
    return found, np.frombuffer(times, f"datetime64[{unit}]") if timed else None


def _converted(path: str, cells: list[str], before: int, name: str, what: str, convert: Callable[[list[str]], Array]) -> Array:
    """All cells at once; where that fails, the first that fails by itself is named."""
    try:
        return convert(cells)
    except ValueError:
        for row, cell in enumerate(cells, before + FIRST):
            try:
                convert([cell])
            except ValueError as error:
                found = f"{cell[:SHOWN]!r} is not {what}" if cell.strip() else "the cell is empty"
                raise DataError(f"{_called(path)}, row {row}, column {name!r}: {found}.") from error
        raise


def _numbers(cells: list[str]) -> Array:
    """ValueError for what is no finite number; 1_000, which numpy would take, is none."""
    values = np.array(cells, dtype=np.float64)
    if not np.isfinite(values).all() or "_" in "".join(cells):
        raise ValueError
    return values


def _unit(cell: str) -> str:
    return {7: "M", 10: "D"}.get(len(cell), "us")


def _times(cells: list[str], unit: str) -> Array:
    """ValueError for what is no time, or not of this unit."""
    if not all(TIME.fullmatch(cell) and _unit(cell) == unit for cell in cells):
        raise ValueError
    return np.array(cells, dtype=f"datetime64[{unit}]")


def write_values(path: Path, values: Array) -> None:
    """values (T,), float64, plain."""
    with path.open("wb") as file:
        np.ascontiguousarray(values, np.float64).tofile(file)


def open_values(path: Path, n: int) -> Array:
    """The n numbers of a file that write_values made."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}; the run cannot go on without it.") from error
    if size != 8 * n:
        raise DataError(f"{path} has {size} bytes where {n} numbers were written: it was changed or cut off.")
    return np.fromfile(path, np.float64)
