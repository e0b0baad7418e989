"""Text coloured by numbers, and the same numbers as blocks beneath it, which need no colour."""

from collections.abc import Iterator, Sequence
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


class _Letter(NamedTuple):
    text: str
    size: int
    piece: int


def heat_text(painting: Painting, painted: Painted, width: int) -> Text:
    """The pieces one after the other, folded at `width` characters; under every line a row of blocks for each row of values.

    The colour is the first row's, or, of two runs beside each other, that of the second less the first.
    """
    names = painting.rows if len(painting.rows) > 1 else [""]
    margin = max(map(len, names)) + (len(names) > 1)
    shares = _shares(painting, painted)
    styles = [_style(tint) for tint in _tints(painting, shares).tolist()]
    blocks = [[level(share) for share in row] for row in shares.tolist()]
    drawn = Text("\n", no_wrap=True, overflow="ignore")
    lines = []
    for letters in _fold(painted.pieces, max(LEAST, width - margin)):
        line = Text(" " * margin)
        for letter in letters:
            line.append(letter.text, styles[letter.piece])
        lines.append(line)
        for name, row in zip(names, blocks, strict=True):
            beneath = "".join(row[letter.piece] * letter.size for letter in letters)
            lines.append(Text(f"{name:<{margin}}{beneath}".rstrip(), "dim"))
    return drawn.join(lines)


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


def _shares(painting: Painting, painted: Painted) -> npt.NDArray[np.float64]:
    """The values (rows, pieces) as shares of their ranges."""
    low, high = np.array(painting.ranges, float).reshape(-1, 2, 1).transpose(1, 0, 2)
    return np.clip((np.array(painted.values, float).reshape(len(painting.rows), -1) - low) / (high - low), 0, 1)


def _tints(painting: Painting, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Of each piece a level from -8 (cool) over 0 (no colour) to 8 (warm)."""
    if painting.difference:
        return np.rint(8 * (shares[1] - shares[0])).astype(np.int64)
    return np.rint(16 * shares[0] - 8 if painting.ranges[0][0] < 0 else 8 * shares[0]).astype(np.int64)


def _style(tint: int) -> str:
    return "" if tint == 0 else INK + (WARM[tint - 1] if tint > 0 else COOL[-tint - 1])


def _fold(pieces: Sequence[str], width: int) -> Iterator[list[_Letter]]:
    """Lines of letters, each with the number of its piece; a letter that takes no room goes with the one before it."""
    line: list[_Letter] = []
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
            line.append(_Letter(text, size, number))
            used += size
            if character == "\n":
                yield line
                line, used = [], 0
    if line:
        yield line
