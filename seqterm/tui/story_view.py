"""A story on the screen."""

from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from seqterm.tui.story import BY_HAND, DRAWN, MARK, PROMPT, Cell, Story, Wrapped

STYLES = {
    PROMPT: Style(bold=True),
    DRAWN: Style(),
    BY_HAND: Style(bold=True, underline=True),
    MARK: Style(color="cyan", italic=True),
}
LATER, HERE = Style(dim=True), Style(reverse=True)  # what the cursor has gone back over, and the token before it


class StoryView(ScrollView, can_focus=True):
    """The text to its end; the token before the cursor stands out where one steps through it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "screen.back", "Back", show=False),
        Binding("right,l", "screen.step", "Step", show=False),
        Binding("j", "scroll_down", "Scroll down", show=False),
        Binding("k", "scroll_up", "Scroll up", show=False),
        Binding("g", "scroll_home", "To the beginning", show=False),
        Binding("G", "scroll_end", "To the end", show=False),
    ]
    DEFAULT_CSS = "StoryView { height: 1fr; } "

    class Chosen(Message):
        """Somebody clicked on a token."""

        def __init__(self, token: int):
            super().__init__()
            self.token = token

    def __init__(self, story: Story):
        super().__init__()
        self.story = story
        self.stepping = False  # whether the cursor shows
        self._wrapped = Wrapped(1)
        self._version, self._count, self._place = -1, 0, 0

    def on_resize(self, event: Resize) -> None:
        self._version = -1
        self.update_text()

    def update_text(self) -> None:
        """Show what has been added, or all where the text is another."""
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        story, at_end = self.story, self.is_vertical_scroll_end
        if self._version != story.version or self._wrapped.width != width:
            self._version, self._count, self._wrapped = story.version, 0, Wrapped(width)
            self._wrapped.add(story.prompt or "", PROMPT, -1)
            at_end = True
        for token in story.tokens_from(self._count):
            self._wrapped.add_token(self._count, token)
            self._count += 1
        self._place = story.place
        self.virtual_size = Size(width, len(self._wrapped.lines))
        if self.stepping or story.cursor is not None:
            self._scroll_to_cursor()
        elif at_end:
            self.scroll_end(animate=False, immediate=True)
        self.refresh()

    def _scroll_to_cursor(self) -> None:
        wanted, lines = self._place - 1, self._wrapped.lines
        for y in reversed(range(len(lines))):
            if any(number <= wanted for _, _, number in lines[y]):
                top, height = round(self.scroll_y), self.scrollable_content_region.height
                if not top <= y < top + height:
                    self.scroll_to(y=y - height // 2, animate=False, immediate=True)
                return

    def render_line(self, y: int) -> Strip:
        y += round(self.scroll_y)
        width, base = self.size.width, self.rich_style
        if y >= len(self._wrapped.lines):
            return Strip.blank(width, base)
        segments = [
            Segment("".join("↵" if cell[0] == "\n" and style.reverse else cell[0].strip("\n") for cell in cells), base + style)
            for style, cells in groupby(self._wrapped.lines[y], self._style)
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, cell: Cell) -> Style:
        _, kind, number = cell
        if number >= self._place:
            return STYLES[kind] + LATER
        return STYLES[kind] + HERE if 0 <= number == self._place - 1 and self.stepping and kind != MARK else STYLES[kind]

    def on_click(self, event: Click) -> None:
        """A click on a token puts the cursor behind it."""
        x, y = event.x, event.y + round(self.scroll_y)
        if y < len(self._wrapped.lines) and (line := self._wrapped.lines[y]):
            number = line[min(x, len(line) - 1)][2]
            if number >= 0:
                self.post_message(self.Chosen(number))
