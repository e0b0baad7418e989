"""Line charts in braille."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from seqterm.render.braille import Band, Labels, Series, line_chart

# Where the dots of a braille character stand (column, row), by the bit of its code: Unicode, "Braille Patterns", dots 1 to 8.
PLACES = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
MARGIN = 5  # of labels such as 3.00


def chart(y, width, height, x=None):
    return line_chart([Series(range(len(y)) if x is None else x, y, "red")], width, height).plain


def dots(text, margin=MARGIN):
    """{(column, row)} of the dots of a chart."""
    return {
        (2 * across + column, 4 * down + row)
        for down, line in enumerate(text.split("\n")[:-1])
        for across, character in enumerate(line[margin:])
        for bit, (column, row) in enumerate(PLACES)
        if (ord(character) - 0x2800) >> bit & 1
    }


def rows(text, margin=MARGIN):
    return {row for _, row in dots(text, margin)}


def test_a_small_chart_dot_by_dot():
    # by hand: steps up from the lower left, each joined to the one before: rows 3 | 2-3 | 1-2 | 0-1 of the columns
    assert chart([0, 1, 2, 3], width=MARGIN + 2, height=2) == "3.00 \u28e0\u281e\n     03"


def test_a_falling_line_dot_by_dot():
    # by hand: column c has the rows c-1 and c, of which there are four in a line
    text = chart([7, 6, 5, 4, 3, 2, 1, 0], width=MARGIN + 4, height=3)
    assert text == "7.00 \u2819\u28a6\u2840\u2800\n0.00 \u2800\u2800\u2819\u28a6\n     0  7"


def test_a_level_line_is_level():
    assert dots(chart([2, 2, 2], MARGIN + 3, 3)) == {(column, 0) for column in range(6)}


def test_a_jump_is_joined():
    assert {row for column, row in dots(chart([0, 0, 9, 9], MARGIN + 2, 3)) if column == 2} == set(range(8))


@given(st.lists(st.floats(-99, 99), min_size=2, max_size=300).filter(lambda y: max(y) - min(y) > 0.1))
def test_the_extremes_reach_the_first_and_the_last_row(y):
    high, low = max(y), min(y)
    found = rows(chart(y, 30, 5), margin=max(len(f"{high:.2f}"), len(f"{low:.2f}")) + 1)
    assert (min(found), max(found)) == (0, 15)


def test_the_extremes_and_ends_are_named():
    lines = chart([2.5, 0.25, 1], 30, 4, x=[100, 1500, 2000]).split("\n")
    assert lines[0].startswith("2.50 ")
    assert lines[2].startswith("0.25 ")
    assert (lines[3].split()[0], lines[3].split()[-1]) == ("100", "2,000")


@given(
    st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=50),
    st.integers(0, 10**7),
    st.integers(20, 120),
    st.integers(2, 20),
)
def test_a_chart_has_the_size_that_was_asked_for(y, first, width, height):
    lines = chart(y, width, height, x=range(first, first + 1000 * len(y), 1000)).split("\n")
    assert len(lines) == height
    assert max(map(cell_len, lines)) <= width


def test_one_point_is_a_chart():
    found = dots(chart([2.5], 30, 5))
    assert {row for _, row in found} == {0}


@pytest.mark.parametrize("gap", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers_are_gaps(gap):
    found = dots(chart([1, 1, gap, gap, 0, 0], MARGIN + 3, 3))
    assert found == {(0, 0), (1, 0), (4, 7), (5, 7)}


@pytest.mark.parametrize("y", [[], [math.nan], [math.nan, math.inf]])
def test_without_a_number_the_chart_is_empty_and_as_high(y):
    text = chart(y, 30, 5)
    assert len(text.split("\n")) == 5
    assert text.strip() == ""


def test_lines_share_their_scale_and_keep_their_colours():
    both = line_chart([Series([0, 3], [3, 3], "red"), Series([0, 3], [0, 0], "blue"), Series([], [], "green")], MARGIN + 4, 3)
    top, bottom, _ = both.split("\n")
    assert {str(span.style) for span in top.spans} >= {"red"}
    assert {str(span.style) for span in bottom.spans} >= {"blue"}
    assert rows(both.plain) == {0, 7}


def test_marks_tell_lines_apart_without_colour():
    def marked(*lines):
        return line_chart([Series([0, 9], y, "", mark) for y, mark in lines], MARGIN + 40, 3).plain.split("\n")

    top, bottom, _ = marked(([3, 3], "a"), ([0, 0], "b"))
    for row, letter in ((top, "a"), (bottom, "b")):
        assert [at - MARGIN for at, cell in enumerate(row) if cell == letter] == [7, 23, 39]
    both = marked(([1, 1], "a"), ([1, 1], "b"))[0]  # one over the other
    assert both[-2:] == "ba"
    assert (both.count("a"), both.count("b")) == (3, 3)


def test_a_line_that_begins_late_begins_at_its_place():
    both = line_chart([Series([0, 7], [1, 1], "red"), Series([4, 7], [0, 0], "blue")], MARGIN + 4, 3)
    assert {column for column, row in dots(both.plain) if row == 7} == {4, 5, 6, 7}


def test_a_band_has_every_other_dot_between_its_ends():
    text = line_chart([], MARGIN + 2, 3, [Band([0, 1], [0, 0], [3, 3], "dim")]).plain
    assert dots(text) == {(column, row) for column in range(4) for row in range(8) if (column + row) % 2 == 0}


def test_a_line_takes_the_cells_that_it_crosses_from_a_band():
    line, band = Series([0, 1], [3, 3], "red"), Band([0, 1], [0, 0], [3, 3], "dim")
    text = line_chart([line], MARGIN + 2, 3, [band])
    assert {(column, row) for column, row in dots(text.plain) if row < 4} == {(column, 0) for column in range(4)}
    assert {span.style for span in text.spans} == {"red", "dim"}


def test_ends_are_named_as_asked():
    lines = line_chart([Series([0, 1], [1000, 2000], "")], 40, 4, labels=Labels(",.0f", ("first", "last"))).plain.split("\n")
    assert (lines[0].split()[0], lines[2].split()[0], lines[3].split()) == ("2,000", "1,000", ["first", "last"])


def test_a_logarithmic_chart_names_what_it_is_the_logarithm_of():
    lines = line_chart([Series([1, 2], [-5, 1], "")], 30, 4, labels=Labels(y="exponent")).plain.split("\n")
    assert lines[0].startswith("1.0e+1 ")
    assert lines[2].startswith("1.0e-5 ")
