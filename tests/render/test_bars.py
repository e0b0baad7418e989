"""Horizontal bars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqterm.render.bars import EIGHTHS, bar


@pytest.mark.parametrize(
    ("share", "width", "drawn"),
    [
        (0.0, 4, "    "),
        (1.0, 4, "████"),
        (0.5, 4, "██  "),
        (0.25, 2, "▌ "),
        (1 / 32, 4, "▏   "),
        (31 / 32, 4, "███▉"),
        (0.7, 0, ""),
    ],
)
def test_a_bar_is_as_long_as_its_share(share, width, drawn):
    assert bar(share, width) == drawn


@pytest.mark.parametrize(("share", "like"), [(-0.5, 0.0), (1.5, 1.0), (float("inf"), 1.0), (float("-inf"), 0.0)])
def test_a_share_out_of_range_is_drawn_as_the_nearest(share, like):
    assert bar(share, 8) == bar(like, 8)


@given(st.floats(0, 1), st.integers(0, 60))
def test_a_bar_fills_its_width_and_is_right_to_a_sixteenth_of_a_character(share, width):
    drawn = bar(share, width)
    assert len(drawn) == width
    assert abs(sum(map(EIGHTHS.index, drawn)) / 8 - share * width) <= 1 / 16 + 1e-9


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_never_has_a_shorter_bar(one, other):
    low, high = sorted((one, other))
    assert sum(map(EIGHTHS.index, bar(low, 9))) <= sum(map(EIGHTHS.index, bar(high, 9)))
