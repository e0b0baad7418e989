"""A line to type into, which remembers what was entered."""

from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

KEPT = 100  # lines


class Line(Input):
    """Up and down go through what was entered before, also in earlier sessions; down from the newest goes on to what follows.

    id: of what `kept` lines are remembered by.
    """

    DEFAULT_CSS = "Line.-textual-compact { padding: 0 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "recall(-1)", "Entered before", show=False),
        Binding("down", "recall(1)", "Entered after", show=False),
    ]

    def __init__(self, id: str, placeholder: str):
        super().__init__(placeholder=placeholder, id=id, compact=True)
        self._at, self._draft = 0, ""  # the number of what is shown, that of a new line being the highest

    def on_mount(self) -> None:
        self._at = len(self.kept)

    @property
    def kept(self) -> list[str]:
        """The oldest first."""
        memory: dict[str, Any] = self.app.memory  # type: ignore[attr-defined]
        lines: list[str] = memory.setdefault("lines", {}).setdefault(self.id, [])
        return lines

    def keep(self, line: str) -> None:
        """Remember a line, and show it."""
        kept = self.kept
        if line.strip() and kept[-1:] != [line]:
            kept.append(line)
            del kept[:-KEPT]
        self.value, self._at, self._draft = line, max(0, len(kept) - 1), ""

    def action_recall(self, lines: int) -> None:
        kept = self.kept
        at = self._at + lines
        if at > len(kept) or (at == len(kept) and not self._draft and lines > 0):
            self.screen.focus_next()
        elif at >= 0:
            self._draft = self.value if self._at == len(kept) else self._draft
            self._at = at
            self.value = kept[at] if at < len(kept) else self._draft
            self.cursor_position = len(self.value)
