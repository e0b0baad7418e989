"""Words to commands without a face: as the command line reads them."""

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.app.arguments import build, words
from seqterm.app.commands import COMMANDS, Compare, Sample, TrainLstm
from seqterm.app.parsing import parse
from seqterm.errors import UsageError
from tests.app.test_arguments import CLASSES, commands, parsed, values


@pytest.mark.parametrize("command_class", CLASSES)
@settings(max_examples=20)
@given(data=st.data())
def test_the_words_of_a_command_make_it_again(command_class, data):
    command = data.draw(commands(command_class))
    typed = words(command)
    assert values(parse(typed)) == values(command)
    assert parse(typed).given == parsed(typed).given


@pytest.mark.parametrize(
    "line",
    [
        "sample hen -n3 -p the",
        "sample hen --temperature=0.5 --until line -",
        "train lstm a.txt b.txt --hidden 10 --no-bias --tied -o out --time-limit 1h30m",
        "train ngram tales --prune 0 0 1 --order 3",
        "train --resume hen --epochs 3",
        "train --resume=hen",
        "train --resume=-0 --epochs 3",
        "compare one two three text.txt",
        "similar vectors king - man + woman --top 3",
        "odd-one-out vectors -- --a b c",
        "score hen --per-token",
        "runs rm a b c",
        "forecast sold --level 0.5",
    ],
)
def test_a_line_is_read_as_by_the_command_line(line):
    assert parse(line.split()) == parsed(line.split())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sampel hen", "There is no command sampel. Did you mean sample?"),
        ("runs lsit", "There is no runs lsit. Did you mean list?"),
        ("runs", "Name what to do: runs list, show, compare, rm"),
        ("sample hen --temprature 1", "no option --temprature. Did you mean --temperature?"),
        ("sample hen --length many", "--length must be a whole number, not 'many'"),
        ("sample hen --length -1", "--length must be at least 0"),
        ("sample hen --strategy best", "--strategy must be one of"),
        ("sample hen --length", "--length needs a value"),
        ("score --stream=yes hen", "--stream takes no value"),
        ("sample", "RUN is missing"),
        ("info a b", "'b' is one word too many"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(line, message):
    with pytest.raises(UsageError, match=message):
        parse(line.split())


@pytest.mark.parametrize("line", ["info a b", "sample hen --length", "sample hen --temprature 1"])
def test_the_command_line_refuses_the_same(line):
    with pytest.raises(click.UsageError):
        parsed(line.split())


def test_every_command_is_found_by_its_name():
    assert parse(["train", "lstm", "tales"]) == build(TrainLstm, {"corpus": ("tales",)})
    assert parse(["sample", "hen"]) == build(Sample, {"run": "hen"})
    assert parse(["compare", "a", "text"]) == build(Compare, {"runs": ("a",), "source": "text"})
    assert all(len(path) <= 2 for path in COMMANDS)
