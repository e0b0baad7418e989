"""The workbench, driven as a person drives it, without a terminal."""

import asyncio
import time

from textual.command import CommandList
from textual.events import Paste
from textual.widgets import Input, TextArea

from seqterm.tui.app import Workbench

LONG = 24  # letters
SIZES = [(40, 12), (80, 24), (200, 60)]


class Driver:
    """Presses keys, looks at the screen, waits until it shows something."""

    def __init__(self, app, pilot):
        self.app, self.pilot = app, pilot

    async def press(self, *keys):
        """One after the other, each once a dialog that has come has taken the keys."""
        for key in keys:
            await self.until(lambda: not self.screen.is_modal or self.screen.focused is not None)
            await self.pilot.press(key)
        await self.pilot.pause()

    async def type(self, text):
        """Key by key, or a long text as a terminal pastes it, once there is a line to type into."""
        await self.until(lambda: isinstance(self.screen.focused, Input | TextArea))
        if len(text) > LONG:
            self.screen.focused.post_message(Paste(text.removesuffix("\n")))
            await self.pilot.pause()
            text = text[len(text.removesuffix("\n")) :]
        names = {" ": "space", "\n": "enter"}
        await self.press(*(names.get(letter, letter) for letter in text))

    async def until(self, condition, seconds=30.0):
        """Wait until condition() is true; fails with what the screen shows."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"it did not come:\n{self.text}"
            await self.pilot.pause(0.02)

    async def shows(self, *texts, seconds=30.0):
        await self.until(lambda: all(text in self.text for text in texts), seconds)

    async def act(self, action):
        """Find an action in the palette, and take it."""
        await self.press("ctrl+p")
        await self.until(lambda: len(self.app.screen_stack) > 1)
        await self.type(action)
        found = self.screen.query_one(CommandList)
        await self.until(lambda: found.option_count and str(found.get_option_at_index(0).prompt).startswith(action))
        await self.press("enter")

    @property
    def text(self):
        """The screen's characters, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def picture(self):
        """All that a person sees."""
        strips = self.app.screen._compositor.render_strips()
        return [[(segment.text, segment.style) for segment in strip] for strip in strips]

    @property
    def screen(self):
        return self.app.screen

    def toasts(self):
        return [notification.message for notification in self.app._notifications]


def drive(steps, size=(80, 24)):
    """Run `async def steps(driver)` with a workbench of this size; -> the workbench, which has been left."""

    async def go():
        app = Workbench()
        async with app.run_test(size=size) as pilot:
            await steps(Driver(app, pilot))
            app.leave()
        return app

    return asyncio.run(go())
