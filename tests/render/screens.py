"""Views on screens of several widths, with colour and without, beside what they looked like when a person found them right."""

import io
import re
from pathlib import Path

from rich.console import Console

GOLDEN = Path(__file__).with_name("golden")
WIDTHS = (40, 80, 200)
COLOUR = re.compile(r"\x1b\[[\d;]*m")


def drawn(view, width, colour=False):
    """What a console of this width shows."""
    file = io.StringIO()
    system = "truecolor" if colour else None
    Console(file=file, width=width, height=30, force_terminal=colour, color_system=system, _environ={}).print(view)
    return file.getvalue()


def check_golden(name, view_at):
    """view_at(width) at all widths: as in golden/NAME.txt, within its width, and, without colour, the same characters."""
    shown = []
    for width in WIDTHS:
        view = view_at(width)
        plain, coloured = drawn(view, width), drawn(view, width, colour=True)
        assert COLOUR.sub("", coloured) == plain
        assert COLOUR.search(coloured)
        assert max(map(len, plain.split("\n"))) <= width
        shown += [f"== {width} columns\n", plain, f"== {width} columns, colour\n", coloured.replace("\x1b", "␛")]
    assert "".join(shown) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
