"""Pieces of screens by themselves."""

import asyncio

from rich.text import Text
from textual.app import App

from seqterm.tui.widgets import Table


class OfOne(App):
    """A table alone."""

    def compose(self):
        yield Table("word", "score")


def painted(table):
    return ["".join(segment.text for segment in table.render_line(y)).rstrip() for y in range(table.row_count + 1)]


def shown(steps):
    async def go():
        app = OfOne()
        async with app.run_test(size=(40, 10)) as pilot:
            await steps(app.query_one(Table), pilot)

    asyncio.run(go())


def test_columns_fit_what_is_painted_before_the_table_has_had_a_pause():
    async def steps(table, pilot):
        table.fill({"0": ["queen of hearts", Text("0.87")]})
        wanted = [" word             score", " queen of hearts  0.87"]
        assert painted(table) == wanted
        await pilot.pause()
        assert painted(table) == wanted

    shown(steps)


def test_columns_fit_the_rows_of_now_and_not_those_before():
    async def steps(table, pilot):
        table.fill({"0": ["queen of hearts", "0.87"]})
        await pilot.pause()
        table.fill({"0": ["king", "0.9"], "1": ["ace", "0.8"]})
        await pilot.pause()
        assert painted(table) == [" word  score", " king  0.9", " ace   0.8"]
        table.fill({})
        await pilot.pause()
        assert table.row_count == 0

    shown(steps)
