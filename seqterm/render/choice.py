"""What a token was drawn from, as bars."""

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from seqterm.events import Choice
from seqterm.render.bars import bar

LEAST_TOKEN, LEAST_REST = 6, 16  # cells of a token, and of what stands beside it
CHANCE_WIDTH = 46  # from which there is room for the chance beside the probability


def candidates(choice: Choice) -> list[tuple[str, float, float]]:
    """(token, probability, chance) of those that are shown: the most probable ones, and the one that was drawn."""
    names = [token for token, _, _ in choice.candidates]
    drawn = (choice.token, choice.probability, choice.chance)
    return choice.candidates if choice.token in names else [*choice.candidates, drawn]


def choice_summary(choice: Choice) -> str:
    return f"{choice.entropy:.2f} bits · {choice.kept:,} kept, {choice.kept_mass:.1%}"


def choice_bars(choice: Choice, width: int, height: int, cursor: int | None = None) -> Text:
    """A line a candidate, as many as have room, the drawn one with an arrow among them: the model's probability, and a bar of the
    chance with which it is drawn.  What the filters remove is struck out, and its bar is the probability.

    `cursor`: a row that stands out, in which case the rows around it are shown.
    """
    rows = candidates(choice)
    most = max(chance or p for _, p, chance in rows) or 1.0
    first = max(0, min((cursor or 0) - height + 1, len(rows) - height))
    drawn = [token for token, _, _ in rows].index(choice.token)
    shown = list(range(first, min(first + height, len(rows))))
    if cursor is None and drawn not in shown:
        shown[-1] = drawn
    tokens = max(LEAST_TOKEN, min(width - LEAST_REST, max(cell_len(repr(rows[row][0])) for row in shown)))
    has_chance = width >= CHANCE_WIDTH
    text = Text(no_wrap=True, overflow="crop")
    for row in shown:
        token, p, chance = rows[row]
        name = _cut(repr(token), tokens)
        figures = f"{p:6.3f}" + (f" {chance:6.3f}" if has_chance else "")
        share = bar((chance or p) / most, max(1, width - tokens - len(figures) - 4))
        removed = "" if chance else "dim strike"
        line = Text("▸ " if token == choice.token else "  ")
        line.append(name, removed).append(figures, "" if chance else "dim").append(" " + share, "cyan" if chance else "dim")
        if row == cursor:
            line.stylize("reverse", 2, 2 + len(name) + len(figures))
        text.append_text(line).append("\n")
    return text[:-1]


def _cut(text: str, width: int) -> str:
    """Exactly so many cells of it."""
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
