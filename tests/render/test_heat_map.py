"""Heat maps of blocks."""

from seqterm.render.heat_map import heat_map


def test_a_small_matrix():
    drawn = heat_map([[1.0, 0.5, 0.0], [0.009, 0.0101, 0.124]], ["a", "bb"], ["0", "7", "12"], 20)
    assert drawn.split("\n") == [
        "        1",
        "    0 7 2",
        " a ██▄▄",
        "bb   ▁▁▁▁",
    ]


def test_columns_are_as_wide_as_there_is_room():
    names = ["a"] * 5
    assert heat_map([[1.0] * 5], [""], names, 11) == "  a a a a a\n ██████████"
    assert heat_map([[1.0] * 5], [""], names, 10) == " aaaaa\n █████"


def test_columns_for_which_there_is_no_room_follow():
    assert heat_map([[1.0, 0.5, 1.0], [0.0, 0.0, 0.5]], ["0", "1"], ["0", "1", "2"], 4) == "  01\n0 █▄\n1\n  2\n0 █\n1 ▄"


def test_what_is_no_number_is_blank():
    assert heat_map([[float("nan"), 1.0]], ["a"], ["0", "1"], 20).split("\n")[-1] == "a   ██"
