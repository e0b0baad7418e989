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


def _columns(series: Series, x_range: tuple[float, float], n: int) -> np.ndarray:
    """The line's height at n dot columns across x_range; NaN where it does not reach."""
    x, y = np.asarray(series.x, float), np.asarray(series.y, float)
    at = np.linspace(*x_range, n)
    return np.interp(at, x, y, left=np.nan, right=np.nan)


def line_chart(lines: Sequence[Series], width: int, height: int) -> Text:
    """A chart of `width` x `height` characters: the lowest and highest value at the left, the first and last x below."""
    lines = [line for line in lines if len(line.x)]
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
        heights = _columns(line, x_range, 2 * cells_across)
        rows = np.round((high - heights) / span * (4 * cells_down - 1))
        previous = np.nan
        for column, row in enumerate(rows):
            if np.isnan(row):
                continue
            first, last = sorted((int(row), int(row if np.isnan(previous) else previous)))
            for dot in range(first, last + 1):
                cell = (dot // 4, column // 2)
                cells[cell] |= DOTS[dot % 4, column % 2]
                styles[cell] = line.style
            previous = row
    chart = Text()
    for index in range(cells_down):
        label = labels[0] if index == 0 else labels[1] if index == cells_down - 1 else ""
        chart.append(label.rjust(margin - 1) + " ", "dim")
        for code, style in zip(cells[index], styles[index], strict=True):
            chart.append(chr(code), style)
        chart.append("\n")
    begin, end = (f"{x:,.0f}" for x in x_range)
    chart.append(" " * margin + begin + end.rjust(max(0, cells_across - len(begin))), "dim")
    return chart
