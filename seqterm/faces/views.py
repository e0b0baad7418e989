"""Where views are drawn: on standard output, with colour where that is a terminal, and into files that are asked for."""

import io
import os
import re
import shutil
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from seqterm.errors import SeqtermError
from seqterm.faces import output

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PAGE = 100, 30  # columns and lines where there is no terminal
FRAME_SECONDS = 0.05  # between two pictures of lines that grow
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # an exported picture fetches nothing


def is_live() -> bool:
    """Whether standard output is a terminal that can move its cursor."""
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def has_colour() -> bool:
    return is_live() and not os.environ.get("NO_COLOR")


@dataclass
class Screen:
    """Standard output for views, and what --svg and --html name."""

    svg: str | None = None
    html: str | None = None
    _growing: int = field(default=0, init=False)  # lines on the screen that are drawn over,
    _drawn_at: float = field(default=0.0, init=False)  # and since when

    @cached_property
    def size(self) -> tuple[int, int]:
        return tuple(shutil.get_terminal_size(PAGE))  # type: ignore[return-value]

    @cached_property
    def console(self) -> "Console":
        from rich.console import Console

        colour = has_colour()
        return Console(
            file=io.StringIO(),
            width=self.size[0],
            force_terminal=colour,
            color_system="auto" if colour else None,
            legacy_windows=False,
            record=bool(self.svg or self.html),
        )

    def _drawn(self, view: "RenderableType") -> str:
        self.console.print(view)
        assert isinstance(self.console.file, io.StringIO)
        drawn = self.console.file.getvalue()
        self.console.file.seek(0)
        self.console.file.truncate()
        return drawn

    def draw(self, view: "RenderableType") -> None:
        """The same characters on a terminal and in a pipe."""
        output.write(self._drawn(view))

    def keep(self, view: "RenderableType") -> None:
        """A view that is shown elsewhere, for the files alone."""
        if self.svg or self.html:
            self._drawn(view)

    def write(self, text: str) -> None:
        """Lines of text among views."""
        output.write(text)
        if self.svg or self.html:
            from rich.text import Text

            self.keep(Text(text.removesuffix("\n")))

    def rows(self, done: list[str], growing: list[str]) -> None:
        """Lines that stay, and on a terminal, drawn over by the next call, those that may still change."""
        if not is_live():
            output.write("".join(f"{row}\n" for row in done))
        elif done or not growing or time.monotonic() - self._drawn_at >= FRAME_SECONDS:
            growing = growing[-(self.size[1] - 1) :]
            above = f"\x1b[{self._growing}F\x1b[J" if self._growing else ""
            output.write(above + "".join(f"{row}\n" for row in [*done, *growing]))
            self._growing, self._drawn_at = len(growing), time.monotonic()

    def export(self) -> None:
        """Write the files, once all is drawn."""
        from seqterm.store.files import write_whole

        for file, made in ((self.svg, self._svg), (self.html, self._html)):
            if file:
                try:
                    write_whole(Path(file), made().encode("utf-8", "replace"))
                except OSError as error:
                    raise SeqtermError(f"Cannot write {file}: {error.strerror}.") from error

    def _svg(self) -> str:
        return FONT.sub("", self.console.export_svg(title="seqterm", clear=False))

    def _html(self) -> str:
        return self.console.export_html(clear=False)
