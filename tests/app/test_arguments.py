"""Words to commands and back."""

import shlex

import click
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seqterm.app.arguments import build, convert, from_json, line, nearest, parse_duration, to_json, without_defaults_of, words
from seqterm.app.commands import COMMANDS, Resume, Sample, TrainLstm
from seqterm.cli.main import cli
from seqterm.errors import UsageError
from seqterm.options import parameters

CLASSES = list(dict.fromkeys(COMMANDS.values()))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def parsed(typed):
    """The command that the command line makes of some words."""
    path = next(path for path in COMMANDS if tuple(word.partition("=")[0] for word in typed[: len(path)]) == path)
    command, rest = cli, typed
    while isinstance(command, click.Group) and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    with command.make_context("seqterm", rest) as context:
        values = {"run": context.params.get("resume"), **context.params}
    names = {parameter.name for parameter in parameters(COMMANDS[path])}
    return build(COMMANDS[path], {k: v for k, v in values.items() if k in names and v not in (None, ())})


def values_of(parameter):
    """Values that a parameter accepts."""
    one = one_value_of(parameter)
    return st.lists(one, min_size=1, max_size=3).map(tuple) if parameter.many else one


def one_value_of(parameter):
    limits = parameter.option
    if limits.choices:
        return st.sampled_from(limits.choices)
    if parameter.type is bool:
        return st.booleans()
    if parameter.type is int:
        return st.integers(int(limits.minimum or 0), int(limits.maximum or 10**9))
    if parameter.type is float:
        low, high = limits.above or limits.minimum or 0.0, limits.below or limits.maximum or 1e12
        return st.floats(low, high, exclude_min=limits.above is not None, exclude_max=limits.below is not None)
    return TEXT


def commands(command_class):
    """Commands with any of their fields given."""
    fields = {p.name: values_of(p) for p in parameters(command_class)}
    required = {p.name: fields.pop(p.name) for p in parameters(command_class) if p.option.positional and not p.optional}
    return st.fixed_dictionaries(required, optional=fields).map(lambda values: build(command_class, values))


def values(command):
    return {p.name: getattr(command, p.name) for p in parameters(type(command))}


@pytest.mark.parametrize("command_class", CLASSES)
@settings(max_examples=40)
@given(data=st.data())
def test_the_words_of_a_command_make_its_values_again(command_class, data):
    command = data.draw(commands(command_class))
    assert values(parsed(words(command))) == values(command)


@pytest.mark.parametrize("command_class", CLASSES)
@settings(max_examples=10)
@given(data=st.data())
def test_a_command_comes_whole_to_another_process(command_class, data):
    command = data.draw(commands(command_class))
    assert from_json(to_json(command)) == command


@pytest.mark.parametrize("command_class", CLASSES)
@settings(max_examples=20)
@given(data=st.data())
def test_a_line_is_its_words_quoted_for_a_shell(command_class, data):
    command = data.draw(commands(command_class))
    assert shlex.split(line(command)) == ["seqterm", *words(command)]


@pytest.mark.parametrize(
    "given_values",
    [
        {"lr": 0.0012345678},
        {"lr": 1e-7},
        {"time_limit": 1_728_000.0},
        {"time_limit": 0.00001},
        {"save_every": 5400.0},
        {"bias": False},
        {"tied": True},
        {"clip_norm": 0.0},
        {"corpus": ("-",)},
        {"corpus": ("-dashed.txt", "b c.txt")},
        {"sample_prompt": "--lr"},
        {"sample_prompt": ""},
        {"from_run": "other", "out": "new"},
    ],
    ids=str,
)
def test_values_that_are_easily_lost_survive(given_values):
    command = build(TrainLstm, given_values)
    assert values(parsed(words(command))) == values(command)


def test_a_default_that_was_given_stays_given():
    command = build(TrainLstm, {"corpus": ("tales",), "dropout": 0.0, "from_run": "other"})
    assert parsed(words(command)).given == command.given


def test_defaults_that_were_not_given_are_left_out():
    assert words(build(TrainLstm, {"corpus": ("tales",)})) == ["train", "lstm", "tales"]


def test_resuming_reads_like_training():
    assert words(build(Resume, {"run": "hen", "epochs": 3})) == ["train", "--resume", "hen", "--epochs", "3"]


def test_a_command_knows_what_was_given():
    assert build(Sample, {"run": "hen", "length": 500}).given == {"run", "length"}


def test_defaults_from_elsewhere_are_values_that_nobody_gave():
    command = build(TrainLstm, {"hidden": 5}, {"hidden": 6, "layers": 2})
    assert (command.hidden, command.layers, command.given) == (5, 2, {"hidden"})
    assert words(command) == ["train", "lstm", "--hidden", "5", "--layers", "2"]


def test_without_defaults_a_command_has_what_was_given_and_what_is_built_in():
    command = without_defaults_of(build(TrainLstm, {"hidden": 5}, {"layers": 2, "seed": 7}), ["hidden", "layers"])
    assert (command.hidden, command.layers, command.seed, command.given) == (5, 1, 7, {"hidden"})


@pytest.mark.parametrize(
    ("word", "end"),
    [("hiden", ": did you mean hidden?"), ("lstm", ": did you mean train lstm?"), ("xyz", "."), ("", ".")],
)
def test_a_near_name_is_suggested(word, end):
    assert nearest(word, iter(["hidden", "layers", "train lstm"])) == end


def test_building_checks_the_values():
    with pytest.raises(UsageError, match="--length must be at least 0"):
        build(Sample, {"run": "hen", "length": -1})


# Durations and other words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("60s", 60), ("5m", 300), ("1h30m", 5400), ("2d", 172_800), ("1.5m", 90), ("1m30", 90), ("0s", 0)],
)
def test_durations_are_seconds_or_have_units(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "soon", "5 m", "-5s", "5x", "1e3", "1h-5m", "1,5m", "5M"])
def test_what_is_no_duration_is_refused_with_examples(text):
    with pytest.raises(UsageError, match="is not a duration: write 90s, 5m or 1h30m"):
        parse_duration(text)


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
@example(0, 0, 1)
def test_parts_of_a_duration_add_up(hours, minutes, seconds):
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == 3600 * hours + 60 * minutes + seconds


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("hidden", "64", 64), ("lr", "1e-3", 0.001), ("time_limit", "2m", 120.0), ("out", "5", "5"), ("tokens", "byte", "byte")],
)
def test_a_word_becomes_a_value_of_its_field(name, text, value):
    parameter = next(p for p in parameters(TrainLstm) if p.name == name)
    found = convert(parameter, text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("hidden", "many", "--hidden must be a whole number, not 'many'"),
        ("hidden", "1.5", "--hidden must be a whole number, not '1.5'"),
        ("lr", "fast", "--lr must be a number, not 'fast'"),
    ],
)
def test_a_word_of_the_wrong_kind_is_named(name, text, message):
    parameter = next(p for p in parameters(TrainLstm) if p.name == name)
    with pytest.raises(UsageError, match=message):
        convert(parameter, text)
