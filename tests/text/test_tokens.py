"""Bytes of files to text, text to tokens, tokens to text."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqterm.errors import DataError
from seqterm.text import tokens
from seqterm.text.format import TextFormat
from seqterm.text.tokens import Decoder, from_person, read, split


def file(tmp_path, data, name="text"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def text_of(path, kind="char"):
    return "".join(read([path], TextFormat(kind)))


def chunked(monkeypatch, size):
    monkeypatch.setattr(tokens, "CHUNK", size)


# Reading


def test_characters_are_read_as_utf_8(tmp_path):
    assert text_of(file(tmp_path, "aé€😀\n".encode())) == "aé€😀\n"


def test_bytes_are_read_as_the_first_256_characters(tmp_path):
    every_byte = bytes(range(256))
    assert text_of(file(tmp_path, every_byte), "byte") == "".join(map(chr, range(256)))


def test_a_byte_order_mark_is_dropped_from_text_and_kept_among_bytes(tmp_path):
    path = file(tmp_path, codecs.BOM_UTF8 + b"hen")
    assert text_of(path, "char") == text_of(path, "space") == "hen"
    assert text_of(path, "byte") == "\xef\xbb\xbfhen"


def test_only_the_mark_at_the_begin_of_a_file_is_dropped(tmp_path):
    path = file(tmp_path, b"a" + codecs.BOM_UTF8)
    assert text_of(path) == "a\ufeff"


@pytest.mark.parametrize("kind", ["char", "byte"])
def test_line_ends_of_windows_and_old_macs_are_kept(tmp_path, kind):
    assert text_of(file(tmp_path, b"one\r\ntwo\rthree\n"), kind) == "one\r\ntwo\rthree\n"


@pytest.mark.parametrize("kind", ["char", "byte", "space"])
def test_several_files_read_like_one(tmp_path, kind):
    paths = [file(tmp_path, b"one t", "a"), file(tmp_path, b"", "b"), file(tmp_path, b"wo\nthree", "c")]
    joined = "one two\nthree" if kind != "space" else "one t wo\nthree"  # a word ends where its file does
    assert "".join(read(paths, TextFormat(kind))) == joined


def test_each_of_several_files_loses_its_own_byte_order_mark(tmp_path):
    paths = [file(tmp_path, codecs.BOM_UTF8 + b"one ", "a"), file(tmp_path, codecs.BOM_UTF8 + b"two", "b")]
    assert "".join(read(paths, TextFormat("char"))) == "one two"


@pytest.mark.parametrize("size", [3, 4, 5, 7, 1000])
@pytest.mark.parametrize("kind", ["char", "byte", "space"])
def test_text_does_not_depend_on_the_chunk_size(tmp_path, monkeypatch, kind, size):
    path = file(tmp_path, "aé€😀 öffnen\n  zwölf😀 Häuser".encode() * 3)
    whole = text_of(path, kind)
    chunked(monkeypatch, size)
    assert text_of(path, kind) == whole


@pytest.mark.parametrize("size", [3, 5, 8])
def test_words_across_chunks_stay_whole(tmp_path, monkeypatch, size):
    chunked(monkeypatch, size)
    path = file(tmp_path, b"a considerable lighthouse stands there\nalone")
    found = [token for piece in read([path], TextFormat("space")) for token in split(piece, "space")]
    assert found == ["a", "considerable", "lighthouse", "stands", "there", "\n", "alone"]


# What is not text


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"\xffabc", 0),
        (b"abc\xff", 3),
        (b"abcdefg\xff", 7),  # the last byte of a chunk
        (b"abcdefgh\xffij", 8),  # the first byte of the next
        (b"abcdefg\xe2(ij", 7),  # a character begins in one chunk and fails in the next
        ("abcdéfg€".encode() + b"\xc0\xafij", 11),  # after characters of several bytes
        ("abcde€f".encode() + b"\x80", 9),  # after a character that lies across two chunks
    ],
)
@pytest.mark.parametrize("kind", ["char", "space"])
def test_bytes_that_are_no_utf_8_are_named_with_their_offset(tmp_path, monkeypatch, data, offset, kind):
    chunked(monkeypatch, 8)
    path = file(tmp_path, data)
    with pytest.raises(DataError, match=rf"{path} is not UTF-8: byte 0x{data[offset]:02x} at offset {offset};.*--tokens byte"):
        text_of(path, kind)


@pytest.mark.parametrize(("data", "offset"), [(b"\0", 0), (b"abc\0", 3), (b"abcdefgh\0", 8), (b"abcdefghijk\0\xff", 11)])
def test_a_nul_byte_is_named_with_its_offset(tmp_path, monkeypatch, data, offset):
    chunked(monkeypatch, 8)
    path = file(tmp_path, data)
    with pytest.raises(DataError, match=rf"{path} is binary, not text: a NUL byte at offset {offset};"):
        text_of(path)


@pytest.mark.parametrize(("bad", "complaint"), [(b"\xff", "not UTF-8: byte 0xff at offset 6"), (b"\0", "NUL byte at offset 6")])
def test_offsets_count_the_byte_order_mark(tmp_path, bad, complaint):
    with pytest.raises(DataError, match=complaint):
        text_of(file(tmp_path, codecs.BOM_UTF8 + b"hen" + bad))


@pytest.mark.parametrize("size", [4, 5, 1000])
def test_a_character_cut_off_by_the_end_of_the_file_is_an_error(tmp_path, monkeypatch, size):
    chunked(monkeypatch, size)
    with pytest.raises(DataError, match="not UTF-8: byte 0xe2 at offset 3;"):
        text_of(file(tmp_path, b"abc\xe2\x82"))


def test_a_character_may_not_go_on_in_the_next_file(tmp_path):
    paths = [file(tmp_path, b"a\xe2\x82", "first"), file(tmp_path, b"\xac", "second")]
    with pytest.raises(DataError, match="first is not UTF-8"):
        list(read(paths, TextFormat("char")))


def test_bytes_may_be_anything(tmp_path):
    assert text_of(file(tmp_path, b"\0\xff\xe2"), "byte") == "\0\xff\xe2"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"Cannot read .*absent: No such file"):
        list(read([tmp_path / "absent"], TextFormat("char")))


# Splitting and joining


def test_words_stand_between_white_space_and_a_newline_is_a_token():
    assert split(" the\tred  hen,\r\n\nlays.\f", "space") == ["the", "red", "hen,", "\n", "\n", "lays."]


def test_characters_are_their_own_tokens():
    assert list(split("a b\n", "char")) == ["a", " ", "b", "\n"]


words_of_lines = st.lists(st.lists(st.text("abé,.\u00a0", min_size=1), max_size=5).map(" ".join), min_size=1).map("\n".join)


@given(words_of_lines)
def test_words_come_back_with_single_spaces_and_their_lines(text):
    assert Decoder("space").feed(split(text, "space"), final=True) == text


@given(st.text(" \n\tab\u00a0\x1c"), st.lists(st.sampled_from(["a", "b", "\n"])))
def test_drawn_words_stay_apart_from_a_prompt_that_they_continue(prompt, drawn):
    whole = prompt + Decoder("space", prompt).feed(drawn, final=True)
    assert split(whole, "space") == split(prompt, "space") + drawn


@given(st.binary())
def test_bytes_come_back_whether_they_are_utf_8_or_not(data):
    text = Decoder("byte").feed(data.decode("latin-1"), final=True)
    assert text.encode("utf-8", "surrogateescape") == data


@given(st.binary())
def test_a_prompt_of_bytes_keeps_what_is_no_utf_8(data):
    prompt = data.decode("utf-8", "surrogateescape")
    assert from_person(prompt, TextFormat("byte")).encode("latin-1") == data


@pytest.mark.parametrize("kind", ["char", "byte", "space"])
@given(st.data())
def test_pieces_decode_like_the_whole(kind, data):
    known = {"char": "aé\n ", "byte": "ab\xe2\x82\xac\xff\n", "space": ["hen", "a", "\n"]}[kind]
    drawn = data.draw(st.lists(st.sampled_from(known)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(drawn)))))
    decoder = Decoder(kind)
    pieces = [decoder.feed(drawn[a:b]) for a, b in zip([0, *cuts], [*cuts, len(drawn)], strict=True)]
    assert "".join(pieces) + decoder.feed([], final=True) == Decoder(kind).feed(drawn, final=True)


def test_a_half_drawn_character_waits_for_its_other_bytes():
    decoder = Decoder("byte")
    assert [decoder.feed([byte]) for byte in "\xe2\x82\xac"] == ["", "", "€"]
