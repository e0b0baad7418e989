"""A line that remembers what was entered."""

import asyncio

from textual.app import App
from textual.widgets import Button

from seqterm.tui.line import KEPT, Line
from tests.tui.driving import Driver


class Lines(App):
    def __init__(self, kept):
        super().__init__()
        self.memory = {"lines": {"asked": kept}}

    def compose(self):
        yield Line("asked", "type")
        yield Button("after")


def driven(kept, steps):
    async def go():
        app = Lines(kept)
        async with app.run_test() as pilot:
            await steps(Driver(app, pilot), app.query_one(Line))
        return app.memory["lines"]["asked"]

    return asyncio.run(go())


def test_up_and_down_go_through_what_was_entered_and_back_to_what_is_being_typed():
    async def steps(driver, line):
        await driver.type("new")
        shown = []
        for key in ("up", "up", "up", "down", "down"):
            await driver.press(key)
            shown.append(line.value)
        assert shown == ["second", "first", "first", "second", "new"]
        await driver.press("down")
        assert isinstance(driver.screen.focused, Button)

    driven(["first", "second"], steps)


def test_a_line_is_kept_once_and_the_oldest_go():
    async def steps(driver, line):
        for text in ("a", "a", "  ", "b"):
            line.keep(text)
        await driver.press("up")
        assert line.value == "a"
        for i in range(KEPT):
            line.keep(str(i))

    assert driven([], steps) == [str(i) for i in range(KEPT)]
