"""Values that knobs go through."""

import pytest

from seqterm.options import check, parameters
from seqterm.sampling.settings import STEERED, SamplingSettings, with_change
from seqterm.tui.knobs import KNOBS, PACE, Knob, Pace

EACH = {knob.name: knob for knob in KNOBS}


def test_there_is_a_knob_for_each_setting_that_can_change_and_for_the_pace():
    assert [knob.name for knob in KNOBS] == [*STEERED, *PACE]


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_every_stop_is_a_value_that_the_setting_can_have(knob):
    for stop in knob.stops:
        check(Pace(**{knob.name: stop})) if knob.name in PACE else with_change(SamplingSettings(), knob.name, stop)
    assert len(set(knob.stops)) == len(knob.stops)


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_the_first_value_is_a_stop(knob):
    built_in = {p.name: p.default for kind in (SamplingSettings, Pace) for p in parameters(kind)}
    assert built_in[knob.name] in knob.stops


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_turning_goes_through_all_stops_and_ends_there(knob):
    value, passed = knob.stops[0], [knob.stops[0]]
    for _ in range(len(knob.stops) + 3):
        value = knob.moved(value, 1)
        passed.append(value)
    assert list(dict.fromkeys(passed)) == list(knob.stops)
    assert knob.moved(knob.stops[0], -1) == knob.stops[0]
    assert [knob.share(knob.stops[0]), knob.share(knob.stops[-1])] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("name", "value", "less", "more"),
    [
        ("temperature", 0.83, 0.8, 0.85),
        ("temperature", 0.01, 0.05, 0.05),
        ("temperature", 9.0, 5.0, 5.0),
        ("top_k", 33, 30, 40),
        ("top_p", 0.97, 0.98, 0.95),
        ("top_p", 0.999, None, 0.99),
        ("speed", 33.0, 30, 50),
        ("speed", 999.0, 200, None),
        ("length", 60, 50, 100),
        ("seed", 70_000, 10_000, 10_000),
    ],
)
def test_from_a_value_that_was_typed_the_next_stop_comes(name, value, less, more):
    assert (EACH[name].moved(value, -1), EACH[name].moved(value, 1)) == (less, more)
    assert 0.0 <= EACH[name].share(value) <= 1.0


def test_labels_are_the_flags():
    assert Knob("top_k_draw", ("a", "b")).label == "top-k-draw"
