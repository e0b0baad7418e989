"""What is explained beside commands."""

import pytest

from seqterm.app.topics import TOPICS
from seqterm.errors import DivergedError
from seqterm.models.catalogue import CATALOGUE
from seqterm.options import parameters
from seqterm.sampling.settings import STRATEGIES, SamplingSettings


@pytest.mark.parametrize("name", TOPICS)
def test_every_topic_is_explained(name):
    topic = TOPICS[name]()
    assert topic.summary.endswith(".")
    assert all(paragraph.endswith(".") for paragraph in topic.paragraphs)
    assert all(term and text for term, text in topic.entries)


def test_exit_codes_are_those_of_the_errors():
    entries = dict(TOPICS["exit-codes"]().entries)
    assert list(entries) == ["0", "1", "2", "3", "4", "130"]
    assert entries["4"] == DivergedError.__doc__


def test_models_are_those_of_the_catalogue():
    assert [name for name, _ in TOPICS["models"]().entries] == list(CATALOGUE)


def test_options_are_those_of_the_settings():
    entries = dict(TOPICS["sampling"]().entries)
    assert list(entries) == [f"--{p.flag}" for p in parameters(SamplingSettings)]
    assert "|".join(STRATEGIES) in entries["--strategy"]
    assert entries["--strategy"].endswith("[default: multinomial]")
