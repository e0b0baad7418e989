"""Words as points of a plane."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, Group

from seqterm.render.word_map import HEADS, word_map
from tests.render.screens import check_golden

CORNERS = [[0, 0], [1, 0], [0, 1], [1, 1]]


def lines_of(*arguments, **options):
    return word_map(*arguments, **options).plain.split("\n")


def is_braille(character):
    return 0x2800 <= ord(character) <= 0x28FF


def test_golden():
    words = ["man", "woman", "king", "queen", "prince", "bread"]
    points = [[-2, -1], [-1.5, 1], [1, -1.2], [1.5, 0.8], [1.1, -0.9], [-0.2, 0.1]]
    check_golden("word_map", lambda width: word_map(words, points, [(0, 1), (2, 3)], width, 14))


def test_a_small_map_by_hand():
    assert lines_of(["low", "high"], [[0, 0], [2, 5]], width=12, height=3) == [
        "       high•",
        "            ",
        "•low        ",
    ]  # fmt: skip


def test_an_arrow_by_hand():
    """Half of the 8 rows of dots is the upper one of the second line; the head is the last character before the end."""
    assert lines_of(["", ""], [[0, 3], [9, 3]], [(0, 1)], width=8, height=2) == [" " * 8, "•⠉⠉⠉⠉⠉→•"]


@pytest.mark.parametrize(
    ("end", "head"), [*zip([[2, 0], [2, 2], [0, 2], [-2, 2], [-2, 0], [-2, -2], [0, -2], [2, -2]], HEADS, strict=True)]
)
def test_a_head_points_where_the_arrow_goes(end, head):
    """From the middle of a square, two corners of which keep its size."""
    points = [[0, 0], end, [-2, -2], [2, 2]]
    text = word_map(["", "", "", ""], points, [(0, 1)], width=22, height=11).plain
    assert [character for character in text if character in HEADS] == [head]


def test_the_heads_of_arrows_that_cross_stay():
    text = word_map([""] * 4, CORNERS, [(0, 3), (1, 2), (3, 0), (2, 1)], width=20, height=10).plain
    assert sorted(character for character in text if character in HEADS) == sorted("↗↖↙↘")


def test_an_arrow_without_a_character_between_has_no_head():
    text = word_map(["", ""], [[0, 0], [1, 0]], [(0, 1), (1, 1)], width=2, height=1).plain
    assert text == "••"


def test_dots_of_an_arrow_lie_on_the_line():
    """A rising diagonal, dot by dot: 2 x 4 dots a character, so that a character across is half a character up."""
    lines = lines_of(["", ""], [[0, 0], [1, 1]], [(0, 1)], width=8, height=4)
    for row, line in enumerate(lines):
        drawn = [column for column, character in enumerate(line) if character != " "]
        assert drawn == [6 - 2 * row, 7 - 2 * row]
    assert lines[1][4:6] == "⡠⠊"


def test_names_stand_beside_their_points_and_inside_the_map():
    lines = lines_of(["southwest", "southeast", "northwest", "northeast"], CORNERS, width=30, height=5)
    assert lines[0] == "•northwest" + " " * 10 + "northeast•"
    assert lines[-1] == "•southwest" + " " * 10 + "southeast•"


def test_names_at_one_place_do_not_overlap():
    words = [f"word{i}" for i in range(8)]
    text = word_map(words, [[1, 1]] * 8, width=40, height=9).plain
    assert all(text.count(word) == 1 for word in words)
    assert text.count("•") == 1


def test_a_name_makes_room_for_an_arrow():
    """Beside its point the arrow leaves to the right, and there is the edge at the left."""
    lines = lines_of(["begin", "end"], [[0, 0], [1, 0]], [(0, 1)], width=20, height=3)
    assert lines[1][0] == lines[1][-1] == "•"
    assert all(map(is_braille, lines[1][1:18]))
    assert "begin" in lines[2]
    assert "end" in lines[2]


def test_where_there_is_no_other_place_a_name_covers_an_arrow():
    (line,) = lines_of(["begin", "end"], [[0, 0], [1, 0]], [(0, 1)], width=20, height=1)
    assert line.startswith("•begin")
    assert line.endswith("end•")


def test_a_name_without_room_is_left_out_and_its_point_stays():
    lines = lines_of(["first", "second", "third"], [[0, 0], [1, 0], [0.5, 0]], width=15, height=1)
    assert lines == ["•first •second•"]


def test_wide_letters_fill_two_characters():
    lines = lines_of(["日本", "東京都"], [[0, 0], [1, 1]], width=12, height=2)
    assert lines == ["     東京都•", "•日本       "]


def test_control_characters_and_line_ends_do_not_reach_the_terminal():
    text = word_map(["a\x1b[31mb", "c\nd", "\t"], [[0, 0], [1, 1], [2, 2]], width=30, height=3).plain
    assert "a\N{REPLACEMENT CHARACTER}[31mb" in text
    assert "c d" in text
    assert text.count("\n") == 2
    assert "\t" not in text


@pytest.mark.parametrize(
    ("words", "points"),
    [
        ([], []),
        (["one"], [[3, 4]]),
        (["one", "two"], [[3, 4], [-3, 4]]),
        (["one", "two"], [[3, 4], [3, 4 + 1e-17]]),
        (["one", "two", "three"], [[1, 2]] * 3),
        (["one", "two", "three"], [[0, 0]] * 3),
        (["a long word that fits nowhere"] * 3, [[1, 2], [3, 4], [5, 6]]),
    ],
)
@pytest.mark.parametrize("width", [0, 1, 2, 3, 10, 80])
@pytest.mark.parametrize("height", [1, 2, 24])
def test_few_words_narrow_maps(words, points, width, height):
    arrows = [(0, len(words) - 1)] if words else []
    lines = lines_of(words, points, arrows, width=width, height=height)
    assert [cell_len(line) for line in lines] == [max(1, width)] * height
    assert ("•" in "".join(lines)) == bool(words)


def test_one_point_is_in_the_middle():
    lines = lines_of(["one"], [[3, 4]], width=21, height=5)
    assert lines[2][10:14] == "•one"


def test_an_extent_that_is_noise_is_none():
    lines = lines_of(["a", "b"], [[0, 0], [1, 1e-12]], width=20, height=5)
    assert lines[2].startswith("•a")
    assert lines[2].endswith("b•")


def test_colours():
    text = word_map(["begin", "end"], [[0, 0], [1, 0]], [(0, 1)], width=20, height=3)
    styles = {text.plain[span.start : span.end]: str(span.style) for span in text.spans}
    assert {"•": "bold cyan", "⠤" * 17 + "→": "magenta", "begin": "default"}.items() <= styles.items()


def test_what_is_narrower_cuts_its_lines():
    console = Console(width=10, color_system=None)
    with console.capture() as shown:
        console.print(Group(word_map(["low", "high"], [[0, 0], [2, 5]], width=12, height=3)))
    assert shown.get() == "       hig\n          \n•low      \n"


@given(
    st.lists(st.tuples(st.text(max_size=12), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=25),
    st.integers(1, 60),
    st.integers(1, 20),
    st.randoms(),
)
def test_a_map_has_the_size_that_was_asked_for_and_shows_every_point(words, width, height, random):
    names, points = [word for word, *_ in words], [place for _, *place in words]
    arrows = [(random.randrange(len(words)), random.randrange(len(words))) for _ in range(5)]
    text = word_map(names, points, arrows, width, height)
    lines = text.plain.split("\n")
    assert [cell_len(line) for line in lines] == [width] * height
    x, y = np.array(points).T
    if "•" not in "".join(names) and np.ptp(x) > 1e-3 * np.ptp(y) and np.ptp(y) > 1e-3 * np.ptp(x):
        assert "•" in lines[0]
        assert "•" in lines[-1]
        assert any(line.startswith("•") for line in lines)
        assert any(line.endswith("•") for line in lines)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
def test_no_name_overlaps_another_or_a_point(points):
    words = [f"<{i:02}>" for i in range(len(points))]
    text = word_map(words, points, width=40, height=12).plain
    assert text.count("<") == text.count(">") == sum(word in text for word in words)
    only_points = word_map([""] * len(points), points, width=40, height=12).plain
    assert text.count("•") == only_points.count("•")
    assert all(text[i] == "•" for i, character in enumerate(only_points) if character == "•")
