"""Vocabularies with UNKNOWN and sentence marks: which there are, what they stand for, how they are encoded."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqterm.errors import DataError, UsageError
from seqterm.text.format import TextFormat
from seqterm.text.vocabulary import END, START, UNKNOWN, Vocabulary

WORDS, LINES = TextFormat("word"), TextFormat("word", "line")
TEXT = "the red hen\nthe hen\nthe egg!\n"  # the 3, hen 2, then ! egg red


def count(form=LINES, size=None, min_count=1, text=TEXT):
    return Vocabulary.count([text], form, size, min_count)


# Which there are


@pytest.mark.parametrize(
    ("form", "size", "tokens", "counts"),
    [
        (WORDS, None, ["the", "hen", "!", "egg", "red"], [3, 2, 1, 1, 1]),
        (LINES, None, [START, END, "the", "hen", "!", "egg", "red"], [3, 3, 3, 2, 1, 1, 1]),
        (WORDS, 5, ["the", "hen", "!", "egg", "red"], [3, 2, 1, 1, 1]),  # all fit: nothing is unknown
        (WORDS, 4, [UNKNOWN, "the", "hen", "!"], [2, 3, 2, 1]),
        (WORDS, 2, [UNKNOWN, "the"], [5, 3]),
        (LINES, 7, [START, END, "the", "hen", "!", "egg", "red"], [3, 3, 3, 2, 1, 1, 1]),
        (LINES, 6, [UNKNOWN, START, END, "the", "hen", "!"], [2, 3, 3, 3, 2, 1]),
        (LINES, 4, [UNKNOWN, START, END, "the"], [5, 3, 3, 3]),
        (TextFormat("char", "line"), 5, [UNKNOWN, START, END, "e", "h"], [14, 3, 3, 7, 5]),
    ],
)
def test_only_special_tokens_in_use_take_room(form, size, tokens, counts):
    vocabulary = count(form, size)
    assert (vocabulary.tokens, vocabulary.counts) == (tokens, counts)
    assert [vocabulary.tokens[i] for i in vocabulary.special.values()] == list(vocabulary.special)


def test_8000_are_7997_words_and_three_special_tokens():
    text = " ".join(f"w{i}" for i in range(9000))
    vocabulary = count(LINES, 8000, text=text)
    assert len(vocabulary) == 8000
    assert list(vocabulary.special) == [UNKNOWN, START, END]
    assert sum(token.startswith("w") for token in vocabulary.tokens) == 7997


@pytest.mark.parametrize("form", [WORDS, LINES], ids=["plain", "sentences"])
@given(words=st.lists(st.sampled_from("abcdefgh"), min_size=1), size=st.integers(4, 12), min_count=st.integers(1, 3))
def test_the_vocabulary_is_never_larger_than_asked_and_never_smaller_than_need_be(form, words, size, min_count):
    n_marks = 2 if form is LINES else 0
    frequent = [word for word in set(words) if words.count(word) >= min_count]
    if not frequent:
        with pytest.raises(DataError, match="vocabulary is empty"):
            count(form, size, min_count, " ".join(words))
        return
    unlimited = len(frequent) + n_marks + (len(frequent) < len(set(words)))
    vocabulary = count(form, size, min_count, " ".join(words))
    assert len(vocabulary) == min(size, unlimited)
    assert (UNKNOWN in vocabulary.special) == (not set(words) <= set(vocabulary.tokens))


@pytest.mark.parametrize(("min_count", "tokens"), [(2, [UNKNOWN, "the", "hen"]), (3, [UNKNOWN, "the"])])
def test_rare_tokens_become_unknown(min_count, tokens):
    assert count(WORDS, min_count=min_count).tokens == tokens


def test_a_min_count_that_all_tokens_reach_needs_no_unknown():
    assert UNKNOWN not in count(WORDS, min_count=2, text="a a b b").special


def test_an_empty_vocabulary_is_an_error_of_the_text():
    with pytest.raises(DataError, match="vocabulary is empty: no token of the corpus may be in it"):
        count(LINES, min_count=4)


@pytest.mark.parametrize("text", ["", "\n\n", " \r\n"])
def test_a_text_without_tokens_is_an_error_of_the_text(text):
    with pytest.raises(DataError, match="The corpus has no tokens"):
        count(LINES, text=text)


@pytest.mark.parametrize(("form", "size"), [(LINES, 1), (LINES, 2), (LINES, 3), (WORDS, 1)])
def test_a_size_that_leaves_no_room_for_words_is_an_error_of_usage(form, size):
    with pytest.raises(UsageError, match=f"--vocab-size {size} leaves no room"):
        count(form, size)


def test_unused_special_tokens_have_no_place_in_the_softmax():
    assert len(count(WORDS).log_frequencies()) == 5


# Encoding


@pytest.mark.parametrize(
    ("form", "text", "tokens"),
    [
        (LINES, "the hen\n\nred egg", [START, "the", "hen", END, START, "red", "egg", END]),
        (LINES, "the fox\r\n", [START, "the", UNKNOWN, END]),
        (LINES, "", []),
        (WORDS, "the fox\nhen", ["the", UNKNOWN, "hen"]),
        (TextFormat("word", "punctuation"), "The hen! The fox", [START, UNKNOWN, "hen", "!", END, START, UNKNOWN, UNKNOWN, END]),
        (TextFormat("char", "line"), "eg\nzh", [START, "e", "g", END, START, UNKNOWN, "h", END]),
        (TextFormat("space", "line"), "the fox \n", [START, "the", UNKNOWN, END]),
    ],
)
def test_sentences_are_bracketed_and_rare_tokens_unknown(form, text, tokens):
    vocabulary = Vocabulary.count([TEXT * 2 + "rare q"], form, min_count=2)
    assert [vocabulary.tokens[i] for i in vocabulary.encode(text)] == tokens


def test_a_word_that_is_spelt_like_a_special_token_is_a_word_of_its_own():
    text = f"{UNKNOWN} {START} {END} rare\n" + f"{UNKNOWN} {START} {END}\n"
    vocabulary = Vocabulary.count([text], LINES, min_count=2)
    assert sorted(vocabulary.tokens[3:]) == sorted([UNKNOWN, START, END])
    ids = vocabulary.encode(text)
    assert np.count_nonzero(ids < 3) == 2 * 2 + 1  # the marks of two sentences, and one unknown word
    assert len(set(vocabulary.encode_part(f"{UNKNOWN} {START} {END}").tolist()) - {0, 1, 2}) == 3
    assert Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json()))).encode(text).tolist() == ids.tolist()


def test_lower_case_models_read_prompts_in_lower_case():
    vocabulary = Vocabulary.count(["the hen"], TextFormat("word", lowercase=True))
    ids, unknown = vocabulary.encode_prompt("THE Hen")
    assert ([vocabulary.tokens[i] for i in ids], unknown) == (["the", "hen"], [])


@pytest.mark.parametrize(("size", "expected"), [(None, []), (4, [0, 0])])
def test_a_prompt_of_unknown_words_is_read_as_unknown_where_the_model_has_that(size, expected):
    ids, unknown = count(WORDS, size).encode_prompt("Zebra fox")
    assert (list(ids), unknown) == (expected, ["Zebra", "fox"])


def test_marks_decode_to_line_ends():
    vocabulary = count(LINES)
    assert vocabulary.decode(vocabulary.encode("the hen!\nred egg")) == "the hen!\nred egg\n"


def test_unknown_decodes_to_its_name():
    vocabulary = count(LINES, 6)
    assert vocabulary.decode(vocabulary.encode("the egg!")) == "the UNKNOWN!\n"


# JSON


@pytest.mark.parametrize("size", [None, 6])
def test_json_gives_the_same_vocabulary_back(size):
    vocabulary = count(TextFormat("word", "line", lowercase=True), size)
    again = Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json())))
    assert (again.form, again.tokens, again.counts) == (vocabulary.form, vocabulary.tokens, vocabulary.counts)
    assert again.special == vocabulary.special


@pytest.mark.parametrize(
    "changes",
    [
        {"special": [START, UNKNOWN, END]},  # not as the tokens are
        {"special": [UNKNOWN, START]},  # a mark alone
        {"special": []},  # sentences without marks
        {"special": [UNKNOWN, START, END, "the"]},
        {"special": [UNKNOWN, UNKNOWN, END], "tokens": [UNKNOWN, UNKNOWN, END, "the", "hen", "!"]},
        {"special": ["?", START, END], "tokens": ["?", START, END, "the", "hen", "!"]},
        {"special": "UNKNOWN"},
        {"special": None},
        {"special": [[UNKNOWN], START, END]},
        {"sentences": "none"},  # marks without sentences
        {"sentences": "page"},
        {"sentences": ["line"]},
        {"lowercase": "yes"},
        {"lowercase": 1},
        {"tokens": [UNKNOWN, START, END], "counts": [2, 3, 3]},  # nothing but special tokens
        {"tokens": [UNKNOWN, START, END, "the", "hen", "a b"]},
    ],
    ids=str,
)
def test_json_that_does_not_fit_together_is_refused(changes):
    sound = count(LINES, 6).to_json()
    Vocabulary.from_json(sound)
    with pytest.raises(DataError, match="vocabulary is damaged"):
        Vocabulary.from_json({**sound, **changes})
