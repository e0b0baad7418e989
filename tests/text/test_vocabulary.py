"""Tokens and their ids."""

import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seqterm.errors import DataError
from seqterm.text.format import TextFormat
from seqterm.text.tokens import from_person
from seqterm.text.vocabulary import Vocabulary

KINDS = ["char", "byte", "space"]


def as_read(text, kind):
    """Text in the form in which a file of it is read."""
    return from_person(text, TextFormat(kind))


@pytest.mark.parametrize(
    ("kind", "pieces", "tokens", "counts"),
    [
        ("char", ["abra", "cadabra"], ["a", "b", "r", "c", "d"], [5, 2, 2, 1, 1]),
        ("char", ["b😀", "a😀", "é"], ["😀", "a", "b", "é"], [2, 1, 1, 1]),
        ("byte", ["\xff\x00", "\xff"], ["\xff", "\x00"], [2, 1]),
        ("space", ["the hen\n", "the egg"], ["the", "\n", "egg", "hen"], [2, 1, 1, 1]),
    ],
)
def test_frequent_tokens_come_first_and_equals_in_alphabetical_order(kind, pieces, tokens, counts):
    vocabulary = Vocabulary.count(pieces, TextFormat(kind))
    assert (vocabulary.tokens, vocabulary.counts) == (tokens, counts)


def plain_words(text):
    """What stands between the six white-space characters of ASCII, and newlines."""
    for space in " \t\r\f\v":
        text = text.replace(space, " ")
    return [word for word in text.replace("\n", " \n ").split(" ") if word]


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text() | st.text("ab \t\r\f\v\n\x1c\u00a0"))
def test_counts_are_those_of_a_simple_count(kind, text):
    text = as_read(text, kind)
    simple = Counter(plain_words(text) if kind == "space" else text)
    assume(simple)
    vocabulary = Vocabulary.count([text], TextFormat(kind))
    assert dict(zip(vocabulary.tokens, vocabulary.counts, strict=True)) == simple


@pytest.mark.parametrize("kind", ["char", "byte"])
@given(text=st.text(min_size=1))
def test_encoded_text_decodes_to_itself(kind, text):
    vocabulary = Vocabulary.count([as_read(text, kind)], TextFormat(kind))
    assert vocabulary.decode(vocabulary.encode(as_read(text, kind))) == text


@given(st.lists(st.sampled_from(["hen", "egg", "\n"]), min_size=1))
def test_encoded_words_decode_to_themselves(tokens):
    vocabulary = Vocabulary.count([" ".join(tokens)], TextFormat("space"))
    ids = vocabulary.encode(" ".join(tokens))
    assert [vocabulary.tokens[i] for i in ids] == tokens
    assert list(vocabulary.encode(vocabulary.decode(ids))) == list(ids)


@pytest.mark.parametrize(
    ("kind", "known", "asked"), [("char", "ab", "axb😀"), ("byte", "ab", "a\xffb\x00"), ("space", "a b", "a x b xx")]
)
def test_what_the_corpus_lacks_is_minus_one(kind, known, asked):
    assert list(Vocabulary.count([known], TextFormat(kind)).encode(asked)) == [0, -1, 1, -1]


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_has_no_ids(kind):
    assert len(Vocabulary.count(["a b"], TextFormat(kind)).encode("")) == 0


@pytest.mark.parametrize(("kind", "prompt", "unknown"), [("char", "bxayx", ["x", "y"]), ("space", "b xx a yy xx", ["xx", "yy"])])
def test_unknown_tokens_of_a_prompt_are_named_once_and_left_out(kind, prompt, unknown):
    ids, missing = Vocabulary.count(["a a b" if kind == "space" else "aab"], TextFormat(kind)).encode_prompt(prompt)
    assert (list(ids), missing) == ([1, 0], unknown)


def test_a_prompt_of_bytes_is_encoded_as_utf_8():
    ids, unknown = Vocabulary(TextFormat("byte"), ["\xc3", "\xa9"], [1, 1]).encode_prompt("é")
    assert (list(ids), unknown) == ([0, 1], [])


def test_log_frequencies_are_those_of_the_counts():
    found = Vocabulary(TextFormat("char"), ["a", "b"], [3, 1]).log_frequencies()
    np.testing.assert_allclose(found, [math.log(0.75), math.log(0.25)], rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    ("size", "dtype"),
    [(1, "uint8"), (256, "uint8"), (257, "uint16"), (65_536, "uint16"), (65_537, "uint32")],
)
def test_ids_take_the_smallest_type_that_holds_them(size, dtype):
    assert Vocabulary(TextFormat("space"), [str(i) for i in range(size)], [1] * size).id_dtype == np.dtype(dtype)


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text(min_size=1))
def test_json_gives_the_same_vocabulary_back(kind, text):
    vocabulary = Vocabulary.count([as_read(text + "a", kind)], TextFormat(kind))
    again = Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json())))
    assert (again.form, again.tokens, again.counts) == (vocabulary.form, vocabulary.tokens, vocabulary.counts)


@pytest.mark.parametrize("values", [None, 5, "char", [], {}, {"kind": "char", "tokens": ["a"]}, {"tokens": ["a"], "counts": [1]}])
def test_json_that_lacks_something_is_refused(values):
    with pytest.raises(DataError, match="vocabulary is damaged"):
        Vocabulary.from_json(values)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "glyph"},
        {"kind": ["char"]},
        {"tokens": [], "counts": []},
        {"tokens": ["a"]},
        {"tokens": ["a", "a"]},
        {"tokens": ["a", ""]},
        {"tokens": ["a", "bc"]},
        {"tokens": ["a", 5]},
        {"tokens": ["a", ["b"]]},
        {"tokens": None},
        {"tokens": "ab"},
        {"tokens": {"a": 1, "b": 2}},
        {"counts": [2, 0]},
        {"counts": [2, -1]},
        {"counts": [2, 1.5]},
        {"counts": [2, True]},
        {"counts": 3},
        {"kind": "byte", "tokens": ["a", "€"]},  # no byte
        {"kind": "space", "tokens": ["a", "b c"]},  # two words
    ],
)
def test_json_that_does_not_fit_together_is_refused(changes):
    sound = {"kind": "char", "sentences": "none", "lowercase": False, "special": [], "tokens": ["a", "b"], "counts": [2, 1]}
    Vocabulary.from_json(sound)
    with pytest.raises(DataError, match="vocabulary is damaged"):
        Vocabulary.from_json({**sound, **changes})
