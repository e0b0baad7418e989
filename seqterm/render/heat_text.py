"""Text coloured by numbers, and the same numbers as blocks beneath it, which need no colour."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len
from rich.text import Text

from seqterm.events import Painted, Painting
from seqterm.render.heat_map import LEVELS, level
from seqterm.render.plain import plain

INK = "black on "
WARM = ["#fff3c4", "#ffe58f", "#ffd166", "#ffb347", "#ff9440", "#fa7343", "#ee5340", "#dd3333"]  # of levels 1 to 8
COOL = ["#e3f2fd", "#c3e2fb", "#a1d0f7", "#7dbcf2", "#5aa6ec", "#3d8fe0", "#2777cc", "#1c61b0"]  # below zero
SHOWN = {"\n": "↵", "\t": "⇥"}  # one character wide each
LEAST = 8  # characters of text on a line, however narrow the screen


# What a letter may be that takes one column, whatever comes before it; most texts have no other.
NARROW = re.compile(r"[\x00-\x09\x0b-\xac\xae-\u02ff\u0370-\u0482\u048a-\u0558\u2010-\u2027\u2030-\u205e]*\n?")

Row = list[tuple[str, str]]  # stretches of text with their styles


class Letter(NamedTuple):
    """A character as it is shown, its columns, and the number of the piece that it is of."""

    text: str
    size: int
    piece: int


class HeatRows:
    """Pieces of a text (n of them, with values (rows, n)), one after the other, folded at `width` columns; under every line, if
    `blocks`, a row of blocks for each row of values.

    The colour is the first row's, or, of two runs beside each other, that of the second less the first.
    """

    def __init__(
        self, painting: Painting, pieces: Sequence[str], values: Sequence[Sequence[float]], width: int, blocks: bool = True
    ):
        self._names = (painting.rows if len(painting.rows) > 1 else [""]) if blocks else []
        self.margin = margin(painting, blocks)
        self.lines = list(fold(pieces, max(LEAST, width - self.margin)))
        shares = _shares(painting, values)
        self._styles = [_style(tint) for tint in _tints(painting, shares).tolist()]
        self._blocks = [[level(share) for share in row] for row in shares.tolist()] if blocks else []

    def line(self, number: int, marked: int | None = None) -> Row:
        """The letters of a line, those of the marked piece reversed."""
        row = [(" " * self.margin, "")] if self.margin else []
        for piece, letters in groupby(self.lines[number], lambda letter: letter.piece):
            text, style = "".join(letter.text for letter in letters), self._styles[piece]
            if piece == marked:
                style = f"{style} reverse".lstrip()
            if row and row[-1][1] == style:
                row[-1] = (row[-1][0] + text, style)
            else:
                row.append((text, style))
        return row

    def beneath(self, number: int) -> list[Row]:
        """The rows of blocks under a line."""
        drawn = []
        for name, row in zip(self._names, self._blocks, strict=True):
            blocks = "".join(row[letter.piece] * letter.size for letter in self.lines[number])
            drawn.append([(f"{name:<{self.margin}}{blocks}".rstrip(), "dim")])
        return drawn

    def piece_at(self, line: int, column: int) -> int:
        """The piece that is drawn there, or the nearest in the line."""
        used = self.margin
        for letter in self.lines[line]:
            used += letter.size
            if column < used:
                return letter.piece
        return self.lines[line][-1].piece

    def column_of(self, line: int, piece: int) -> int:
        """Where a piece begins, or what comes after it in the line."""
        return self.margin + sum(letter.size for letter in self.lines[line] if letter.piece < piece)


def heat_text(painting: Painting, painted: Painted, width: int) -> Text:
    """All rows of a line of text."""
    rows = HeatRows(painting, painted.pieces, painted.values, width)
    each = [row for number in range(len(rows.lines)) for row in (rows.line(number), *rows.beneath(number))]
    drawn = Text("\n", no_wrap=True, overflow="ignore")
    return drawn.join(Text.assemble(*row) for row in each)


def margin(painting: Painting, blocks: bool = True) -> int:
    """Columns for the names of the rows of blocks."""
    return max(map(len, painting.rows)) + 1 if blocks and len(painting.rows) > 1 else 0


def n_columns(text: str) -> int | None:
    """How many columns it takes, where every letter takes one and only the last may be a line end; else None."""
    return len(text) if NARROW.fullmatch(text) else None


def n_lines(pieces: Sequence[str], columns: int | None, width: int) -> int:
    """How many lines pieces are folded into, which take so many columns; `width` is without the margin."""
    width = max(LEAST, width)
    return sum(1 for _ in fold(pieces, width)) if columns is None else -(-columns // width)


def legend(painting: Painting) -> Text:
    """What the colours and the blocks mean, on a line."""
    low, high = painting.ranges[0]
    drawn = Text(f"{painting.title}: ", overflow="fold")
    signed = low < 0 or painting.difference
    if painting.difference:
        low, high = -high, high
    drawn.append(f"{low:g} ", "dim")
    for i in range(8, 0, -1) if signed else ():
        drawn.append(" " if painting.difference else LEVELS[(9 - i) // 2], _style(-i))
    for i in range(1, 9):
        drawn.append(" " if painting.difference else LEVELS[4 + i // 2 if signed else i], _style(i))
    return drawn.append(f" {high:g}", "dim")


def _shares(painting: Painting, values: Sequence[Sequence[float]]) -> npt.NDArray[np.float64]:
    """The values (rows, pieces) as shares of their ranges."""
    low, high = np.array(painting.ranges, float).reshape(-1, 2, 1).transpose(1, 0, 2)
    return np.clip((np.array(values, float).reshape(len(painting.rows), -1) - low) / (high - low), 0, 1)


def _tints(painting: Painting, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Of each piece a level from -8 (cool) over 0 (no colour) to 8 (warm)."""
    if painting.difference:
        return np.rint(8 * (shares[1] - shares[0])).astype(np.int64)
    return np.rint(16 * shares[0] - 8 if painting.ranges[0][0] < 0 else 8 * shares[0]).astype(np.int64)


def _style(tint: int) -> str:
    return "" if tint == 0 else INK + (WARM[tint - 1] if tint > 0 else COOL[-tint - 1])


def fold(pieces: Sequence[str], width: int) -> Iterator[list[Letter]]:
    """Lines of letters, each with the number of its piece; a letter that takes no room goes with the one before it."""
    line: list[Letter] = []
    used = 0
    for number, piece in enumerate(pieces):
        for character in piece:
            text = SHOWN.get(character) or plain(character)
            size = cell_len(text)
            if size == 0 and line:
                line[-1] = line[-1]._replace(text=line[-1].text + text)
                continue
            if used + size > width:
                yield line
                line, used = [], 0
            line.append(Letter(text, size, number))
            used += size
            if character == "\n":
                yield line
                line, used = [], 0
    if line:
        yield line
