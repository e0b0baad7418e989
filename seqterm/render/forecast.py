"""A forecast's chart: the end of the history, what is expected after it, and the interval around that."""

from collections.abc import Sequence

from rich.text import Text

from seqterm.events import ComparedPoint, ForecastPoint, History
from seqterm.render.braille import Band, Labels, Series, line_chart
from seqterm.render.plain import plain

REAL, ONE_STEP, FORECAST, INTERVAL = "cyan", "green", "bold magenta", "dim"  # styles
Points = Sequence[ForecastPoint | ComparedPoint]


def _number_format(values: Sequence[float]) -> str:
    """As many digits as show that the ends differ."""
    span = max(values) - min(values)
    return ",.0f" if span >= 100 else ".1f" if span >= 10 else ".2f" if span >= 1 else ".3g"


def forecast_chart(history: History, points: Points, width: int, height: int) -> Text:
    """A chart of `width` x `height` characters with its legend; every forecast begins at the last real value."""
    rows = list(range(history.first, history.first + len(history.values)))
    known, last = history.values, history.values[-1]
    ahead = [history.rows + point.step for point in points]
    joined = [history.rows, *ahead]
    compared = [point for point in points if isinstance(point, ComparedPoint)]
    expected = [point.multi_step if isinstance(point, ComparedPoint) else point.forecast for point in points]
    lower, upper = [point.lower for point in points], [point.upper for point in points]
    lines = [Series(rows + ahead[: len(compared)], known + [point.actual for point in compared], REAL)]
    if compared:
        lines.append(Series(joined, [last, *(point.one_step for point in compared)], ONE_STEP))
    lines.append(Series(joined, [last, *expected], FORECAST))
    band = Band(joined, [last, *lower], [last, *upper], INTERVAL)
    labels = Labels(_number_format([*known, *lower, *upper]), _ends(history, points))
    chart = line_chart(lines, width, height - 1, [band], labels)
    return Text.assemble(_legend(history, points), "\n", chart, no_wrap=True, overflow="crop")


def _ends(history: History, points: Points) -> tuple[str, str] | None:
    last = points[-1].time
    return (history.times[0], last) if history.times and last else None


def _legend(history: History, points: Points) -> Text:
    legend = Text.assemble((f"{plain(history.column)} ", "bold"), ("⠒⠒ ", REAL), "real  ")
    if isinstance(points[0], ComparedPoint):
        legend.append("⠒⠒ ", ONE_STEP).append("one step ahead  ")
    name = "from its own predictions  " if isinstance(points[0], ComparedPoint) else "forecast  "
    legend.append("⠒⠒ ", FORECAST).append(name)
    return legend.append("⢕⢕ ", INTERVAL).append(f"{points[0].level:.0%} interval")
