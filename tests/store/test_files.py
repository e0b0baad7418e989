"""Files that are whole or not there, and lines of JSON."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqterm.errors import DataError
from seqterm.store.files import json_line, parse_json, read_bytes, read_json_lines, write_json, write_whole

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_a_file_is_written_and_replaced(tmp_path):
    for data in (b"old", b"", b"new" * 10_000):
        write_whole(tmp_path / "file", data)
        assert (tmp_path / "file").read_bytes() == data
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_data_that_cannot_be_written_leaves_the_old_file_and_nothing_else(tmp_path):
    write_whole(tmp_path / "file", b"old")
    with pytest.raises(TypeError):
        write_whole(tmp_path / "file", "no bytes")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_name_that_cannot_be_taken_leaves_nothing_behind(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"new")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_who_has_the_old_file_open_reads_it_to_its_end(tmp_path):
    write_whole(tmp_path / "file", b"old" * 1000)
    with (tmp_path / "file").open("rb", buffering=0) as reader:
        begin = reader.read(5)
        write_whole(tmp_path / "file", b"new")
        assert begin + reader.read() == b"old" * 1000


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"Cannot read .*absent: No such file"):
        read_bytes(tmp_path / "absent")


# JSON


@given(JSON)
def test_a_line_of_json_is_one_line_and_comes_back(value):
    line = json_line(value)
    assert b"\n" not in line
    assert parse_json(line, "line") == value


@pytest.mark.parametrize("wrap", [lambda text: text, lambda text: {"a": {"b": text}}, lambda text: [{"a": [text]}]])
def test_bytes_that_are_no_text_become_question_marks_in_a_line(tmp_path, wrap):
    assert parse_json(json_line(wrap("hen\udcff")), tmp_path) == wrap("hen\ufffd")


def test_written_json_comes_back(tmp_path):
    data = write_json(tmp_path / "file", {"a": [1, "é"]})
    assert (tmp_path / "file").read_bytes() == data
    assert parse_json(data, tmp_path / "file") == {"a": [1, "é"]}


@pytest.mark.parametrize("data", [b"", b"{", b'{"a": 1', b"\xff", b"nan"])
def test_what_is_no_json_is_named(tmp_path, data):
    with pytest.raises(DataError, match=r"file\.json is damaged"):
        parse_json(data, tmp_path / "file.json")


def test_lines_of_json_are_read_in_order(tmp_path):
    (tmp_path / "lines").write_bytes(b'{"a": 1}\n{"a": 2}\n')
    assert read_json_lines(tmp_path / "lines") == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("torn", [b"{", b'{"a": 2', b'{"a": 2}', b"\xff"])
def test_a_torn_last_line_is_ignored(tmp_path, torn):
    (tmp_path / "lines").write_bytes(b'{"a": 1}\n' + torn)
    assert read_json_lines(tmp_path / "lines") == [{"a": 1}]


def test_a_damaged_line_before_the_last_is_an_error(tmp_path):
    (tmp_path / "lines").write_bytes(b'{"a":\n{"a": 2}\n')
    with pytest.raises(DataError, match="lines is damaged"):
        read_json_lines(tmp_path / "lines")


def test_no_file_has_no_lines(tmp_path):
    assert read_json_lines(tmp_path / "absent") == []


def test_a_replaced_file_can_be_read_by_those_who_could_read_a_new_one(tmp_path):
    (tmp_path / "plain").touch()
    write_whole(tmp_path / "whole", b"data")
    assert os.stat(tmp_path / "whole").st_mode == os.stat(tmp_path / "plain").st_mode
