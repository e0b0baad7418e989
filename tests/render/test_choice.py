"""Bars of what a token was drawn from."""

import pytest

from seqterm.events import Choice
from seqterm.render.choice import candidates, choice_bars, choice_summary

CANDIDATES = [("the", 0.5, 0.625), ("a", 0.3, 0.375), ("END", 0.15, 0.0), ("of", 0.04, 0.0)]


def choice(token="a", p=0.3, chance=0.375):
    return Choice(0, token, token, p, chance, 1.5, 2, 0.8, CANDIDATES)


def test_bars_are_chances_and_what_is_removed_is_struck_out():
    text = choice_bars(choice(), 30, 4)
    assert text.plain.split("\n") == [
        "  'the'  0.500 ██████████████",
        "▸ 'a'    0.300 ████████▍     ",
        "  'END'  0.150 ███▍          ",
        "  'of'   0.040 ▉             ",
    ]
    struck = ["".join(text.plain[span.start : span.end]).strip() for span in text.spans if "strike" in str(span.style)]
    assert struck == ["'END'", "'of'"]


def test_a_drawn_token_that_is_none_of_the_most_probable_is_shown_too():
    unlikely = choice("zoo", 0.01, 0.01)
    assert candidates(unlikely)[-1] == ("zoo", 0.01, 0.01)
    assert choice_bars(unlikely, 30, 2).plain.split("\n")[1].startswith("▸ 'zoo'")


@pytest.mark.parametrize(("cursor", "first"), [(0, "'the'"), (1, "'the'"), (2, "'a'"), (3, "'END'")])
def test_the_cursor_is_in_sight_and_stands_out(cursor, first):
    text = choice_bars(choice(), 30, 2, cursor)
    assert text.plain.split("\n")[0][2:].startswith(first)
    (span,) = [span for span in text.spans if span.style == "reverse"]
    assert repr(CANDIDATES[cursor][0]) in text.plain[span.start : span.end]


def test_where_there_is_room_the_chance_stands_beside_the_probability():
    assert choice_bars(choice(), 60, 4).plain.split("\n")[0].startswith("  'the'  0.500  0.625 ")


@pytest.mark.parametrize("width", [1, 12, 17, 30, 200])
@pytest.mark.parametrize("height", [1, 3, 9])
def test_any_room_will_do(width, height):
    drawn = choice_bars(choice("a\x1b字\n"), width, height)
    assert len(drawn.plain.split("\n")) == min(height, 5)
    assert "\x1b" not in drawn.plain


def test_a_summary_says_entropy_and_what_is_kept():
    assert choice_summary(choice()) == "1.50 bits · 2 kept, 80.0%"
