"""Words found by compiled loops, against the same found by regular expressions."""

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seqterm.text import word_table
from seqterm.text.format import TextFormat
from seqterm.text.tokens import WHITE, sentences, split
from seqterm.text.vocabulary import END, START, UNKNOWN, Vocabulary

OTHERS = ["a", "b", "é", "\u00a0", "\u0085", "\u2028", "\u3000", "\x1c", "\x1f", "😀", "\udcff", "\ud83d"]  # none is white
LETTERS = [*WHITE, "\r\n", "\n\n", *OTHERS]
TEXTS = st.lists(st.sampled_from(LETTERS), max_size=40).map("".join)
FORMS = [TextFormat("space", "none"), TextFormat("space", "line")]


def counted(text, form):
    """Tokens and sentences as tokens.split and tokens.sentences have them."""
    parts = sentences(text, form)
    return Counter(token for part in parts for token in split(part, "space")), parts


def encoded(text, form, vocabulary):
    """Ids by dictionary."""
    index = {token: i for i, token in enumerate(vocabulary.tokens) if i >= len(vocabulary.special)}
    parts = [[index.get(token, vocabulary.unknown) for token in split(part, "space")] for part in sentences(text, form)]
    if form.sentences == "none":
        return parts[0]
    return [i for part in parts for i in (vocabulary.special[START], *part, vocabulary.special[END])]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.sentences)
@given(text=TEXTS)
@example(text="".join(f"{white}a{white}{white}b" for white in WHITE))
@example(text="no line end")
@example(text=" \t\n\r\n\v\f")
def test_words_are_counted_as_the_regular_expression_finds_them(form, text):
    wanted, parts = counted(text, form)
    if not wanted:
        return
    vocabulary = Vocabulary.count([text], form)
    n_marks = 2 * (form.sentences == "line")
    assert dict(zip(vocabulary.tokens[n_marks:], vocabulary.counts[n_marks:], strict=True)) == wanted
    assert vocabulary.counts[:n_marks] == [len(parts)] * n_marks


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.sentences)
@given(known=TEXTS, text=TEXTS)
def test_words_are_numbered_as_the_regular_expression_finds_them(form, known, text):
    vocabulary = Vocabulary.count([f"{known} c"], form, has_unknown=True)
    found = vocabulary.encode(text)
    assert found.dtype == np.int32
    assert found.tolist() == encoded(text, form, vocabulary)


@given(text=TEXTS)
def test_without_unknown_other_words_are_minus_one(text):
    vocabulary = Vocabulary.count(["a é"], TextFormat("space"))
    assert vocabulary.encode(text).tolist() == encoded(text, TextFormat("space"), vocabulary)


@given(lines=st.lists(TEXTS.map(lambda text: text.replace("\n", " ")), max_size=6))
def test_blank_lines_are_sentences_where_they_are_asked_for(lines):
    vocabulary = Vocabulary.count(["a b"], TextFormat("space", "line"), has_unknown=True)
    start, end = vocabulary.special[START], vocabulary.special[END]
    wanted = [i for line in lines for i in (start, *vocabulary.encode_part(line).tolist(), end)]
    text = "".join(f"{line}\n" for line in lines)
    assert vocabulary.encode_lines(text, blank=True).tolist() == wanted


@given(text=TEXTS, data=st.data())
def test_pieces_of_a_text_count_as_the_whole(text, data):
    places = [match.end() for match in re.finditer(f"[{WHITE}]", text)]
    cuts = sorted(data.draw(st.sets(st.sampled_from(places)) if places else st.just(set())))
    pieces = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    found, newlines = word_table.count(pieces)
    assert found == Counter(text.translate(dict.fromkeys(map(ord, WHITE), " ")).split(" ")) - Counter({"": len(text) + 1})
    assert newlines == text.count("\n")


@pytest.mark.parametrize("pieces", [[], [""], ["", "", " \n"]])
def test_no_words(pieces):
    found, newlines = word_table.count(pieces)
    assert (found, newlines) == ({}, "".join(pieces).count("\n"))


@pytest.fixture
def small(monkeypatch):
    """Tables that have room for two words at first."""
    monkeypatch.setattr(word_table, "SMALLEST", 2)


@pytest.mark.parametrize(
    "words",
    [[str(i) for i in range(5000)], ["x" * n for n in range(1, 300)], ["long" * 10_000, "a", "b", "c", "long" * 10_001]],
    ids=["many", "rising", "long"],
)
def test_tables_grow(small, words):
    wanted = Counter(words * 2 + words[:3])
    found, _ = word_table.count([" ".join(words) + "\n", " ".join(words), " " + " ".join(words[:3])])
    assert found == wanted
    assert list(found) == words
    table = word_table.WordTable(words, 7)
    assert table.encode(" ".join([*words, "no-such-word"]), 1, 2).tolist() == [*range(7, 7 + len(words)), 1]


def test_more_words_than_a_table_has_room_for_at_first():
    n = word_table.SMALLEST + 1000
    found, _ = word_table.count([" ".join(map(str, range(first, first + 1000))) + " " for first in range(0, n, 1000)])
    assert len(found) == -(-n // 1000) * 1000
    assert set(found.values()) == {1}


def test_a_table_finds_only_whole_words():
    table = word_table.WordTable(["ab", "a", "abc"], 0)
    assert table.encode("a ab abc abcd b bc \n", -1, 9).tolist() == [1, 0, 2, -1, -1, -1, 9]
    assert table.encode("", -1, 9).tolist() == []
    assert table.encode_sentences("", -1, 5, 6, True).tolist() == []


def test_unknown_words_and_special_names_in_a_text():
    vocabulary = Vocabulary.count([f"{UNKNOWN} {START} x"], TextFormat("space", "line"), has_unknown=True)
    assert vocabulary.tokens[:3] == [UNKNOWN, START, END]
    assert vocabulary.encode(f"{START} {END} {UNKNOWN} x").tolist() == [1, 3, 0, 4, 5, 2]
