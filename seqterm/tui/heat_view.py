"""Text coloured by numbers, however long: what is seen is folded and drawn, the rest is only counted."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from seqterm.events import Painted, Painting

if TYPE_CHECKING:
    from seqterm.render.heat_text import HeatRows, Row

LONGEST = 2000  # letters that are folded in one go
KEPT = 200  # parts that stay folded


class Part(NamedTuple):
    """A line of the text, or a part of a very long one: n pieces and their values (rows, n); of letters the pieces are a str.

    columns: that it takes, where each letter takes one, so that its lines can be counted without folding it.
    """

    line: int
    pieces: Sequence[str]
    values: list[Sequence[float]]
    columns: int | None


class Place(NamedTuple):
    """Where the cursor is: a piece of a part."""

    part: int
    piece: int


class HeatView(ScrollView, can_focus=True):
    """`blocks`: whether the rows of values stand as blocks beneath the letters too; `only`: the one row that it is about."""

    DEFAULT_CSS = "HeatView { height: 1fr; scrollbar-gutter: stable; overflow-x: hidden; overflow-y: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(0, 1)", "Line down", show=False),
        Binding("up,k", "move(0, -1)", "Line up", show=False),
        Binding("right,l", "move(1, 0)", "Next token", show=False),
        Binding("left,h", "move(-1, 0)", "Token before", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("home,g", "end(False)", "Beginning", show=False),
        Binding("end,G", "end(True)", "End", show=False),
    ]
    blocks: reactive[bool] = reactive(False)

    class Moved(Message):
        """The cursor stands elsewhere, or its piece has other values."""

        def __init__(self, view: "HeatView"):
            super().__init__()
            self.view = view

    def __init__(self, id: str | None = None, only: int | None = None):
        super().__init__(id=id)
        self.only = only
        self.parts: list[Part] = []
        self.cursor = Place(0, 0)
        self._painting: Painting | None = None
        self._first_lines: list[int] = [0]  # of each part, and after the last one
        self._folded: dict[int, HeatRows] = {}
        self._width = 0
        self._base = Style()

    # The text

    def clear(self, painting: Painting | None = None) -> None:
        """Begin another text."""
        self._painting, self.parts, self.cursor = painting, [], Place(0, 0)
        self.fold_anew()
        self.scroll_to(0, 0, animate=False)

    def add(self, parts: Iterable[Part]) -> None:
        """More of the text."""
        new, is_first = list(parts), not self.parts
        self.parts += new
        self._count(new)
        if is_first and new:
            self.post_message(self.Moved(self))

    def show(self, painting: Painting | None, parts: list[Part]) -> None:
        """Another painting of the same text, or of how it has grown: the cursor and what is seen stay."""
        self._painting, self.parts = painting, parts
        if self.cursor.part >= len(self.parts) or self.cursor.piece >= len(self.parts[self.cursor.part].pieces):
            self.cursor = Place(0, 0)
        self.fold_anew()

    # Folding

    @property
    def shown(self) -> Painting | None:
        """The painting, of one row where the view is about one."""
        if self._painting is None or self.only is None:
            return self._painting
        row = slice(self.only, self.only + 1)
        return replace(self._painting, rows=self._painting.rows[row], ranges=self._painting.ranges[row], difference=False)

    @property
    def _line_height(self) -> int:
        return 1 + (len(self.shown.rows) if self.shown and self.blocks else 0)

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._width:
            self._width = self.scrollable_content_region.width
            self.fold_anew()

    def watch_blocks(self) -> None:
        self.fold_anew()

    def fold_anew(self) -> None:
        """After what decides how it is folded has changed; what the cursor stands on stays in sight."""
        self._first_lines = [0]
        self._folded.clear()
        self._count(self.parts)
        self.go(self.cursor)

    def _count(self, parts: Iterable[Part]) -> None:
        """Find out where parts that are not yet counted begin."""
        if self.shown and self._width:
            from seqterm.render.heat_text import margin, n_lines

            room = self._width - margin(self.shown, self.blocks)
            for part in parts:
                self._first_lines.append(self._first_lines[-1] + n_lines(part.pieces, part.columns, room))
        self.virtual_size = Size(self._width, self._first_lines[-1] * self._line_height)
        self.refresh()

    def _rows(self, part: int) -> "HeatRows":
        from seqterm.render.heat_text import HeatRows

        if part not in self._folded:
            if len(self._folded) >= KEPT:
                self._folded.pop(next(iter(self._folded)))
            assert self.shown
            values = self.parts[part].values if self.only is None else [self.parts[part].values[self.only]]
            self._folded[part] = HeatRows(self.shown, self.parts[part].pieces, values, self._width, self.blocks)
        return self._folded[part]

    def _line(self, y: int) -> tuple[int, int, int] | None:
        """Of a row of the whole drawing its part, its line in that, and 0 for letters or the number of its row of blocks."""
        line, row = divmod(y, self._line_height)
        if not 0 <= line < self._first_lines[-1]:
            return None
        part = bisect_right(self._first_lines, line) - 1
        return part, line - self._first_lines[part], row

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        self._base = self.rich_style  # asked for once, not for each line
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        base = self._base
        place = self._line(self.scroll_offset.y + y)
        if place is None:
            return Strip.blank(self.size.width, base)
        part, line, row = place
        rows = self._rows(part)
        marked = self.cursor.piece if part == self.cursor.part else None
        drawn: Row = rows.beneath(line)[row - 1] if row else rows.line(line, marked)
        strip = Strip([Segment(text, base + Style.parse(style)) for text, style in drawn])
        return strip.adjust_cell_length(self.size.width, base)

    # The cursor

    @property
    def current(self) -> tuple[int, str, list[float]] | None:
        """The number of the line, the piece under the cursor and its values."""
        if not self.parts:
            return None
        part = self.parts[self.cursor.part]
        return part.line, part.pieces[self.cursor.piece], [row[self.cursor.piece] for row in part.values]

    def go(self, place: Place) -> None:
        """Put the cursor there, and into sight."""
        if not self.parts or not self._width:
            return
        self.follow(place)
        line = self._line_of(place)
        top, height = line * self._line_height, self._line_height
        first, room = self.scroll_offset.y, max(1, self.scrollable_content_region.height)
        if top < first:
            self.scroll_to(y=top, animate=False)
        elif top + height > first + room:
            away = top + height > first + 2 * room
            self.scroll_to(y=top - room // 2 if away else top + height - room, animate=False)
        self.post_message(self.Moved(self))

    def follow(self, place: Place) -> None:
        """Mark it as the cursor, without a word."""
        self._refresh_cursor()
        self.cursor = place
        self._refresh_cursor()

    def _refresh_cursor(self) -> None:
        """Draw the lines of the cursor's part anew, of which it may take several."""
        if self.cursor.part + 1 < len(self._first_lines):
            first, end = self._first_lines[self.cursor.part : self.cursor.part + 2]
            self.refresh_lines(first * self._line_height, (end - first) * self._line_height)

    def _line_of(self, place: Place) -> int:
        """The line in which a piece begins, of all lines; a piece without letters goes with what comes after it."""
        lines = self._rows(place.part).lines
        own = next((number for number, line in enumerate(lines) if line[-1].piece >= place.piece), max(0, len(lines) - 1))
        return self._first_lines[place.part] + own

    def _go_to_line(self, line: int, column: int) -> None:
        line = max(0, min(line, self._first_lines[-1] - 1))
        if place := self._line(line * self._line_height):
            part, own, _ = place
            self.go(Place(part, self._rows(part).piece_at(own, column)))

    def action_move(self, pieces: int, lines: int) -> None:
        if not self.parts:
            return
        if lines:
            line = self._line_of(self.cursor)
            self._go_to_line(line + lines, self._column(line))
            return
        place = self.cursor
        while (place := self._beside(place, pieces)) != self.cursor:
            if self.parts[place.part].pieces[place.piece]:
                self.go(place)
                return
            if place == self._beside(place, pieces):
                return

    def _beside(self, place: Place, step: int) -> Place:
        part, piece = place.part, place.piece + step
        if piece < 0:
            return Place(part - 1, len(self.parts[part - 1].pieces) - 1) if part else place
        if piece >= len(self.parts[part].pieces):
            return Place(part + 1, 0) if part + 1 < len(self.parts) else place
        return Place(part, piece)

    def _column(self, line: int) -> int:
        part, own, _ = self._line(line * self._line_height) or (0, 0, 0)
        return self._rows(part).column_of(own, self.cursor.piece)

    def action_page(self, pages: int) -> None:
        if self.parts:
            line = self._line_of(self.cursor)
            room = max(1, self.scrollable_content_region.height // self._line_height - 1)
            self._go_to_line(line + pages * room, self._column(line))

    def action_end(self, last: bool) -> None:
        if self.parts:
            self.go(Place(len(self.parts) - 1, len(self.parts[-1].pieces) - 1) if last else Place(0, 0))

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and self.parts:
            self._go_to_line((offset.y + self.scroll_offset.y) // self._line_height, offset.x)


def parts_of(line: Painted) -> Iterator[Part]:
    """A line, cut where it is very long."""
    from seqterm.render.heat_text import n_columns

    pieces, text = line.pieces, "".join(line.pieces)
    cuts = [0, len(pieces)] if len(text) <= LONGEST else _cuts(pieces)
    for begin, end in pairwise(cuts):
        own = pieces[begin:end]
        values: list[Sequence[float]] = [array("f", row[begin:end]) for row in line.values]
        letters = "".join(own)
        yield Part(line.line, letters if len(letters) == len(own) and all(own) else own, values, n_columns(letters))


def _cuts(pieces: Sequence[str]) -> list[int]:
    """Places between pieces, about LONGEST letters apart, from the beginning to the end."""
    cuts, letters = [0], 0
    for end, piece in enumerate(pieces, 1):
        letters += len(piece)
        if letters >= LONGEST:
            cuts.append(end)
            letters = 0
    return cuts if cuts[-1] == len(pieces) else [*cuts, len(pieces)]
