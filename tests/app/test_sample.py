"""Where a prompt comes from."""

import io
import os
import sys

import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.app.run import run
from seqterm.errors import DataError, UsageError
from seqterm.events import Changed, Choice, Note, Sampled

SHORT = {"length": 5, "seed": 1}


@pytest.fixture
def sample(do, tiny_run):
    """sample(prompt=...) gives the events of drawing from a tiny run."""
    return lambda **values: do("sample", run=str(tiny_run), **SHORT, **values)


@pytest.fixture
def prompt_file(tmp_path):
    def write(data):
        path = tmp_path / "prompt.txt"
        path.write_bytes(data)
        return str(path)

    return write


def test_without_a_prompt_a_text_begins(sample):
    assert sample()[-1].prompt == ""


def test_every_way_to_give_a_prompt_gives_the_same_text(sample, prompt_file, monkeypatch):
    reader, writer = os.pipe()
    os.write(writer, b"the hen")
    os.close(writer)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(os.fdopen(reader, "rb")))
    found = [sample(prompt="the hen"), sample(prompt_file=prompt_file(b"the hen")), sample(source="-")]
    assert found[0] == found[1] == found[2]
    assert isinstance(found[0][-1], Sampled)
    assert found[0][-1].prompt == "the hen"


@pytest.mark.parametrize(
    "values", [{"prompt": "a", "prompt_file": "b"}, {"prompt": "", "source": "-"}, {"prompt_file": "b", "source": "-"}]
)
def test_two_prompts_are_one_too_many(sample, values):
    with pytest.raises(UsageError, match="Give one prompt"):
        sample(**values)


def test_a_word_that_stands_alone_is_no_prompt(sample):
    with pytest.raises(UsageError, match="Give the prompt as --prompt 'hen'"):
        sample(source="hen")


def test_a_prompt_file_that_is_not_there_is_named(sample):
    with pytest.raises(DataError, match=r"Cannot read absent\.txt: No such file"):
        sample(prompt_file="absent.txt")


def test_a_prompt_file_that_is_not_utf_8_is_named_with_the_offset(sample, prompt_file):
    with pytest.raises(DataError, match=r"prompt\.txt is not UTF-8: byte 0xff at offset 3"):
        sample(prompt_file=prompt_file(b"hen\xff"))


def test_a_terminal_is_not_waited_for(sample, monkeypatch):
    ours, theirs = os.openpty()
    with os.fdopen(ours, "wb", buffering=0), os.fdopen(theirs, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with pytest.raises(DataError, match="Standard input is a terminal"):
            sample(source="-")


def test_tokens_never_seen_are_noted_and_left_out(sample):
    note, *rest = sample(prompt="the Zebra")
    assert isinstance(note, Note)
    assert "'Z'" in note.text
    assert rest[-1].text == sample(prompt="the ebra")[-1].text


def test_nothing_more_is_drawn_when_asked_to_stop(do, session, tiny_run):
    events = run(build(COMMANDS["sample",], {"run": str(tiny_run), "length": 100}), session)
    next(events)
    session.stop = True
    assert list(events)[-1].tokens < 100
    assert do("sample", run=str(tiny_run), length=100)[-1].tokens == 100  # the wish is forgotten with the next command


# Choices and changes


def test_choices_make_up_the_text_that_is_drawn_without_them(sample):
    *choices, last = sample(prompt="the ", choices=3)
    assert "".join(event.text for event in choices if isinstance(event, Choice)) == last.text == sample(prompt="the ")[-1].text


@pytest.mark.parametrize("choices", [{}, {"choices": 3}], ids=str)
def test_a_setting_changes_while_text_is_drawn(session, tiny_run, choices):
    command = build(COMMANDS["sample",], {"run": str(tiny_run), "seed": 1, "length": 5000, **choices})
    seen = []
    for event in run(command, session):
        seen.append(event)
        if len(seen) == 3:
            session.mailbox.put(strategy="argmax", temperature=-1.0)
    (note,) = [event.text for event in seen if isinstance(event, Note)]
    assert note == "--temperature must be at least 0.0001, not -1.0."
    (changed,) = [event for event in seen if isinstance(event, Changed)]
    assert 0 < changed.tokens < 5000
    assert (changed.setting, changed.value) == ("strategy", "argmax")


def test_the_log_says_which_settings_changed(session, do, tiny_run):
    session.mailbox.put(temperature=0.5)
    do("sample", run=str(tiny_run), **SHORT)
    assert do("log", "show", number="1")[0].settings["changes"] == [{"tokens": 0, "temperature": 0.5}]
