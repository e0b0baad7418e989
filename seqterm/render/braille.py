"""Line charts in braille: two dots across and four down in every character."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.text import Text

BLANK = 0x2800
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # [row, column] of a cell


@dataclass(frozen=True)
class Series:
    """A line through (x[i], y[i]), x rising."""

    x: Sequence[float]
    y: Sequence[float]
    style: str


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


def line_chart(lines: Sequence[Series], width: int, height: int) -> Text:
    """A chart of `width` x `height` characters: the lowest and highest value at the left, the first and last x below."""
    lines = [line for line in lines if np.isfinite(np.asarray(line.y, float)).any()]
    finite = [value for line in lines for value in line.y if np.isfinite(value)]
    if not finite:
        return Text("\n" * (height - 1))
    low, high = min(finite), max(finite)
    span = (high - low) or 1.0
    x_range = (min(line.x[0] for line in lines), max(line.x[-1] for line in lines))
    labels = [f"{high:.2f}", f"{low:.2f}"]
    margin = max(map(len, labels)) + 1
    cells_across, cells_down = max(1, width - margin), max(1, height - 1)
    cells = np.full((cells_down, cells_across), BLANK)
    styles = np.full((cells_down, cells_across), "", dtype=object)
    for line in lines:
        lows, highs = _extents(line, x_range, 2 * cells_across)
        rows = np.rint((high - np.stack([highs, lows])) / span * (4 * cells_down - 1))
        previous = np.full(2, np.nan)
        for column, (top, bottom) in enumerate(rows.T):
            if np.isnan(top):
                continue
            first, last = np.fmin(top, previous[1]), np.fmax(bottom, previous[0])  # joined to the column before
            for dot in range(int(first), int(last) + 1):
                cell = (dot // 4, column // 2)
                cells[cell] |= DOTS[dot % 4, column % 2]
                styles[cell] = line.style
            previous = np.array([top, bottom])
    chart = Text()
    for index in range(cells_down):
        label = labels[0] if index == 0 else labels[1] if index == cells_down - 1 else ""
        chart.append(label.rjust(margin - 1) + " ", "dim")
        for code, style in zip(cells[index], styles[index], strict=True):
            chart.append(chr(code), style)
        chart.append("\n")
    begin, end = (f"{x:,.0f}" for x in x_range)
    room = cells_across - len(begin) - len(end)
    chart.append(" " * margin + (begin + " " * room + end if room >= 0 else end.rjust(cells_across)[:cells_across]), "dim")
    return chart
