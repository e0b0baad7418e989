"""What the token at the cursor was drawn from; another can be taken in its place."""

from typing import ClassVar

from rich.console import Group, RenderableType
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from seqterm.events import Choice
from seqterm.render.choice import candidates, choice_bars, choice_summary

HINT = "Space writes on; n draws one token and shows here what it was drawn from."


class Distribution(Widget, can_focus=True):
    """Bars of the candidates; the cursor shows where this has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("enter", "take", "Take it"),
    ]
    DEFAULT_CSS = "Distribution { height: 1fr; }"
    choice: reactive[Choice | None] = reactive(None)
    row: reactive[int] = reactive(0)

    class Taken(Message):
        """Somebody wants this token instead."""

        def __init__(self, token: str):
            super().__init__()
            self.token = token

    def watch_choice(self, choice: Choice | None) -> None:
        """The cursor begins at the token that was drawn."""
        self.row = [token for token, _, _ in candidates(choice)].index(choice.token) if choice else 0

    def render(self) -> RenderableType:
        width, height = self.size
        if self.choice is None or width < 12 or height < 2:
            return Text(HINT, "dim")
        bars = choice_bars(self.choice, width, height - 1, self.row if self.has_focus else None)
        return Group(Text(choice_summary(self.choice), "bold", no_wrap=True), bars)

    def action_move(self, rows: int) -> None:
        if self.choice:
            self.row = max(0, min(len(candidates(self.choice)) - 1, self.row + rows))

    def action_take(self) -> None:
        if self.choice:
            self.post_message(self.Taken(candidates(self.choice)[self.row][0]))

    def on_click(self, event: Click) -> None:
        """A click moves the cursor, a second one takes the token."""
        if self.choice and event.y >= 1:
            rows, height = len(candidates(self.choice)), self.size.height - 1
            row = event.y - 1 + max(0, min(self.row - height + 1, rows - height))
            if row == self.row and event.chain > 1:
                self.action_take()
            self.row = min(row, rows - 1)
