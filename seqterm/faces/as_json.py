"""Events as JSON: an object each, or one for all."""

from collections.abc import Callable, Iterable
from typing import Any

from seqterm.errors import INTERRUPTED
from seqterm.events import (
    AnalogyAccuracy,
    Compared,
    Event,
    LineScore,
    Note,
    PairCorrelation,
    Piece,
    Progress,
    Stopped,
    TotalScore,
)
from seqterm.faces import notes, output


def jsonl(events: Iterable[Event], stop: Callable[[], None]) -> int:
    """Every event but pieces as an object on a line; notes stay on standard error.

    When the reader is gone, `stop()` asks for a clean end, and what still happens is not shown.
    """
    code = 0
    for event in events:
        try:
            if isinstance(event, Note):
                notes.note(event.text)
            elif not isinstance(event, Piece | Progress):
                output.write_object(event.to_json())
        except BrokenPipeError:
            output.close_quietly()
            stop()
        if isinstance(event, Stopped) and event.reason == "interrupted":
            code = INTERRUPTED
    return code


def one_evaluation(events: Iterable[Event]) -> None:
    """{"analogy_accuracy": ..., "semantic": ..., "syntactic": ..., "sections": [...], "pairs": [...]}"""
    found: dict[str, Any] = {"sections": [], "pairs": []}
    for event in events:
        fields = {key: value for key, value in event.to_json().items() if key != "event"}
        match event:
            case AnalogyAccuracy(section=None):
                found |= {key: value for key, value in fields.items() if key != "section"}
            case AnalogyAccuracy():
                found["sections"].append({key: value for key, value in fields.items() if key not in ("semantic", "syntactic")})
            case PairCorrelation():
                found["pairs"].append(fields)
            case Note():
                notes.note(event.text)
    output.write_object(found)


def one_object(events: Iterable[Event]) -> None:
    """Scores as one JSON object: {"lines": [...], "total": {...}}, or the total alone where no line is scored."""
    lines: list[dict[str, Any]] = []
    for event in events:
        fields = {key: value for key, value in event.to_json().items() if key != "event"}
        if isinstance(event, LineScore):
            lines.append(fields)
        elif isinstance(event, TotalScore):
            output.write_object({"lines": lines, "total": fields} if lines else fields)


def one_comparison(events: Iterable[Event]) -> None:
    """{"runs": [...]}"""
    runs: list[dict[str, Any]] = []
    for event in events:
        match event:
            case Compared():
                runs.append({key: value for key, value in event.to_json().items() if key != "event"})
            case Note():
                notes.note(event.text)
    output.write_object({"runs": runs})
