"""Heat maps of blocks."""

import pytest

from seqterm.render.heat_map import heat_map


def test_a_small_matrix():
    drawn = heat_map([[1.0, 0.5, 0.0], [0.009, 0.0101, 0.124]], ["a", "bb"], ["0", "7", "12"])
    assert drawn.split("\n") == [
        "        1",
        "    0 7 2",
        " a ██▄▄",
        "bb   ▁▁▁▁",
    ]


@pytest.mark.parametrize("n", [1, 40, 41, 100])
def test_rows_are_as_wide_as_their_columns_need(n):
    names = [str(i) for i in range(n)]
    *_, row = heat_map([[1.0] * n], [""], names).split("\n")
    assert row == " " + "█" * (2 * n if n <= 40 else n)


def test_what_is_no_number_is_blank():
    assert heat_map([[float("nan"), 1.0]], ["a"], ["0", "1"]).split("\n")[-1] == "a   ██"
