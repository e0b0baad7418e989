"""Texts side by side."""

from itertools import zip_longest

from rich.cells import cell_len, set_cell_size

GAP = " | "
NARROWEST = 8  # letters of a column; where there is no room for that, texts follow one another


def columns(headings: list[str], texts: list[str], width: int) -> str:
    """Each text under its heading, wrapped at letters, in `width` cells."""
    each = (width - len(GAP) * (len(texts) - 1)) // max(1, len(texts))
    if each < NARROWEST:
        return "\n".join(f"{heading}\n{text}" for heading, text in zip(headings, texts, strict=True))
    blocks = [_wrap(f"{heading}\n{'-' * each}\n{text}", each) for heading, text in zip(headings, texts, strict=True)]
    rows = zip_longest(*blocks, fillvalue="")
    return "\n".join(GAP.join(set_cell_size(cell, each) for cell in row).rstrip() for row in rows)


def _wrap(text: str, width: int) -> list[str]:
    """Lines of at most so many cells."""
    lines: list[str] = []
    for line in text.expandtabs().split("\n"):
        lines.append("")
        for letter in line:
            if cell_len(lines[-1]) + cell_len(letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines
