"""Texts side by side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from seqterm.render.columns import Columns

TEXTS = ["hello world this is", "日本語abcdef\n\nx"]


def rows(headings, texts, width):
    columns = Columns(headings, width)
    for side, text in enumerate(texts):
        columns.add(side, text)
        columns.end(side)
    return columns.take()


def test_golden():
    assert rows(["a", "b"], TEXTS, 20) == [
        "a        | b",
        "-------- | --------",
        "hello wo | 日本語ab",
        "rld this | cdef",
        " is      |",
        "         | x",
    ]


@pytest.mark.parametrize("width", [20, 21, 40, 80, 200])
def test_no_line_is_too_wide_and_no_letter_is_lost(width):
    lines = rows(["a", "b"], TEXTS, width)
    assert max(map(cell_len, lines)) <= width
    assert set("日本語abcdefx") <= set("".join(lines))


def test_where_there_is_no_room_they_follow_one_another():
    assert rows(["a", "b"], ["x", "y"], 15) == ["a", "x", "b", "y"]


def test_tabs_are_blanks_and_control_characters_do_not_reach_the_terminal():
    assert rows(["a", "b"], ["1\t2", "\x1b[31m\udcff"], 40)[2] == "1       2          | �[31m�"


def test_a_row_is_given_when_nothing_can_change_it():
    columns = Columns(["a", "b"], 20, "go ")
    assert columns.take() == ["a        | b", "-------- | --------"]
    columns.add(0, "on and on")
    assert columns.take() == []
    assert columns.rest() == ["go on an | go", "d on     |"]
    columns.add(1, "\n")
    assert columns.take() == ["go on an | go"]
    columns.end(1)
    columns.add(0, "\n")
    assert columns.take() == ["d on     |"]
    columns.end(0)
    assert not columns.grow
    assert columns.take() == ["         |"]
    assert columns.rest() == []


@given(st.lists(st.tuples(st.integers(0, 1), st.text("ab\t\n語", max_size=30)), max_size=20), st.sampled_from([15, 25, 80]))
def test_rows_are_the_same_however_the_texts_grow(pieces, width):
    columns = Columns(["a", "b"], width, "go ")
    taken = []
    for side, text in pieces:
        columns.add(side, text)
        taken += columns.take()
    for side in (0, 1):
        columns.end(side)
    taken += columns.take()
    whole = ["go " + "".join(text for at, text in pieces if at == side) for side in (0, 1)]
    assert taken == rows(["a", "b"], whole, width)
