"""Text coloured by numbers."""

import math

import pytest
from rich.console import Group

from seqterm.events import Painted, Painting
from seqterm.render.heat_text import HeatRows, fold, heat_text, legend, n_columns, n_lines
from tests.render.screens import check_golden, drawn

TEXT = "The hen said: “Eggs”,\tand then she went away over the hills, far from all the others.\n"
SURPRISAL = Painting("surprisal in bits", ["a"], [(0.0, 8.0)])
TWO = Painting("bits more for b than for a", ["a", "b"], [(0.0, 8.0)] * 2, difference=True)
UNIT = Painting("h of unit 3", ["h", "i"], [(-1.0, 1.0), (0.0, 1.0)])


def line(*values, text=TEXT):
    return Painted(1, list(text), [[value(i) for i in range(len(text))] for value in values])


def wave(low, high, period):
    return lambda i: low + (high - low) * (1 + math.sin(math.tau * i / period)) / 2


def both(painting, painted):
    return lambda width: Group(legend(painting), heat_text(painting, painted, width))


@pytest.mark.parametrize(
    ("name", "painting", "painted"),
    [
        ("heat", SURPRISAL, line(wave(0, 8, 20))),
        ("heat_of_two", TWO, line(wave(0, 8, 20), wave(0, 8, 30))),
        ("heat_of_a_unit", UNIT, line(wave(-1, 1, 20), wave(0, 1, 30))),
    ],
)
def test_golden(name, painting, painted):
    check_golden(name, both(painting, painted))


def rows(painting, painted, width=40):
    return drawn(heat_text(painting, painted, width), width).split("\n")[:-1]


def test_a_block_stands_beneath_its_letter():
    assert rows(SURPRISAL, Painted(1, ["a", "bc", "\n"], [[0.0, 4.0, 99.0]])) == ["abc↵", " ▄▄█"]


def test_wide_letters_have_wide_blocks_and_marks_go_with_their_letters():
    assert rows(SURPRISAL, Painted(1, ["漢", "e\u0301", "x"], [[8.0, 4.0, 1.0]])) == ["漢e\u0301x", "██▄▁"]


def test_control_characters_do_not_reach_the_terminal():
    assert rows(SURPRISAL, Painted(1, ["\x1b", "\x9b", "\udcff", "a"], [[8.0] * 4])) == ["���a", "████"]


def test_rows_of_one_line_are_named():
    assert rows(UNIT, Painted(1, ["a", "b"], [[-1.0, 1.0], [0.5, 0.0]])) == ["  ab", "h  █", "i ▄"]


def test_no_text_is_no_lines():
    assert rows(SURPRISAL, Painted(1, [], [[]])) == [""]


@pytest.mark.parametrize(("value", "colour"), [(8.0, "221;51;51"), (1.0, "255;243;196"), (0.4, None)])
def test_the_warmest_is_the_most_surprising(value, colour):
    shown = drawn(heat_text(SURPRISAL, Painted(1, ["x"], [[value]]), 40), 40, colour=True)
    assert (f"48;2;{colour}" in shown) if colour else "48;2;" not in shown


def test_where_the_second_is_surprised_less_is_cool():
    cool, warm = (drawn(heat_text(TWO, Painted(1, ["x"], values), 40), 40, colour=True) for values in ([[8], [0]], [[0], [8]]))
    assert "48;2;28;97;176" in cool
    assert "48;2;221;51;51" in warm


@pytest.mark.parametrize("width", [1, 8, 9, 40])
@pytest.mark.parametrize(
    "text", ["", "\n", "hen\n", TEXT, "a\nb\n", "今日は" * 9, "e\u0301" * 30, "tab\t\x1b end", "soft\u00adly"]
)
def test_lines_are_counted_as_they_are_folded(text, width):
    assert n_lines(list(text), n_columns(text), width) == len(list(fold(list(text), max(8, width))))


def test_a_marked_piece_is_reversed():
    rows = HeatRows(SURPRISAL, ["a", "bc", "d"], [[0.0, 8.0, 0.0]], 40)
    assert rows.line(0) == [("a", ""), ("bc", "black on #dd3333"), ("d", "")]
    assert rows.line(0, marked=1)[1] == ("bc", "black on #dd3333 reverse")
    assert rows.line(0, marked=2) == [("a", ""), ("bc", "black on #dd3333"), ("d", "reverse")]
    assert HeatRows(SURPRISAL, ["a"], [[8.0]], 40, blocks=False).beneath(0) == []
