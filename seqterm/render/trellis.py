"""The hidden states behind a text, or behind a series of numbers: a path, and how probable every state is."""

from collections.abc import Iterator, Sequence

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from seqterm.events import Trellis
from seqterm.render.braille import Labels, Series, line_chart
from seqterm.render.heat_map import LEVELS, level
from seqterm.render.heat_text import INK, SHOWN
from seqterm.render.plain import plain

COLOURS = ["#4fb3d9", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#c9a227", "#3fb8a5", "#ff8fa3", "#8c8ce0", "#a57c5a"]
LEAST = 4  # columns of text, or lines of a chart, however small the screen
NUMBERS = ".4g"  # the format of a chart's ends


def colour(state: int) -> str:
    """The same for a state wherever it is drawn."""
    return COLOURS[state % len(COLOURS)]


def trellis(event: Trellis, width: int, height: int) -> Text:
    """Of a text: its tokens coloured by their states, and beneath them a line for each state, folded at `width` characters.

    Blocks say how probable a state is; lines lead from each state of the path to the next.

    Of a series: a chart of `width` x `height` characters for all columns, coloured by state, with the same blocks.
    """
    line_end, gap = (Text(ends, no_wrap=True, overflow="crop") for ends in ("\n", "\n\n"))
    if event.series:
        return line_end.join(_over_series(event, width, height))
    margin = len(str(_n_states(event) - 1)) + 1
    tokens = [_shown(token, max(LEAST, width - margin)) for token in event.tokens]
    folds = list(_fold([cell_len(token) for token in tokens], max(LEAST, width - margin)))
    return gap.join(line_end.join(_fold_lines(event, tokens, part, margin)) for part in folds)


def _n_states(event: Trellis) -> int:
    return len(event.probabilities[0]) if event.probabilities else 1


def _shown(token: str, most: int) -> str:
    """A token with room for a turn behind it."""
    text = "".join(SHOWN.get(letter) or plain(letter) for letter in token)
    return set_cell_size(text, max(2, min(most, cell_len(text) + 1)))


def _fold(widths: Sequence[int], room: int) -> Iterator[range]:
    """Tokens that fit side by side."""
    first = used = 0
    for number, width in enumerate(widths):
        if used + width > room:
            yield range(first, number)
            first, used = number, 0
        used += width
    if first < len(widths):
        yield range(first, len(widths))


def _fold_lines(event: Trellis, tokens: list[str], part: range, margin: int) -> Iterator[Text]:
    text = Text(" " * margin)
    for i in part:
        text.append(tokens[i][:-1], INK + colour(event.states[i])).append(tokens[i][-1])
    yield text
    for state in range(_n_states(event)):
        line = Text(f"{state:>{margin - 1}} ", colour(state))
        for i in part:
            _draw_token(line, event, i, state, cell_len(tokens[i]))
        line.rstrip()
        yield line


def _draw_token(line: Text, event: Trellis, i: int, state: int, size: int) -> None:
    """What stands in a state's line below token i: a block, what leads on, and the turn to the state of the next token."""
    here, after = event.states[i], event.states[min(i + 1, len(event.states) - 1)]
    block = level(event.probabilities[i][state])
    is_last = i + 1 == len(event.states)
    if state == here:
        line.append(block.replace(LEVELS[0], LEVELS[1]), f"bold {colour(state)}")
        turn = " " if is_last else "─" if after == here else "╮" if after > here else "╯"
        line.append((" " if is_last else "─") * (size - 2) + turn, colour(here))
        return
    between = min(here, after) < state < max(here, after)
    turn = "│" if between else "" if state != after else "╰" if after > here else "╭"
    line.append(block, f"dim {colour(state)}").append(" " * (size - 2)).append(turn or " ", colour(here))


# Series


def _over_series(event: Trellis, width: int, height: int) -> Iterator[Text]:
    """A chart for each column, then a line of blocks for each state."""
    numbers = np.array(list(event.series.values()))
    states = np.array(event.states)
    margin = 1 + max(len(str(_n_states(event))), *(len(f"{end:{NUMBERS}}") for row in numbers for end in (row.min(), row.max())))
    each = max(LEAST, (height - _n_states(event)) // len(numbers) - 1)
    rows = range(1, len(states) + 1)
    for name, values in zip(event.series, numbers, strict=True):
        yield Text(plain(name), "bold")
        lines = [
            Series(rows, np.where(_held(states == state), values, np.nan).tolist(), colour(state)) for state in set(event.states)
        ]
        yield line_chart(lines, width, each, labels=Labels(NUMBERS, margin=margin))
    for state, shares in enumerate(_condensed(np.array(event.probabilities), max(1, width - margin)).T):
        line = Text(f"{state:>{margin - 1}} ", colour(state))
        line.append("".join(map(level, shares.tolist())), colour(state))
        yield line


def _held(here: np.ndarray) -> np.ndarray:
    """Where a line is drawn in a state's colour: at its rows, and on to the row after."""
    held = here.copy()
    held[1:] |= here[:-1]
    return held


def _condensed(probabilities: np.ndarray, n: int) -> np.ndarray:
    """(T, K) -> (n, K): means over the rows that are drawn in each of n columns of a chart."""
    rows = len(probabilities)
    sums = np.concatenate([np.zeros((1, probabilities.shape[1])), probabilities.cumsum(axis=0)])
    edges = np.floor(np.linspace(0, rows - 1, n + 1)).astype(int)
    first, end = edges[:-1], np.maximum(edges[1:], edges[:-1] + 1)
    end[-1] = rows
    return (sums[end] - sums[first]) / (end - first)[:, None]
