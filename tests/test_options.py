"""Settings that carry their own help, range and default."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqterm.errors import UsageError
from seqterm.options import argument, check, from_json, option, parameters, pick, to_json


@dataclass(frozen=True, kw_only=True)
class Baking:
    """Settings as any class of the program could have."""

    loaves: int = option(3, "How many.", minimum=1, maximum=12)
    hours_warm: float = option(1.5, "How long.", above=0.0, below=24.0)
    flour: str = option("rye", "Which.", choices=("rye", "wheat"))
    salt: bool = option(True, "With salt.")
    oven: int | None = option(None, "Which oven.", flag="in", short="i", minimum=0)
    guests: tuple[str, ...] = argument("Who comes.", default=())
    secret: int = 7


def refusal(**values):
    with pytest.raises(UsageError) as error:
        check(Baking(**values))
    return str(error.value)


def test_parameters_are_the_fields_with_an_option():
    assert [p.name for p in parameters(Baking)] == ["loaves", "hours_warm", "flour", "salt", "oven", "guests"]


def test_parameters_know_the_type_of_one_value():
    assert [p.type for p in parameters(Baking)] == [int, float, str, bool, int, str]


def test_parameters_know_what_may_be_missing_and_what_may_be_many():
    assert [(p.name, p.optional, p.many) for p in parameters(Baking) if p.optional or p.many] == [
        ("oven", True, False),
        ("guests", False, True),
    ]


def test_a_flag_is_the_name_with_dashes_unless_it_has_another():
    flags = {p.name: p.flag for p in parameters(Baking)}
    assert (flags["hours_warm"], flags["oven"]) == ("hours-warm", "in")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"loaves": 1},
        {"loaves": 12},
        {"hours_warm": 1e-300},
        {"hours_warm": math.nextafter(24.0, 0.0)},
        {"hours_warm": 2},
        {"oven": None},
        {"oven": 0},
        {"guests": ("Agnes", "Ned")},
    ],
)
def test_values_in_their_range_are_accepted(values):
    check(Baking(**values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"loaves": 0}, "--loaves must be at least 1, not 0."),
        ({"loaves": 13}, "--loaves must be at most 12, not 13."),
        ({"hours_warm": 0.0}, "--hours-warm must be above 0, not 0.0."),
        ({"hours_warm": 24.0}, "--hours-warm must be below 24, not 24.0."),
        ({"hours_warm": math.nan}, "--hours-warm must be a finite number, not nan."),
        ({"hours_warm": math.inf}, "--hours-warm must be a finite number, not inf."),
        ({"oven": -1}, "--in must be at least 0, not -1."),
        ({"flour": "oat"}, "--flour must be one of rye, wheat, not 'oat'."),
    ],
)
def test_values_out_of_their_range_are_named_with_it(values, message):
    assert refusal(**values) == message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"loaves": 2.5}, "--loaves must be int, not 2.5."),
        ({"loaves": "2"}, "--loaves must be int, not '2'."),
        ({"loaves": None}, "--loaves must be int, not None."),
        ({"loaves": True}, "--loaves must be int, not True."),
        ({"hours_warm": "1"}, "--hours-warm must be float, not '1'."),
        ({"hours_warm": True}, "--hours-warm must be float, not True."),
        ({"salt": 1}, "--salt must be bool, not 1."),
        ({"guests": ("Agnes", 5)}, "--guests must be str, not 5."),
    ],
)
def test_values_of_another_type_are_refused(values, message):
    assert refusal(**values) == message


@given(st.integers(1, 12), st.floats(0, 24, exclude_min=True, exclude_max=True), st.booleans(), st.none() | st.integers(0))
def test_json_gives_the_same_settings_back(loaves, hours_warm, salt, oven):
    settings = Baking(loaves=loaves, hours_warm=hours_warm, salt=salt, oven=oven)
    assert from_json(Baking, to_json(settings)) == settings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "Baking must be an object, not None"),
        ([], "Baking must be an object"),
        ({**to_json(Baking()), "yeast": 1}, "Baking has no setting 'yeast'"),
        ({"loaves": 3}, "Baking lacks the setting 'flour'"),
        ({**to_json(Baking()), "loaves": 0}, "--loaves must be at least 1"),
        ({**to_json(Baking()), "loaves": "3"}, "--loaves must be int"),
    ],
)
def test_json_that_is_no_sound_setting_is_refused(values, message):
    with pytest.raises(UsageError, match=message):
        from_json(Baking, values)


def test_a_part_of_the_settings_can_be_picked():
    @dataclass(frozen=True)
    class Part:
        flour: str
        loaves: int

    assert pick(Part, Baking(loaves=5)) == Part("rye", 5)
