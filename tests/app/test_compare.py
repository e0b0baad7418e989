"""Several runs on the same text: what can be compared, and by which figures."""

import math
import os
import sys

import numpy as np
import pytest

from seqterm.errors import DataError, UsageError
from seqterm.events import Compared, Note, TotalScore
from tests.conftest import TINY

WORDS = {"tokens": "word", "sentences": "line", "steps": 8, "epochs": 1}
SAID = "the red hen has 3 eggs.\nthe yak has 4 eggs.\n\nthe black hen has 5 eggs.\n"


@pytest.fixture
def said(tmp_path):
    path = tmp_path / "said.txt"
    path.write_text(SAID)
    return str(path)


@pytest.fixture
def train(do, corpus):
    """train("name", "lstm", ...) -> the run's name"""

    def call(name, model="lstm", **values):
        values = {**TINY, "epochs": 1, "sample_length": 0, "corpus": (str(corpus),), **values}
        do("train", model, out=name, **values)
        return name

    return call


def parted(events):
    return [e.text for e in events if isinstance(e, Note)], [e for e in events if isinstance(e, Compared)]


def test_figures_are_those_of_score(do, train, said, home):
    runs = train("one", **WORDS), train("two", "nnlm", **WORDS)
    notes, rows = parted(do("compare", runs=runs, source=said))
    assert [(row.run, row.model) for row in rows] == [("one", "lstm"), ("two", "nnlm")]
    for run, row in zip(runs, rows, strict=True):
        total = do("score", run=run, source=said)[-1]
        assert isinstance(total, TotalScore)
        assert (row.tokens, row.unknown) == (total.tokens, total.unknown) == (8 + 6 + 1 + 8, 1)
        assert row.nats == pytest.approx(-total.log_probability / 23, rel=1e-6)
        assert row.bits == pytest.approx(row.nats / math.log(2), rel=1e-12)
        assert row.perplexity == row.known_perplexity == pytest.approx(total.perplexity, rel=1e-6)
        clean = [line for line in do("score", run=run, source=said)[:-1] if not line.unknown]
        wanted = -sum(line.log_probability for line in clean) / math.log(2) / row.characters
        assert row.bits_per_character == pytest.approx(wanted, rel=1e-6)
        assert row.character_perplexity == pytest.approx(2**wanted, rel=1e-6)
        assert row.characters == len(SAID.replace("the yak has 4 eggs.\n", ""))
        assert row.tokens_per_second > 0
        files = [os.path.join(folder, name) for folder, _, names in os.walk(home / "runs" / run) for name in names]
        assert row.bytes == sum(map(os.path.getsize, files))
    assert notes == [
        "Bits per character are of the 3 of 4 lines in which all tokens are known.",
        "1 tokens that the runs have never seen are left out, as they have no token for unknown ones.",
    ]


def test_unknown_tokens_count_where_there_is_a_token_for_them(do, train, said):
    run = train("limited", vocab_size=12, **WORDS)
    notes, (row,) = parted(do("compare", runs=(run,), source=said))
    lines = do("score", run=run, source=said, per_token=True)[:-1]
    known = [log_p for line in lines for token, log_p in line.per_token if token != "UNKNOWN"]
    assert row.unknown > 1
    assert row.tokens == len(known) + row.unknown
    assert row.known_perplexity == pytest.approx(np.exp(-np.mean(known)), rel=1e-6)
    assert row.perplexity != pytest.approx(row.known_perplexity, rel=1e-3)
    assert len(notes) == 1


def test_a_file_with_nothing_unknown_has_no_notes(do, train, corpus):
    runs = train("one"), train("two", "gru")
    notes, (row, _) = parted(do("compare", runs=runs, source=str(corpus)))
    assert notes == []
    assert row.bits == row.bits_per_character
    assert row.tokens == row.characters


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tokens": "byte"}, "one was trained with --tokens char, the other with --tokens byte; --per-character may"),
        ({"sentences": "line"}, "--sentences none, the other with --sentences line"),
        ({"lowercase": True}, "--lowercase False, the other with --lowercase True"),
        ({"min_count": 30}, "one has a token for unknown ones, the other has none"),
        ({"text": "the green hen!\n" * 40}, r"their vocabularies differ in \d+ tokens, such as '!', which two alone knows"),
    ],
    ids=["tokens", "sentences", "case", "unknown", "vocabulary"],
)
def test_runs_that_cannot_be_compared_by_tokens(do, train, said, values, message, tmp_path):
    if "text" in values:
        (tmp_path / "other.txt").write_text(values["text"])
        values = {"corpus": (str(tmp_path / "other.txt"),)}
    runs = train("one"), train("two", **values)
    with pytest.raises(UsageError, match=f"one and two cannot be compared: .*{message}"):
        do("compare", runs=runs, source=said)


def test_by_character_runs_of_any_tokens_are_compared_on_the_lines_that_all_know(do, train, said):
    runs = train("characters"), train("words", "nnlm", **WORDS), train("bytes", tokens="byte")
    notes, rows = parted(do("compare", runs=runs, source=said, per_character=True))
    assert notes == ["Figures are of the 3 of 4 lines in which all tokens are known."]
    for run, row in zip(runs, rows, strict=True):
        assert (row.nats, row.bits, row.perplexity, row.known_perplexity) == (None, None, None, None)
        lines = [line for line in do("score", run=run, source=said)[:-1] if "yak" not in line.text]
        wanted = -sum(line.log_probability for line in lines) / math.log(2) / (len(SAID) - 20)
        assert row.bits_per_character == pytest.approx(wanted, rel=1e-6)


def test_by_character_the_letters_and_line_ends_must_be_the_same(do, train, said, tmp_path):
    one = train("one")
    with pytest.raises(UsageError, match="one reads all text in lower case"):
        do("compare", runs=(one, train("lower", lowercase=True)), source=said, per_character=True)
    with pytest.raises(UsageError, match="words does not predict where a line ends"):
        do("compare", runs=(one, train("words", tokens="word", steps=8)), source=said, per_character=True)
    (tmp_path / "yak.txt").write_text("yak\nyaks\n")
    with pytest.raises(DataError, match=r"Every line of .* has a token that one of the runs does not know"):
        do("compare", runs=(one,), source=str(tmp_path / "yak.txt"), per_character=True)


def test_what_is_missing(do, train, tmp_path, said):
    with pytest.raises(UsageError, match="Name the runs to compare"):
        do("compare", source=said)
    run = train("one")
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(DataError, match="nothing to compare"):
        do("compare", runs=(run,), source=str(tmp_path / "empty.txt"))
    with pytest.raises(DataError, match="Cannot read"):
        do("compare", runs=(run,), source=str(tmp_path))
    with pytest.raises(DataError, match="no run"):
        do("compare", runs=(run, "nobody"), source=said)


def test_word_vectors_are_no_language_model(do, train, corpus, said, tmp_path):
    do("train", "word2vec", corpus=(str(corpus),), out=str(tmp_path / "vectors"), epochs=1, dim=4)
    with pytest.raises(UsageError, match="word vectors, not a language model"):
        do("compare", runs=(str(tmp_path / "vectors"),), source=said)


def test_the_text_is_read_from_a_pipe_for_all_runs(do, train, said, monkeypatch):
    runs = train("one"), train("two", "gru")
    wanted = parted(do("compare", runs=runs, source=said))[1]
    with open(said) as file:
        monkeypatch.setattr(sys, "stdin", file)
        found = parted(do("compare", runs=runs, source="-"))[1]
    assert [row.nats for row in found] == [row.nats for row in wanted]
