"""A corpus as words for word vectors: counted, and written sentence by sentence."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqterm.errors import DataError
from seqterm.text import tokens
from seqterm.text.format import TextFormat
from seqterm.text.vocabulary import Vocabulary
from seqterm.text.words import BOUNDARY, count_words, open_words, write_words

LINES = TextFormat("space", "line")
SENTENCES = TextFormat("word", "punctuation")
WORDS = ["hen", "Hen", "egg", "duck's", "hen.", "“egg”", "Ä"]
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), min_size=1, max_size=8).map("\n".join)


def written(pieces, form, vocabulary, folder):
    """-> words read, words written, the ids of the file"""
    counts = write_words(pieces, form, vocabulary, Path(folder) / "ids")
    return (*counts, open_words(Path(folder) / "ids", counts[1]).tolist())


# Counting


def test_frequent_words_come_first_and_equals_in_alphabetical_order():
    found = count_words(["the hen\nthe egg\n", "a hen the"], LINES)
    assert (found.tokens, found.counts) == (["the", "hen", "a", "egg"], [3, 2, 1, 1])
    assert found.special == {}


@given(texts)
def test_counts_are_those_of_a_simple_count_without_ends_of_lines(text):
    simple = Counter(text.split())
    if simple:
        found = count_words([text], LINES)
        assert dict(zip(found.tokens, found.counts, strict=True)) == simple
    else:
        with pytest.raises(DataError, match="has no words"):
            count_words([text], LINES)


@pytest.mark.parametrize(
    ("size", "min_count", "kept"),
    [(None, 1, "abcd"), (None, 2, "abc"), (None, 3, "ab"), (2, 1, "ab"), (2, 4, "a"), (9, 2, "abc")],
)
def test_rare_words_and_those_beyond_a_number_are_left_out(size, min_count, kept):
    assert count_words(["a a a a b b b c c d"], LINES, size, min_count).tokens == list(kept)


def test_where_no_word_is_frequent_enough_the_most_frequent_is_named():
    with pytest.raises(DataError) as caught:
        count_words(["a b c b"], LINES, None, 3)
    assert str(caught.value) == "No word occurs 3 times: the most frequent, 'b', occurs 2 times; lower --min-count."


@pytest.mark.parametrize("text", ["", "\n", " \t\n \r\n"])
@pytest.mark.parametrize("form", [LINES, SENTENCES])
def test_a_corpus_without_words_is_a_data_error(text, form):
    with pytest.raises(DataError, match=r"The corpus has no words\."):
        count_words([text], form)


def test_a_vocabulary_of_words_is_read_back_from_json():
    found = count_words(["Hens' eggs. Who doesn't like “them”? -- I."], SENTENCES)
    again = Vocabulary.from_json(found.to_json())
    assert (again.tokens, again.counts, again.form) == (found.tokens, found.counts, found.form)
    assert again.form.kind == "word"


# Writing


def test_lines_are_written_as_ids_with_boundaries_between(tmp_path):
    text = "the hen\n\nthe  egg\r\n \nhen"
    vocabulary = count_words([text], LINES)
    assert vocabulary.tokens == ["hen", "the", "egg"]
    assert written([text], LINES, vocabulary, tmp_path) == (5, 5, [1, 0, -1, 1, 2, -1, 0, -1])


def test_unknown_words_are_left_out_and_their_neighbours_come_together(tmp_path):
    vocabulary = count_words(["a a b b c"], LINES, None, 2)
    assert written(["a c b\nc\nb a"], LINES, vocabulary, tmp_path) == (6, 4, [0, 1, -1, -1, 1, 0, -1])


def test_sentences_end_where_their_punctuation_says(tmp_path):
    text = "The hen sat. Mr. Hen\nate an egg! It's gone"
    vocabulary = count_words([text], SENTENCES)
    read, kept, ids = written([text], SENTENCES, vocabulary, tmp_path)
    sentences = [part.split() for part in " ".join(vocabulary.tokens[i] if i >= 0 else "|" for i in ids).split("|")]
    assert sentences == [
        ["The", "hen", "sat", "."],
        ["Mr.", "Hen", "ate", "an", "egg", "!"],
        ["It", "'s", "gone"],
        [],
    ]
    assert read == kept == 13


def test_a_text_without_sentences_has_its_line_ends_as_boundaries(tmp_path):
    form = TextFormat("space")
    vocabulary = count_words(["a b\nb"], form)
    assert written(["a b\nb"], form, vocabulary, tmp_path) == (3, 3, [1, 0, -1, 0])


@given(texts, st.integers(1, 3), st.booleans())
def test_a_file_holds_every_sentence_in_order(text, min_count, lowercase):
    form = TextFormat("space", "line", lowercase)
    text = text.lower() if lowercase else text
    lines = [line.split() for line in text.split("\n") if line.split()]
    counts = Counter(word for line in lines for word in line)
    if max(counts.values(), default=0) < min_count:
        return
    vocabulary = count_words([text], form, None, min_count)
    wanted = [[word for word in line if counts[word] >= min_count] for line in lines]
    with TemporaryDirectory() as folder:
        read, kept, ids = written([text], form, vocabulary, folder)
    assert (read, kept) == (sum(counts.values()), sum(map(len, wanted)))
    assert [vocabulary.tokens[i] if i >= 0 else "\n" for i in ids] == [word for line in wanted for word in (*line, "\n")]


def test_files_and_pieces_are_read_as_training_reads_them(tmp_path, monkeypatch):
    """A chunk at a time, whose ends cut neither words nor sentences; where a file ends a sentence does."""
    (tmp_path / "one").write_text("\ufeffthe hen\nthe egg")
    (tmp_path / "two").write_text("The duck\n")
    paths = [tmp_path / "one", tmp_path / "two"]
    form = TextFormat("space", "line", lowercase=True)
    wanted = [0, 3, -1, 0, 2, -1, 0, 1, -1]
    for size in (1 << 22, 3):
        monkeypatch.setattr(tokens, "CHUNK", size)
        vocabulary = count_words(tokens.read(paths, form), form)
        assert vocabulary.tokens == ["the", "duck", "egg", "hen"]
        assert written(tokens.read(paths, form), form, vocabulary, tmp_path) == (6, 6, wanted)


# Reading


def test_ids_are_mapped_and_cannot_be_written(tmp_path):
    vocabulary = count_words(["a b"], LINES)
    write_words(["a b"], LINES, vocabulary, tmp_path / "ids")
    ids = open_words(tmp_path / "ids", 2)
    assert (ids.dtype, ids.flags.writeable) == (np.int32, False)
    assert (ids.tolist(), BOUNDARY) == ([0, 1, -1], -1)


def test_a_file_of_nothing_is_no_trouble(tmp_path):
    (tmp_path / "ids").touch()
    assert open_words(tmp_path / "ids", 0).tolist() == []


@pytest.mark.parametrize("size", [0, 1, 4, 7, 11])
def test_a_file_that_was_cut_off_is_a_data_error(tmp_path, size):
    (tmp_path / "ids").write_bytes(b"\0" * size)
    with pytest.raises(DataError, match=f"ids has {size} bytes, too few for the 3 words that were written: it was cut off"):
        open_words(tmp_path / "ids", 3)


def test_a_file_that_is_not_there_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match=r"Cannot read .*ids: No such file or directory; the run cannot go on without it"):
        open_words(tmp_path / "ids", 3)
