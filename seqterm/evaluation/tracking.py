"""How well the units of a recurrent network track a pattern in a text: correlation over its tokens.

Karpathy, Johnson & Fei-Fei 2015, "Visualizing and understanding recurrent networks", arXiv:1506.02078, look for such units.
"""

import re
from collections.abc import Sequence

import numpy as np

from seqterm.backends.base import Array
from seqterm.errors import UsageError
from seqterm.models.recurrent import RecurrentModel

PATTERNS = ("quotes", "brackets", "line-position")
OPENING, CLOSING = "([{", ")]}"
PART, PARTS = 512, 64  # tokens that make a part of its own worth while, and parts read side by side at most
STEPS = 64  # read at a time


def pattern_values(name: str, pieces: Sequence[str]) -> Array:
    """(T,) of the text that T pieces make, each having the value of its last letter, an empty one that of the letter before.

    quotes: 1 between double quotation marks, the opening one included; brackets: how many are open; line-position: letters since
    the line began; else a regular expression: 1 in its matches.
    """
    text = "".join(pieces)
    makers = {"quotes": _in_quotes, "brackets": _open_brackets, "line-position": _line_position}
    letters = makers[name](text) if name in makers else _matches(name, text)
    ends = np.cumsum([len(piece) for piece in pieces])
    return letters[np.maximum(ends, 1) - 1] if len(letters) else np.zeros(len(pieces))


def _codes(text: str) -> Array:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _in_quotes(text: str) -> Array:
    """Straight marks open and close in turn; curly ones say which they do."""
    codes = _codes(text)
    straight = np.cumsum(codes == ord('"')) % 2
    curly = np.cumsum((codes == ord("“")).astype(np.int64) - (codes == ord("”")))
    return ((straight > 0) | (curly > 0)).astype(np.float64)


def _open_brackets(text: str) -> Array:
    """Never below 0: one that closes nothing is passed over."""
    codes = _codes(text)
    opens, closes = (np.isin(codes, [ord(mark) for mark in marks]) for marks in (OPENING, CLOSING))
    depth = np.cumsum(opens.astype(np.int64) - closes)
    return (depth - np.minimum(0, np.minimum.accumulate(depth))).astype(np.float64)


def _line_position(text: str) -> Array:
    places = np.arange(len(text))
    begins = np.where(np.concatenate([[False], _codes(text)[:-1] == ord("\n")]), places, 0)
    return (places - np.maximum.accumulate(begins)).astype(np.float64)


def _matches(expression: str, text: str) -> Array:
    try:
        found = re.finditer(expression, text, re.MULTILINE)
    except re.error as error:
        raise UsageError(f"--find {expression} is no regular expression: {error}.") from error
    letters = np.zeros(len(text))
    for match in found:
        letters[match.start() : match.end()] = 1
    return letters


def correlations(model: RecurrentModel, ids: Array, pattern: Array, names: Sequence[str]) -> Array:
    """Pearson's r (names, H) of each unit with the pattern (T,), over ids (T,); 0 for a unit that never changes.

    names: of traces.  The text is read in parts side by side, each from a zero state; how many depends on T alone.
    """
    n_parts = min(PARTS, max(1, len(ids) // PART))
    length = len(ids) // n_parts
    rest = (
        ids[n_parts * length :],
        pattern[n_parts * length :],
    )  # go on with the last part
    parts = ids[: n_parts * length].reshape(n_parts, length).T, pattern[: n_parts * length].reshape(n_parts, length).T
    threads = min(n_parts, model.backend.threads)
    columns = [slice(share[0], share[-1] + 1) for share in np.array_split(np.arange(n_parts), threads)]
    workspaces = {share.start: model.workspace() for share in columns}

    def read(share: slice) -> tuple[Array, Array]:
        sums = np.zeros((3, len(names), model.settings.hidden))
        state = model.zero_state(share.stop - share.start)
        for first in range(0, length, STEPS):
            block = np.ascontiguousarray(parts[0][first : first + STEPS, share])
            state, traces = model.trace_on(state, block, workspaces[share.start])
            _add(sums, traces, names, parts[1][first : first + STEPS, share])
        return sums, state

    results = model.backend.map(read, columns)
    sums = np.sum([own for own, _ in results], axis=0)
    if len(rest[0]):
        _, traces = model.trace_on(results[-1][1][-1:], np.ascontiguousarray(rest[0][:, None]))
        _add(sums, traces, names, rest[1][:, None])
    return _pearson(sums, pattern)


def _add(sums: Array, traces: dict[str, Array], names: Sequence[str], pattern: Array) -> None:
    """Adds a block's sums of units, of their squares and of their products with the pattern, each (names, H)."""
    for i, name in enumerate(names):
        values = traces[name].reshape(pattern.size, -1)
        sums[0, i] += values.sum(axis=0)
        sums[1, i] += np.einsum("tj,tj->j", values, values)
        sums[2, i] += np.einsum("t,tj->j", pattern.ravel().astype(values.dtype), values)


def _pearson(sums: Array, pattern: Array) -> Array:
    n = len(pattern)
    total, squares, products = sums
    covariance = products - total * (pattern.sum() / n)
    variance = squares - total**2 / n
    spread = np.sqrt(np.maximum(0, variance) * np.sum((pattern - pattern.mean()) ** 2))
    flat = variance <= 1e-6 * np.maximum(squares, 1e-30)
    return np.where(flat, 0.0, covariance / np.where(flat, 1.0, spread))
