"""A matrix of shares as blocks, whose height says how much."""

from collections.abc import Sequence

LEVELS = " ▁▂▃▄▅▆▇█"
WIDE = 40  # columns up to which a cell is two characters wide


def heat_map(matrix: Sequence[Sequence[float]], row_names: Sequence[str], column_names: Sequence[str]) -> str:
    """matrix (n, m) of numbers from 0 to 1, names beside and, upright, above."""
    width = 2 if len(column_names) <= WIDE else 1
    margin, depth = max(map(len, row_names), default=0) + 1, max(map(len, column_names), default=0)
    above = [" " * margin + "".join(name.rjust(depth)[i].rjust(width) for name in column_names) for i in range(depth)]
    rows = [
        name.rjust(margin - 1) + " " + "".join(level(value) * width for value in row)
        for name, row in zip(row_names, matrix, strict=True)
    ]
    return "\n".join(line.rstrip() for line in (*above, *rows))


def level(value: float) -> str:
    """Blank below a hundredth, else the nearest of eight heights."""
    return LEVELS[0] if not value >= 0.01 else LEVELS[max(1, min(8, round(8 * value)))]
