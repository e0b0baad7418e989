"""Words as points of a plane, with their names, and arrows between some of them."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from seqterm.render.braille import BLANK, DOTS
from seqterm.render.plain import plain

MARKER, WORD, ARROW = "bold cyan", "default", "magenta"  # styles
HEADS = "→↗↑↖←↙↓↘"  # by eighths of a turn
FARTHEST = 3  # rows that a name may be away from its point
FLAT = 1e-6  # of the larger extent, below which the smaller one is noise

Cell = tuple[int, int]  # row, column
Drawn = dict[Cell, tuple[str, str]]  # what stands there, and its style


def word_map(
    words: Sequence[str],
    points: npt.ArrayLike,
    arrows: Sequence[tuple[int, int]] = (),
    width: int = 80,
    height: int = 24,
) -> Text:
    """words (n,), points (n, 2), of which y rises upwards; arrows (from, to), both of them words' numbers.

    Each axis is stretched to fill width x height characters, which leaves parallels parallel.  Names stand beside their points,
    the first words' before the others'.  No name covers a point, another name or, if there is a place without, an arrow; one for
    which there is no room is left out.
    """
    width, height = max(1, width), max(1, height)
    dots = _to_dots(np.asarray(points, float).reshape(-1, 2), width, height)
    cells = [_cell_of(dot) for dot in dots]
    drawn: Drawn = {}
    heads = [_draw_line(drawn, dots[begin], dots[end]) for begin, end in arrows]
    lines, taken = set(drawn), set(cells)
    drawn.update(pair for head in heads for pair in head.items())
    drawn |= dict.fromkeys(cells, ("•", MARKER))
    for word, cell in zip(words, cells, strict=True):
        name = " ".join(plain(word).split())
        size = min(cell_len(name), width)
        places = [[(row, first + i) for i in range(size)] for row, first in _places(cell, size, width, height)]
        free = [place for place in places if taken.isdisjoint(place)]
        chosen = next((place for place in free if lines.isdisjoint(place)), free[0] if free else [])
        if not chosen:
            continue
        drawn |= dict.fromkeys(chosen, ("", WORD))  # the name is in its first cell: some letters fill two
        drawn[chosen[0]] = name if cell_len(name) <= width else set_cell_size(name, width), WORD
        taken.update(chosen)
    rows = [[drawn.get((row, column), (" ", "")) for column in range(width)] for row in range(height)]
    return Text("\n", no_wrap=True, overflow="crop").join(map(_line_of, rows))


def _line_of(row: list[tuple[str, str]]) -> Text:
    return Text.assemble(*(("".join(text for text, _ in run), style) for style, run in groupby(row, lambda cell: cell[1])))


def _to_dots(points: npt.NDArray[np.float64], width: int, height: int) -> npt.NDArray[np.int64]:
    """points (n, 2) -> the columns and rows (n, 2) of their dots, of which a character has two across and four down."""
    low, high = points.min(axis=0, initial=np.inf), points.max(axis=0, initial=-np.inf)
    extent = high - low
    shares = np.where(extent > FLAT * extent.max(), (points - low) / np.where(extent > 0, extent, 1), 0.5)
    shares[:, 1] = 1 - shares[:, 1]
    return np.rint(shares * [2 * width - 1, 4 * height - 1]).astype(np.int64)


def _places(cell: Cell, size: int, width: int, height: int) -> Iterator[Cell]:
    """Where a name of `size` may begin, the best place first: beside its point, in the rows next to it, ever farther away."""
    row, column = cell
    beside, centred = (column + 1, column - size), (column - size // 2, column + 1, column - size)
    for distance in range(FARTHEST + 1):
        for at in (row + distance, row - distance)[: 1 + (distance > 0)]:
            for first in centred if distance else beside:
                if 0 <= at < height and 0 <= first <= width - size:
                    yield at, first


def _draw_line(drawn: Drawn, begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Drawn:
    """Braille dots from dot to dot; -> the arrow's head, in the last character before the end's, if the two have one between."""
    head, last = _cell_of(begin), _cell_of(end)
    for dot in np.rint(np.linspace(begin, end, int(np.abs(end - begin).max()) + 1)).astype(np.int64):
        cell = _cell_of(dot)
        if cell == last:
            break
        code = ord(drawn[cell][0]) if cell in drawn else BLANK
        drawn[cell] = chr(code | int(DOTS[dot[1] % 4, dot[0] % 2])), ARROW
        head = cell
    turn = math.atan2(begin[1] - end[1], end[0] - begin[0]) / math.tau
    return {} if head == _cell_of(begin) else {head: (HEADS[round(8 * turn) % 8], ARROW)}


def _cell_of(dot: npt.NDArray[np.int64]) -> Cell:
    return int(dot[1]) // 4, int(dot[0]) // 2
