"""Hidden states beneath a text, or over a series."""

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from seqterm.events import Trellis
from seqterm.render.trellis import COLOURS, colour, trellis
from tests.render.screens import check_golden

SENTENCE = "the red hen has nine eggs, and the black one has none of them"


def by_turns(tokens, states=5):
    """A path through a few states, each of which is the less probable the longer the text goes on."""
    path = [i * i % states for i in range(len(tokens))]
    sure = [1 - 0.9 * i / len(tokens) for i in range(len(tokens))]
    rows = [
        [p if state == here else (1 - p) / (states - 1) for state in range(states)] for here, p in zip(path, sure, strict=True)
    ]
    return Trellis(1, list(tokens), {}, path, rows)


def of_series(rows=90, **columns):
    states = [i // 20 % 3 for i in range(rows)]
    shares = [[0.9 if state == here else 0.05 for state in range(3)] for here in states]
    series = {name: [round(f(i), 6) for i in range(rows)] for name, f in columns.items()}
    return Trellis(1, [], series, states, shares)


SERIES = of_series(close=lambda i: 10 * math.sin(i / 5) + i, volume=lambda i: -1000 * math.cos(i / 9))


def lines_of(event, width=40, height=20):
    return trellis(event, width, height).plain.split("\n")


@pytest.mark.parametrize(
    ("name", "event"),
    [("trellis", by_turns(SENTENCE)), ("trellis_of_words", by_turns(SENTENCE.split())), ("trellis_of_a_series", SERIES)],
)
def test_golden(name, event):
    check_golden(name, lambda width: trellis(event, width, 24))


def test_a_path_by_hand():
    """Down past a state, up again, and on in the same state; a state's block says its probability."""
    path = [0, 2, 0, 0]
    rows = [[1, 0, 0], [0, 0.5, 0.5], [0.75, 0.25, 0], [1, 0, 0]]
    assert lines_of(Trellis(1, ["a", "b", "c", "d"], {}, path, rows)) == [
        "  a b c d ",
        "0 █╮ ╭▆─█",
        "1  │▄│▂",
        "2  ╰▄╯",
    ]  # fmt: skip


def test_words_have_room_for_their_letters():
    rows = [[1.0, 0.0], [0.0, 1.0]]
    assert lines_of(Trellis(1, ["the", "hen"], {}, [0, 1], rows)) == ["  the hen ", "0 █──╮", "1    ╰█"]


def test_a_state_of_the_path_is_seen_however_improbable():
    assert lines_of(Trellis(1, ["a"], {}, [1], [[1.0, 0.0]])) == ["  a ", "0 █", "1 ▁"]


def test_no_text_is_an_empty_line():
    assert trellis(Trellis(1, [], {}, [], []), 40, 20).plain == ""


def test_control_characters_do_not_reach_the_terminal():
    event = Trellis(1, ["\x1b", "\n", "a\x9bb"], {}, [0, 0, 0], [[1.0]] * 3)
    assert lines_of(event)[0] == "  \N{REPLACEMENT CHARACTER} ↵ a\N{REPLACEMENT CHARACTER}b "


def test_a_token_has_the_colour_of_its_state():
    text = trellis(Trellis(1, ["a", "b"], {}, [0, 1], [[1.0, 0.0], [0.0, 1.0]]), 40, 20)
    styles = {text.plain[span.start : span.end]: str(span.style) for span in text.spans if span.start < 6}
    assert styles["a"] == f"black on {COLOURS[0]}"
    assert styles["b"] == f"black on {COLOURS[1]}"
    assert colour(0) == colour(len(COLOURS))


@given(
    st.lists(st.tuples(st.text(max_size=8), st.integers(0, 11)), min_size=1, max_size=40),
    st.integers(10, 60),
)
def test_lines_stay_within_their_width_and_every_turn_leads_to_the_next_state(tokens, width):
    states = [state for _, state in tokens]
    event = Trellis(1, [token for token, _ in tokens], {}, states, [[float(k == state) for k in range(12)] for state in states])
    lines = lines_of(event, width)
    assert all(cell_len(line) <= width for line in lines)
    drawn = "".join(lines)
    turns = [(a, b) for a, b in pairwise(states) if a != b]
    heads = re.sub(r"[^╮╯╰╭]", "", "".join(line for i, line in enumerate(lines) if i % 14))
    assert len(heads) == 2 * len(turns)
    assert drawn.count("█") >= len(tokens)


def test_a_chart_has_the_size_that_was_asked_for_and_a_line_of_blocks_for_each_state():
    lines = lines_of(SERIES, 60, 30)
    assert len(lines) <= 30
    assert all(cell_len(line) <= 60 for line in lines)
    assert [line.split()[0] for line in lines[-3:]] == ["0", "1", "2"]
    margin = lines[1].index(" ", 1) + 1
    shares = {name: lines[-3 + name][margin:] for name in range(3)}
    assert shares[0][0] == shares[1][15] == shares[2][30] == "▇"
    assert shares[1][0] == shares[2][0] == "▁"


def test_a_series_is_drawn_in_the_colours_of_its_states():
    text = trellis(SERIES, 60, 30)
    assert {str(span.style) for span in text.spans if text.plain[span.start] > "\u2800"} == set(COLOURS[:3])


@pytest.mark.parametrize("rows", [1, 2, 3, 1000])
@pytest.mark.parametrize("width", [1, 8, 80])
def test_short_and_long_series_at_every_width(rows, width):
    event = of_series(rows, x=lambda i: i)
    assert len(lines_of(event, width, 12)) == 12
