"""Shows forecasts and what was fitted: CSV on standard output, tables and the chart on standard error."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from seqterm.events import ComparedPoint, Event, Fitted, ForecastErrors, ForecastPoint, History, Note
from seqterm.faces import notes, output
from seqterm.faces.views import Screen

CHART = 100, 22  # columns and lines at most
Point = ForecastPoint | ComparedPoint


def forecast(events: Iterable[Event], quiet: bool, chart: bool | None, screen: Screen) -> None:
    """Rows as they come; then errors, and the chart where standard error is a terminal or `chart` is asked for."""
    history: History | None = None
    points: list[Point] = []
    errors: list[ForecastErrors] = []
    for event in events:
        match event:
            case Note():
                notes.note(event.text)
            case History():
                history = event
            case ForecastPoint() | ComparedPoint():
                if not points:
                    _write_row(list(_row(event, history)))
                _write_row(list(_row(event, history).values()))
                points.append(event)
            case ForecastErrors():
                errors.append(event)
    if errors and not quiet:
        notes.note("\n" + forecast_errors(errors))
    if history and points and not quiet and (notes.is_terminal() if chart is None else chart):
        _draw(history, points)
    if history and points:
        from seqterm.render.forecast import forecast_chart

        screen.keep(forecast_chart(history, points, *CHART))


def _row(point: Point, history: History | None) -> dict[str, Any]:
    """Names and values of one row of CSV."""
    name = history.time_name if history else None
    values = {key: value for key, value in asdict(point).items() if key not in ("level", "time")}
    return {"step": values.pop("step"), **({name: point.time} if name else {}), **values}


def _write_row(cells: list[Any]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    output.write(line.getvalue())


def one_forecast(events: Iterable[Event]) -> None:
    """{"column": ..., "rows": ..., "forecast": [...], "errors": [...]}"""
    found: dict[str, Any] = {"forecast": [], "errors": []}
    for event in events:
        fields = {key: value for key, value in event.to_json().items() if key != "event"}
        match event:
            case Note():
                notes.note(event.text)
            case History():
                found = {"column": event.column, "rows": event.rows, **found}
            case ForecastErrors():
                found["errors"].append(fields)
            case _:
                found["forecast"].append(fields)
    output.write_object(found)


def _draw(history: History, points: list[Point]) -> None:
    from rich.console import Console

    from seqterm.render.forecast import forecast_chart

    console = Console(stderr=True)
    width, height = min(CHART[0], console.width), max(8, min(CHART[1], console.height - 2))
    console.print()
    console.print(forecast_chart(history, points, width, height))


# Tables


def forecast_errors(errors: list[ForecastErrors]) -> str:
    """A row for each method."""
    width = max(len("method"), *(len(error.method) for error in errors))
    lines = [
        f"{'errors of forecasts':<{width}}  {'one step ahead':>25}  {'from its own predictions':>25}",
        f"{f'of {errors[0].rows:,} rows':<{width}}  {'RMSE':>12} {'MAE':>12}  {'RMSE':>12} {'MAE':>12}",
    ]
    for e in errors:
        one, many = f"{e.one_step_rmse:>12.5g} {e.one_step_mae:>12.5g}", f"{e.multi_step_rmse:>12.5g} {e.multi_step_mae:>12.5g}"
        lines.append(f"{e.method:<{width}}  {one}  {many}")
    return "\n".join(lines)


def error_row(error: ForecastErrors) -> str:
    one = f"{error.one_step_rmse:>12.5g} {error.one_step_mae:>12.5g}"
    return f"{error.method:<20} {error.rows:>8,}  {one}  {error.multi_step_rmse:>12.5g} {error.multi_step_mae:>12.5g}"


ERRORS_HEADING = (
    f"\n{'held-out rows':<20} {'':>8}  {'one step ahead':>25}  {'from its own predictions':>25}\n"
    f"{'method':<20} {'rows':>8}  {'RMSE':>12} {'MAE':>12}  {'RMSE':>12} {'MAE':>12}"
)


def fitted(event: Fitted) -> str:
    """The regression's tables."""
    n = f"{event.observations:,} observations"
    lines = [*_orders(event), f"AR({event.lags}), {n}, noise {event.deviation:.6g}, log-likelihood {event.log_likelihood:.4f}"]
    lines.append(f"AIC {event.aic:.4f}  BIC {event.bic:.4f}  HQIC {event.hqic:.4f}")
    lines += ["", f"{'':<12} {'coefficient':>14} {'error':>12} {'z':>9} {'p':>7}  {'95 % interval':>25}"]
    for c in event.coefficients:
        interval = f"{c['lower']:>12.6g} {c['upper']:>12.6g}"
        z = "-" if c["z"] is None else f"{c['z']:.2f}"
        lines.append(f"{c['name']:<12} {c['value']:>14.8g} {c['error']:>12.6g} {z:>9} {c['p']:>7.4f}  {interval}")
    lines += ["", f"{'root':<12} {'real':>14} {'imaginary':>12} {'modulus':>9} {'rows a turn':>12}"]
    for i, root in enumerate(event.roots, 1):
        turn = f"{1 / abs(root['frequency']):.2f}" if root["frequency"] else "-"
        lines.append(f"{i:<12} {root['real']:>14.6f} {root['imaginary']:>12.6f} {root['modulus']:>9.4f} {turn:>12}")
    inside = sum(root["modulus"] <= 1 for root in event.roots)
    lines.append(
        f"not stationary: {inside} not outside the unit circle" if inside else "stationary: all are outside the unit circle"
    )
    if box := event.ljung_box:
        q = f"Ljung-Box of {box['lags']} residual autocorrelations: {box['statistic']:.4f}"
        lines += ["", f"{q} with {box['degrees']} degrees of freedom, p {box['p']:.4f}"]
    return "\n".join(lines)


def _orders(event: Fitted) -> list[str]:
    if not event.orders:
        return []
    lines = [f"{'lags':<6} {'AIC':>14} {'BIC':>14} {'HQIC':>14}"]
    for order in event.orders:
        chosen = f"  chosen by {str(event.criterion).upper()}" if order["lags"] == event.lags else ""
        lines.append(f"{order['lags']:<6} {order['aic']:>14.4f} {order['bic']:>14.4f} {order['hqic']:>14.4f}{chosen}")
    return [*lines, ""]
