"""Runs beside each other: their loss curves in one chart, and a table of the settings in which they differ."""

from collections.abc import Sequence
from string import ascii_letters
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from seqterm.events import RunCurves, SettingDiffers
from seqterm.render.braille import Series, line_chart
from seqterm.render.plain import duration, plain

STYLES = ("cyan", "bold magenta", "yellow", "green", "red", "blue")  # of runs, over and over
HIGHEST = 18  # lines of a chart


def curves(runs: Sequence[RunCurves], width: int, height: int) -> RenderableType:
    """A chart of held-out losses where every run has them, else of those in training; below it figures of each run.

    Those are its last loss in training and its best held-out one.
    """
    held_out = all(len(run.held_out) > 1 for run in runs)
    losses = [run.held_out if held_out else run.training for run in runs]
    lines = [
        Series([step for step, _ in points], [loss for _, loss in points], _style(i), _letter(i))
        for i, points in enumerate(losses)
        if points
    ]
    what = Text(f"{'held-out' if held_out else 'training'} loss, {runs[0].unit}, by step", "dim")
    chart = line_chart(lines, width, max(8, min(HIGHEST, height - len(runs) - 4))) if lines else Text("no losses were logged")
    return Group(what, chart, Text(), _figures(runs))


def settings(runs: Sequence[RunCurves], differing: Sequence[SettingDiffers]) -> RenderableType:
    """A row for each setting, a column for each run."""
    if not differing:
        return Text("\nall settings are the same")
    table = _table("setting", *(f"{_letter(i)} {run.run}" for i, run in enumerate(runs)))
    for i, column in enumerate(table.columns[1:]):
        column.header_style = _style(i)
    for setting in differing:
        table.add_row(setting.name.replace("_", "-"), *map(_shown, setting.values))
    return Group(Text(), table)


def _letter(number: int) -> str:
    """Of a run, on its curve and before its name."""
    return ascii_letters[number % len(ascii_letters)]


def _style(number: int) -> str:
    return STYLES[number % len(STYLES)]


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for name in names:
        table.add_column(Text(plain(name)), overflow="fold")
    return table


def _figures(runs: Sequence[RunCurves]) -> Table:
    table = _table("", "run", "steps", "training", "held out", "time")
    for i, run in enumerate(runs):
        steps = max((step for step, _ in run.training), default=0)
        training = f"{run.training[-1][1]:.4f}" if run.training else "-"
        best = "-" if run.best is None else f"{run.best:.4f}"
        name = Text(_letter(i), _style(i)), Text(plain(run.run), _style(i))
        table.add_row(*name, f"{steps:,}", training, best, duration(run.seconds))
    return table


def _shown(value: Any) -> str:
    """As one would type it."""
    if isinstance(value, list):
        return plain(" ".join(map(str, value)))
    return "-" if value is None else plain(f"{value:,}" if type(value) is int else str(value))
