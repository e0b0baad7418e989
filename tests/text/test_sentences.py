"""Where sentences end, in texts that are read piece by piece."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqterm.text import tokens
from seqterm.text.format import TextFormat
from seqterm.text.tokens import read, sentences, split

LINE, PUNCTUATION = TextFormat("word", "line"), TextFormat("word", "punctuation")
TALK = """Mr. Fox met Mrs. Hen. "Good day!" he said. "Is it?"  She left (at 3.15 p.m.) at once!
They live at St. Ann's.  Why?

A heading
\t
Dr. Owl e.g. hoots. 3 hens
hear him."""


def read_in_chunks(tmp_path, data, form, size):
    """The pieces of a file that is read `size` bytes at a time."""
    path = tmp_path / "text"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "CHUNK", size)
        return list(read([path], form))


# Lines


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("one two\nthree\n", ["one two", "three"]),
        ("one\n\n \t\ntwo", ["one", "two"]),
        ("one\r\ntwo\r\n\r\n", ["one", "two"]),
        ("one\u2028two\x85three\x0bfour\rfive", ["one\u2028two\x85three\x0bfour\rfive"]),
        ("", []),
        ("\n\r\n", []),
    ],
)
def test_each_line_that_is_not_blank_is_a_sentence(text, found):
    assert sentences(text, LINE) == found


def test_without_sentences_a_text_is_one():
    assert sentences("One.\n\nTwo.", TextFormat("word")) == ["One.\n\nTwo."]


# Punctuation


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He left. She came! Why? 3 did.", ["He left.", "She came!", "Why?", "3 did."]),
        ("He left.\nShe came", ["He left.", "She came"]),
        ("He left\nat once.\r\nShe came.", ["He left at once.", "She came."]),
        ('"He left." She came.', ['"He left."', "She came."]),
        ("He left (once.) She came.", ["He left (once.)", "She came."]),
        ("“Go!” “No.” She came.", ["“Go!”", "“No.”", "She came."]),
        ("'Go!' 'No.'", ["'Go!'", "'No.'"]),
        ("Go? no, he said.", ["Go? no, he said."]),
        ("A heading\n\nhe left\n \t\nshe came", ["A heading", "he left", "she came"]),
        ("A heading\r\n\r\nhe left", ["A heading", "he left"]),
        ("It costs 3.50 at A.B.C today.", ["It costs 3.50 at A.B.C today."]),
        ("a  b\tc.", ["a b c."]),
        (" \n\n ", []),
        ("", []),
    ],
)
def test_a_sentence_ends_at_a_mark_before_a_capital_or_at_a_blank_line(text, found):
    assert sentences(text, PUNCTUATION) == found


@pytest.mark.parametrize("title", ["Mr", "Mrs", "Ms", "Dr", "St", "Prof"])
def test_no_sentence_ends_after_a_title(title):
    assert sentences(f"He met {title}. Fox. She left.", PUNCTUATION) == [f"He met {title}. Fox.", "She left."]


def test_a_word_that_merely_ends_like_a_title_ends_a_sentence():
    assert sentences("He saw the SMr. She left.", PUNCTUATION) == ["He saw the SMr.", "She left."]


def test_whole_text():
    assert sentences(TALK, PUNCTUATION) == [
        "Mr. Fox met Mrs. Hen.",
        '"Good day!" he said.',
        '"Is it?"',
        "She left (at 3.15 p.m.) at once!",
        "They live at St. Ann's.",
        "Why?",
        "A heading",
        "Dr. Owl e.g. hoots.",
        "3 hens hear him.",
    ]


# Piece by piece


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [3, 4, 5, 7, 11, 31, 1000])
@pytest.mark.parametrize("form", [LINE, PUNCTUATION], ids=["line", "punctuation"])
def test_sentences_do_not_depend_on_the_chunk_size(tmp_path, form, size, ends):
    data = TALK.encode().replace(b"\n", ends)
    pieces = read_in_chunks(tmp_path, data, form, size)
    assert "".join(pieces) == data.decode()
    assert [found for piece in pieces for found in sentences(piece, form)] == sentences(data.decode(), form)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    text=st.lists(st.sampled_from(["Mr", "Prof", "he", "A", ".", "!", '"', " ", "\n", "\n\n", "\r\n", " \t", "é", "3"])).map(
        "".join
    ),
    size=st.integers(3, 9),
)
def test_any_sentences_do_not_depend_on_the_chunk_size(tmp_path, text, size):
    pieces = read_in_chunks(tmp_path, text.encode(), PUNCTUATION, size)
    assert [found for piece in pieces for found in sentences(piece, PUNCTUATION)] == sentences(text, PUNCTUATION)


@pytest.mark.parametrize("size", [3, 5, 8, 1000])
def test_words_of_lines_across_chunks_are_those_of_the_whole_text(tmp_path, size):
    pieces = read_in_chunks(tmp_path, TALK.encode(), TextFormat("word"), size)
    assert [token for piece in pieces for token in split(piece, "word")] == split(TALK, "word")


def test_text_comes_before_the_file_is_read_to_its_end(tmp_path):
    """So that a long text needs little memory."""
    pieces = read_in_chunks(tmp_path, b"He left. She came. " * 500, PUNCTUATION, 64)
    assert max(map(len, pieces)) < 200


@pytest.mark.parametrize("kind", ["char", "word", "space"])
def test_lowercase_comes_before_everything_else(tmp_path, kind):
    pieces = read_in_chunks(tmp_path, "The HEN É\n".encode(), TextFormat(kind, lowercase=True), 4)
    assert "".join(pieces) == "the hen é\n"
