"""Text coloured by numbers, and a cursor in it."""

import asyncio

import pytest
from textual.app import App

from seqterm.events import Painted, Painting
from seqterm.tui.heat_view import LONGEST, HeatView, Place, parts_of

BITS = Painting("surprisal in bits", ["a"], [(0.0, 8.0)])
TWO = Painting("bits more", ["a", "b"], [(0.0, 8.0)] * 2, difference=True)


def line(number, text, rows=1):
    return Painted(number, list(text), [[float(i % 9) for i in range(len(text))]] * rows)


def drive(steps, painting=BITS, lines=("the red hen\n", "has 7 eggs\n"), size=(20, 6), **view):
    """Run `async def steps(view, pilot)` with a view alone on the screen."""

    class Alone(App):
        CSS = "* { scrollbar-size: 1 1; }"

        def compose(self):
            yield HeatView(**view)

    async def go():
        async with Alone().run_test(size=size) as pilot:
            shown = pilot.app.query_one(HeatView)
            shown.focus()
            await pilot.pause()
            shown.clear(painting)
            shown.add(part for i, text in enumerate(lines, 1) for part in parts_of(line(i, text, len(painting.rows))))
            await pilot.pause()
            await steps(shown, pilot)

    asyncio.run(go())


def text_of(view):
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def reversed_in(view, y):
    return [segment.text for segment in view.render_line(y) if segment.style and segment.style.reverse]


def test_lines_are_folded_at_the_width():
    async def steps(view, pilot):
        assert text_of(view)[:3] == ["the red h", "en↵", "has 7 egg"]
        assert view.virtual_size.height == 4

    drive(steps, size=(10, 6))


def test_the_cursor_goes_from_token_to_token_and_from_line_to_line():
    async def steps(view, pilot):
        seen = []
        for key in ("l", "right", "h", "left", "left", "j", "down", "k", "up", "G", "g", "end", "l", "home"):
            await pilot.press(key)
            seen.append(tuple(view.cursor))
        begin, end = (0, 0), (1, 10)
        assert seen == [(0, 1), (0, 2), (0, 1), begin, begin, (1, 0), (1, 0), begin, begin, end, begin, end, end, begin]
        assert reversed_in(view, 0) == ["t"]
        assert view.current == (1, "t", [0.0])

    drive(steps)


def test_a_column_is_kept_from_line_to_line():
    async def steps(view, pilot):
        view.go(Place(0, 4))
        await pilot.press("j")
        assert view.current[1] == "7"

    drive(steps)


def test_what_is_clicked_has_the_cursor():
    async def steps(view, pilot):
        await pilot.click(HeatView, offset=(4, 1))
        assert view.current[1] == "7"

    drive(steps)


def test_pages_go_as_far_as_the_view_is_high():
    async def steps(view, pilot):
        await pilot.press("pagedown", "pagedown")
        assert view.cursor == (10, 0)
        assert view.scroll_offset.y > 0
        await pilot.press("pageup", "pageup", "pageup")
        assert view.cursor == (0, 0)
        assert view.scroll_offset.y == 0

    drive(steps, lines=[f"line {i}\n" for i in range(50)])


def test_blocks_stand_beneath_and_the_cursor_stays_in_sight():
    async def steps(view, pilot):
        view.go(Place(20, 2))
        view.blocks = True
        await pilot.pause()
        shown = "\n".join(text_of(view))
        assert shown.count("line 20") == 1
        assert "b  ▁▂▃▄▅▆▇" in shown
        assert "n" in reversed_in(view, text_of(view).index("  line 20↵"))

    drive(steps, painting=TWO, lines=[f"line {i}\n" for i in range(50)])


def test_a_view_can_be_about_one_of_two_rows():
    async def steps(view, pilot):
        assert view.shown.rows == ["b"]
        assert not view.shown.difference
        assert view.current == (1, "t", [0.0, 0.0])
        view.blocks = True
        await pilot.pause()
        assert text_of(view)[0] == "the red hen↵"

    drive(steps, painting=TWO, only=1)


def test_the_same_text_in_other_colours_keeps_the_cursor():
    async def steps(view, pilot):
        view.go(Place(1, 4))
        view.show(TWO, [part for i in (1, 2) for part in parts_of(line(i, "the red hen\n", 2))])
        assert view.cursor == (1, 4)
        view.show(BITS, list(parts_of(line(1, "hen"))))
        assert view.cursor == (0, 0)

    drive(steps)


@pytest.mark.parametrize("text", ["x" * 9999, "word " * 3000, "今日は" * 2000])
def test_a_very_long_line_is_cut_and_nothing_is_lost(text):
    parts = list(parts_of(line(7, text)))
    assert {part.line for part in parts} == {7}
    assert "".join(piece for part in parts for piece in part.pieces) == text
    assert [value for part in parts for value in part.values[0]] == [float(i % 9) for i in range(len(text))]
    assert max(len(part.pieces) for part in parts) <= LONGEST


@pytest.mark.parametrize("key", ["j", "l", "G", "pagedown"])
def test_an_empty_view_takes_keys(key):
    async def steps(view, pilot):
        await pilot.press(key)
        await pilot.click(HeatView)
        assert view.current is None
        assert text_of(view) == [""] * 6

    drive(steps, lines=[])


def test_of_a_long_text_only_what_is_seen_is_folded(monkeypatch):
    folded = []
    from seqterm.render import heat_text

    fold = heat_text.fold
    monkeypatch.setattr(heat_text, "fold", lambda pieces, width: folded.append(pieces) or fold(pieces, width))

    async def steps(view, pilot):
        assert view.virtual_size.height == 30_000
        await pilot.press("G")
        assert text_of(view)[-1] == "the end of it↵"
        assert len(folded) < 50

    drive(steps, lines=["one line of a text\n"] * 29_999 + ["the end of it\n"])


def test_tokens_without_letters_are_passed_over():
    async def steps(view, pilot):
        view.clear(BITS)
        view.add(parts_of(Painted(1, ["", "the", "", " hen"], [[1.0, 2.0, 3.0, 4.0]])))
        await pilot.press("l")
        assert view.current == (1, "the", [2.0])
        await pilot.press("l")
        assert view.current == (1, " hen", [4.0])
        await pilot.press("l", "h", "h")
        assert view.current == (1, "the", [2.0])

    drive(steps)


def test_any_size_will_do():
    async def steps(view, pilot):
        for size in ((1, 1), (3, 2), (200, 60), (20, 6)):
            await pilot.resize_terminal(*size)
            await pilot.press("j", "l")
        assert text_of(view)[0] == "the red hen↵"

    drive(steps)
