"""Texts side by side."""

import pytest
from rich.cells import cell_len

from seqterm.render.columns import columns

TEXTS = ["hello world this is", "日本語abcdef\n\nx"]


def test_golden():
    assert columns(["a", "b"], TEXTS, 20) == (
        "a        | b\n-------- | --------\nhello wo | 日本語ab\nrld this | cdef\n is      |\n         | x"
    )


@pytest.mark.parametrize("width", [20, 21, 40, 80, 200])
def test_no_line_is_too_wide_and_no_letter_is_lost(width):
    lines = columns(["a", "b"], TEXTS, width).split("\n")
    assert max(map(cell_len, lines)) <= width
    assert set("日本語abcdefx") <= set("".join(lines))


def test_where_there_is_no_room_they_follow_one_another():
    assert columns(["a", "b"], ["x", "y"], 15) == "a\nx\nb\ny"
