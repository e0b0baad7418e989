"""What happens, as small objects."""

import dataclasses
import re
from typing import Any, get_type_hints

import pytest

from seqterm import events
from seqterm.events import Event, Note, Saved, TrainingSample
from seqterm.store.files import json_line, parse_json

KINDS = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event]
EXAMPLES = {
    str: "a",
    int: 1,
    float: 0.5,
    float | None: None,
    int | None: None,
    list[tuple[str, float, int, bool]] | None: None,
    bool: True,
    dict[str, list[int]]: {"0.W_x": [2, 3]},
    dict[str, Any]: {"a": 1},
    dict[str, float]: {"a": 0.5},
    list[dict[str, Any]]: [{"a": 1}],
    list[dict[str, float]]: [{"a": 0.5}],
    dict[str, float] | None: {"a": 0.5},
    list[float]: [0.5, 1.5],
    dict[str, list[float]]: {"a": [0.5, 1.5]},
    tuple[str, str] | None: ["a", "b"],
    list[int]: [1, 2],
    list[tuple[str, int]]: [["a", 1]],
    list[tuple[str, str]]: [["a", "b"]],
    list[float]: [0.5, 1.5],
    list[float] | None: None,
    list[list[float]]: [[0.5, 1.5]],
    list[tuple[str, float, float]]: [["a", 0.5, 1.5]],
    list[tuple[str, float]] | None: [["a", 0.5]],
    list[tuple[str, float, int, bool]] | None: [["a", 0.5, 1, True]],
    int | None: 1,
    list[tuple[str, float]]: [["a", 0.5]],
    list[tuple[int, float]]: [[1, 0.5]],
    list[Any]: [1, "a", None],
    list[str]: ["a", "b"],
    list[tuple[float, float]]: [[0.5, 1.5]],
    list[tuple[int, int]]: [[0, 1]],
    tuple[float, float]: [0.5, 0.25],
    tuple[str, str, str]: ["a", "b", "c"],
    str | None: None,
    Any: 1,
    int | None: None,
}


def example(kind):
    return kind(**{field: EXAMPLES[hint] for field, hint in get_type_hints(kind).items()})


@pytest.mark.parametrize(
    ("event", "kind"), [(Note("a"), "note"), (TrainingSample(1, "a"), "training_sample"), (Saved(1, "f"), "saved")]
)
def test_the_kind_is_the_class_name_in_snake_case(event, kind):
    assert event.kind == kind


def test_no_two_events_are_of_one_kind():
    kinds = [example(kind).kind for kind in KINDS]
    assert len(set(kinds)) == len(kinds) > 10
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", kind) for kind in kinds)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_cannot_be_changed(kind):
    field = dataclasses.fields(kind)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(example(kind), field, "other")


@pytest.mark.parametrize("kind", KINDS)
def test_json_has_the_kind_and_every_field(kind, tmp_path):
    event = example(kind)
    fields = {field.name: getattr(event, field.name) for field in dataclasses.fields(kind)}
    assert parse_json(json_line(event.to_json()), tmp_path) == {"event": event.kind, **fields}
