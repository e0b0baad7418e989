"""A matrix of shares as blocks, whose height says how much."""

from collections.abc import Sequence

LEVELS = " ▁▂▃▄▅▆▇█"


def heat_map(matrix: Sequence[Sequence[float]], row_names: Sequence[str], column_names: Sequence[str], width: int) -> str:
    """matrix (n, m) of numbers from 0 to 1, names beside and, upright, above.

    A cell is two characters wide where `width` has room for that; columns for which there is none follow below.
    """
    margin = max(map(len, row_names), default=0) + 1
    cell = 2 if margin + 2 * len(column_names) <= width else 1
    at_once = max(1, (width - margin) // cell)
    lines: list[str] = []
    for first in range(0, len(column_names), at_once):
        here = slice(first, first + at_once)
        lines += _above(column_names[here], margin, cell)
        for name, row in zip(row_names, matrix, strict=True):
            lines.append(name.rjust(margin - 1) + " " + "".join(level(value) * cell for value in row[here]))
    return "\n".join(line.rstrip() for line in lines)


def _above(names: Sequence[str], margin: int, cell: int) -> list[str]:
    depth = max(map(len, names), default=0)
    return [" " * margin + "".join(name.rjust(depth)[i].rjust(cell) for name in names) for i in range(depth)]


def level(value: float) -> str:
    """Blank below a hundredth, else the nearest of eight heights."""
    return LEVELS[0] if not value >= 0.01 else LEVELS[max(1, min(8, round(8 * value)))]
