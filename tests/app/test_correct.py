"""Words at a small edit distance, judged by the model."""

from itertools import product

import pytest

from seqterm.app.correct import edits
from seqterm.errors import UsageError
from tests.conftest import TINY


@pytest.fixture
def corrected(do, word_run, tmp_path):
    """corrected(text, ...) -> its lines, corrected."""

    def call(text, run=word_run, **options):
        (tmp_path / "lines.txt").write_bytes(text.encode())
        events = do("correct", run=str(run), source=str(tmp_path / "lines.txt"), **options)
        return "\n".join(event.text for event in events)

    return call


def distance(a, b):
    """The optimal string alignment distance, by its definition (Damerau 1964)."""
    if not a or not b:
        return len(a) + len(b)
    least = min(distance(a[1:], b) + 1, distance(a, b[1:]) + 1, distance(a[1:], b[1:]) + (a[0] != b[0]))
    return min(least, distance(a[2:], b[2:]) + 1) if a[:2] == b[:2][::-1] and len(a[:2]) == 2 else least


@pytest.mark.parametrize("word", ["", "a", "ab", "aab", "abca"])
def test_edits_are_all_words_at_distance_one(word):
    every = ("".join(letters) for n in range(len(word) + 2) for letters in product("abc", repeat=n))
    assert edits(word, "abc") == {other for other in every if distance(word, other) == 1}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dog bitse man", "dog bites man"),  # two letters exchanged
        ("dgo bites man", "dog bites man"),
        ("dog bies man", "dog bites man"),  # one missing
        ("dog bitees man", "dog bites man"),  # one too many
        ("dog bipes man", "dog bites man"),  # another one
        ("it wsa sunyn today", "it was sunny today"),  # two words
    ],
)
def test_one_edit_is_undone(corrected, typed, meant):
    assert corrected(typed, distance=1) == meant


@pytest.mark.parametrize(
    ("typed", "meant"), [("it was sunxxy today", "it was sunny today"), ("it raned tody", "it rained today")]
)
def test_two_edits_are_undone(corrected, typed, meant):
    assert corrected(typed) == meant


def test_two_edits_are_too_many_where_one_was_asked_for(corrected):
    assert corrected("it was suxxy today", distance=1) == "it was suxxy today"


def test_what_is_near_no_known_word_stays(corrected):
    assert corrected("dog zzzzzzzz man") == "dog zzzzzzzz man"


@pytest.mark.parametrize("line", ["she hits it with the {}", "they sail on the {}"])
def test_the_model_decides_between_words_that_are_as_near(corrected, line):
    """`baat` is one edit from both `bat` and `boat`."""
    meant = "boat" if "sail" in line else "bat"
    assert corrected(line.format("baat")) == line.format(meant)


def test_words_after_the_mistake_decide_too(corrected):
    assert corrected("tte grass is wet") == "the grass is wet"
    assert corrected("tey sail on the boat") == "they sail on the boat"


def test_known_words_are_left_alone(corrected):
    assert corrected("they sail on the bat") == "they sail on the bat"


def test_known_words_are_corrected_where_that_is_asked_for(corrected):
    assert corrected("they sail on the bat", known=True, penalty=2.0) == "they sail on the boat"


def test_a_known_word_stays_where_an_edit_costs_more_than_it_gains(corrected):
    assert corrected("they sail on the bat", known=True, penalty=100.0) == "they sail on the bat"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Dgo bites man", "Dog bites man"),
        ("DGO BITES MAN", "DOG BITES MAN"),
        ("DGO bites man", "DGO bites man"),
        ("Dog bites man", "Dog bites man"),
    ],
)
def test_capitals_are_kept(corrected, typed, meant):
    assert corrected(typed) == meant


def test_punctuation_and_spaces_stay_as_they_are(corrected):
    typed = "\ufeff  «Dgo»\t--  bitse,man?!  (the 3 1st caat)...\r\n\r\n\u2028 the\u0085grass\xa0is wett "
    meant = "\ufeff  «Dog»\t--  bites,man?!  (the 3 1st cat)...\r\n\r\n\u2028 the\u0085grass\xa0is wet "
    assert corrected(typed) == meant


def test_a_word_of_two_tokens_is_known(corrected):
    assert corrected("the cat doesn't sleep") == "the cat doesn't sleep"


def test_bytes_that_are_no_text_stay(corrected, do, word_run, tmp_path):
    (tmp_path / "odd.txt").write_bytes(b"\xff dgo \0 bites man\n")
    (line,) = do("correct", run=str(word_run), source=str(tmp_path / "odd.txt"))
    assert line.text.encode("utf-8", "surrogateescape") == b"\xff dog \0 bites man"


def test_text_between_spaces_is_corrected_too(corrected, do, corpus, tmp_path):
    do("train", "gru", corpus=(str(corpus),), out=str(tmp_path / "run"), tokens="space", **TINY)
    assert corrected("the rde hen", run=tmp_path / "run") == "the red hen"


def test_a_model_in_lower_case_corrects_words_with_capitals(corrected, do, corpus, tmp_path):
    do("train", "gru", corpus=(str(corpus),), out=str(tmp_path / "run"), tokens="word", lowercase=True, **{**TINY, "steps": 8})
    assert corrected("The Rde Hen", run=tmp_path / "run") == "The Red Hen"


def test_a_long_word_is_near_none(corrected):
    word = "sunny" * 200_000
    assert corrected(f"dgo bites {word} man") == f"dog bites {word} man"


def test_a_long_line_is_corrected(corrected):
    """A megabyte with a mistake in every 10 kB."""
    line = ("they sail on the boat " * 450 + "tehy sail on the baat ") * 100
    assert corrected(line) == line.replace("tehy", "they").replace("baat", "boat")


def test_a_model_of_characters_is_refused(corrected, tiny_run):
    with pytest.raises(UsageError, match="correct with a model trained with --tokens word or space"):
        corrected("dog", run=tiny_run)
