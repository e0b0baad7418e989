"""Every command: sound defaults, and ranges that hold."""

import math

import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.errors import UsageError
from seqterm.options import parameters

CLASSES = list(dict.fromkeys(COMMANDS.values()))
# every field once, though several commands share it
FIELDS = list({(p.name, p.option): (command_class, p) for command_class in CLASSES for p in parameters(command_class)}.values())
NUMBERS = [(command_class, p) for command_class, p in FIELDS if p.type in (int, float)]


def beside(parameter, bound, direction):
    """The next value of the parameter's type below (-1) or above (1) a bound."""
    return int(bound) + direction if parameter.type is int else math.nextafter(bound, direction * math.inf)


def edges():
    """(class, parameter, value, whether the value is allowed) on and beside every bound."""
    for command_class, p in NUMBERS:
        limits = p.option
        for bound, outward, inside in (
            (limits.minimum, -1, True),
            (limits.maximum, 1, True),
            (limits.above, -1, False),
            (limits.below, 1, False),
        ):
            if bound is not None:
                yield command_class, p, p.type(bound), inside
                yield command_class, p, beside(p, bound, outward), False
                yield command_class, p, beside(p, bound, -outward), True


def as_given(parameter, value):
    """As a field holds it: one value or several."""
    return (value,) if parameter.many else value


def label(value):
    return getattr(value, "__name__", getattr(value, "name", str(value)))


@pytest.mark.parametrize(("command_class", "parameter", "value", "allowed"), list(edges()), ids=label)
def test_ranges_hold_to_the_last_number(command_class, parameter, value, allowed):
    value = as_given(parameter, value)
    if allowed:
        assert getattr(build(command_class, {parameter.name: value}), parameter.name) == value
    else:
        with pytest.raises(UsageError, match=f"--{parameter.flag} must be"):
            build(command_class, {parameter.name: value})


@pytest.mark.parametrize(("command_class", "parameter"), NUMBERS, ids=label)
@pytest.mark.parametrize("value", [math.nan, math.inf, "1"])
def test_numbers_are_finite_numbers(command_class, parameter, value):
    with pytest.raises(UsageError, match=f"--{parameter.flag} must be"):
        build(command_class, {parameter.name: as_given(parameter, value)})


@pytest.mark.parametrize(("command_class", "parameter"), [f for f in FIELDS if f[1].option.choices], ids=label)
def test_choices_are_all_that_can_be_chosen(command_class, parameter):
    for choice in parameter.option.choices:
        build(command_class, {parameter.name: choice})
    with pytest.raises(UsageError, match=f"--{parameter.flag} must be one of {', '.join(parameter.option.choices)}"):
        build(command_class, {parameter.name: "other"})


@pytest.mark.parametrize("command_class", CLASSES)
def test_defaults_are_allowed_values(command_class):
    assert build(command_class, {}).given == frozenset()


@pytest.mark.parametrize("command_class", CLASSES)
def test_no_two_fields_share_a_flag(command_class):
    flags = [name for p in parameters(command_class) for name in (p.flag, p.option.short) if name]
    assert len(set(flags)) == len(flags)


@pytest.mark.parametrize("command_class", CLASSES)
def test_every_command_and_field_is_explained(command_class):
    assert command_class.__doc__.endswith(".")
    assert [p.name for p in parameters(command_class) if not p.option.help.endswith(".")] == []
