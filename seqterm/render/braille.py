"""Line charts in braille: two dots across and four down in every character."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np
from rich.text import Text

BLANK = 0x2800
MARKED = 16  # characters between two marks of a line
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # [row, column] of a cell


@dataclass(frozen=True)
class Series:
    """A line through (x[i], y[i]), x rising; `mark`: a letter that stands on it, which tells lines apart without colour."""

    x: Sequence[float]
    y: Sequence[float]
    style: str
    mark: str = ""


@dataclass(frozen=True)
class Band:
    """What lies between low[i] and high[i] at x[i], x rising; drawn in every other dot, behind the lines."""

    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    style: str


@dataclass(frozen=True)
class Labels:
    """How a chart's ends are named: a format for y, or "exponent" where y is the decimal logarithm of what is shown, and texts
    for the first and last x (None: the numbers).  margin: columns at the left, where more than the names need."""

    y: str = ".2f"
    x: tuple[str, str] | None = None
    margin: int = 0

    def of(self, y: float) -> str:
        return f"{10**y:.1e}".replace("e-0", "e-").replace("e+0", "e+") if self.y == "exponent" else f"{y:{self.y}}"


def _extents(series: Series, x_range: tuple[float, float], n: int) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest y of the line in each of n dot columns across x_range; NaN where it does not reach."""
    x, y = np.asarray(series.x, float), np.asarray(series.y, float)
    finite = np.isfinite(y)
    y = np.where(finite, y, np.nan)
    low = np.interp(np.linspace(*x_range, n), x, y, left=np.nan, right=np.nan)
    high = low.copy()
    columns = np.rint((x - x_range[0]) / ((x_range[1] - x_range[0]) or 1.0) * (n - 1)).astype(int)
    np.fmin.at(low, columns[finite], y[finite])
    np.fmax.at(high, columns[finite], y[finite])
    return low, high


class _Grid:
    """Cells (down, across) of braille dots, and their styles, for y from high at the top to low."""

    def __init__(self, down: int, across: int, x_range: tuple[float, float], low: float, high: float):
        self.cells, self.styles = np.full((down, across), BLANK), np.full((down, across), "", dtype=object)
        self._x_range, self._high, self._span = x_range, high, (high - low) or 1.0
        self._filled = np.zeros((down, across), bool)  # with nothing but bands
        self._marked: set[tuple[int, int]] = set()

    def _rows(self, y: np.ndarray) -> np.ndarray:
        return np.rint((self._high - y) / self._span * (4 * len(self.cells) - 1))

    def _dot(self, row: int, column: int, style: str, of_line: bool) -> None:
        """A line takes a cell from the bands behind it."""
        cell = (row // 4, column // 2)
        if of_line and self._filled[cell]:
            self.cells[cell] = BLANK
        self._filled[cell] = not of_line
        self.cells[cell] |= DOTS[row % 4, column % 2]
        self.styles[cell] = style

    def draw(self, line: Series) -> None:
        lows, highs = _extents(line, self._x_range, 2 * self.cells.shape[1])
        previous = np.full(2, np.nan)
        for column, (top, bottom) in enumerate(self._rows(np.stack([highs, lows])).T):
            if np.isnan(top):
                previous = np.full(2, np.nan)
                continue
            first, last = np.fmin(top, previous[1]), np.fmax(bottom, previous[0])  # joined to the column before
            for row in range(int(first), int(last) + 1):
                self._dot(row, column, line.style, of_line=True)
            previous = np.array([top, bottom])

    def mark(self, line: Series) -> None:
        """At the line's end, and from there back; left of where another line's mark stands."""
        lows, highs = _extents(line, self._x_range, 2 * self.cells.shape[1])
        rows = self._rows((lows + highs) / 2)[::2] // 4
        reached = np.flatnonzero(~np.isnan(rows))
        for end in range(reached[-1], reached[0] - 1, -MARKED):
            free = ((int(rows[at]), at) for at in range(end, max(end - MARKED, reached[0] - 1), -1) if not np.isnan(rows[at]))
            cell = next((cell for cell in free if cell not in self._marked), None)
            if cell:
                self.cells[cell], self.styles[cell] = ord(line.mark), line.style
                self._marked.add(cell)

    def fill(self, band: Band) -> None:
        n = 2 * self.cells.shape[1]
        lows, highs = (_extents(Series(band.x, y, ""), self._x_range, n)[i] for i, y in enumerate((band.low, band.high)))
        for column, (top, bottom) in enumerate(self._rows(np.stack([highs, lows])).T):
            if np.isnan(top):
                continue
            for row in range(int(top), int(bottom) + 1):
                if (row + column) % 2 == 0:
                    self._dot(row, column, band.style, of_line=False)


def line_chart(lines: Sequence[Series], width: int, height: int, bands: Sequence[Band] = (), labels: Labels = Labels()) -> Text:
    """A chart of `width` x `height` characters: the lowest and highest value at the left, the first and last x below."""
    lines = [line for line in lines if np.isfinite(np.asarray(line.y, float)).any()]
    drawn = [line.y for line in lines] + [y for band in bands for y in (band.low, band.high)]
    finite = [value for y in drawn for value in y if np.isfinite(value)]
    if not finite:
        return Text("\n" * (height - 1))
    low, high = min(finite), max(finite)
    xs = [line.x for line in lines] + [band.x for band in bands]
    x_range = (min(x[0] for x in xs), max(x[-1] for x in xs))
    names = [labels.of(high), labels.of(low)]
    margin = max(labels.margin, *(len(name) + 1 for name in names))
    cells_across, cells_down = max(1, width - margin), max(1, height - 1)
    grid = _Grid(cells_down, cells_across, x_range, low, high)
    for band in bands:
        grid.fill(band)
    for line in lines:
        grid.draw(line)
    for line in lines:
        if line.mark:
            grid.mark(line)
    chart = Text()
    for index in range(cells_down):
        label = names[0] if index == 0 else names[1] if index == cells_down - 1 else ""
        chart.append(label.rjust(margin - 1) + " ", "dim")
        for style, cells in groupby(zip(grid.styles[index], grid.cells[index], strict=True), itemgetter(0)):
            chart.append("".join(chr(code) for _, code in cells), style)
        chart.append("\n")
    begin, end = labels.x or (f"{x:,.0f}" for x in x_range)
    room = cells_across - len(begin) - len(end)
    chart.append(" " * margin + (begin + " " * room + end if room >= 0 else end.rjust(cells_across)[:cells_across]), "dim")
    return chart
