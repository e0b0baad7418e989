"""Texts side by side."""

from itertools import zip_longest

from rich.cells import cell_len, set_cell_size

from seqterm.render.plain import plain

GAP = " | "
NARROWEST = 8  # letters of a column; where there is no room for that, texts follow one another
TAB = 8


class Columns:
    """Texts that grow, all from the same beginning, each under its heading, wrapped at letters, in `width` cells.

    Rows that no text to come can change are given once, by `take`; `rest` are those after them.
    """

    def __init__(self, headings: list[str], width: int, begin: str = "") -> None:
        each = (width - len(GAP) * (len(headings) - 1)) // max(1, len(headings))
        self._beside = each >= NARROWEST
        self._width = each if self._beside else width
        self._lines = [[plain(heading), *(["-" * each] if self._beside else []), ""] for heading in headings]
        self._growing = [True] * len(headings)
        self._taken = 0
        for side in range(len(headings)):
            self.add(side, begin)

    def add(self, side: int, text: str) -> None:
        """More letters of one text."""
        lines = self._lines[side]
        for letter in plain(text):
            if letter == "\n":
                lines.append("")
                continue
            shown = " " * (TAB - cell_len(lines[-1]) % TAB) if letter == "\t" else letter
            if cell_len(lines[-1]) + cell_len(shown) > self._width:
                lines.append("")
            lines[-1] += shown

    def end(self, side: int) -> None:
        """This text does not grow any more."""
        self._growing[side] = False

    @property
    def grow(self) -> bool:
        return any(self._growing)

    def take(self) -> list[str]:
        rows = self.rest()[: self._settled() - self._taken]
        self._taken += len(rows)
        return rows

    def rest(self) -> list[str]:
        if not self._beside:
            return [line for lines in self._lines for line in lines][self._taken :]
        rows = zip_longest(*(lines[self._taken :] for lines in self._lines), fillvalue="")
        return [GAP.join(set_cell_size(cell, self._width) for cell in row).rstrip() for row in rows]

    def _settled(self) -> int:
        """How many rows no text to come can change: the last line of a text that grows may have room for more."""
        sure = [len(lines) - growing for lines, growing in zip(self._lines, self._growing, strict=True)]
        if self._beside:
            return min((n for n, growing in zip(sure, self._growing, strict=True) if growing), default=max(sure))
        return sum(sure[: [*self._growing, True].index(True) + 1])
