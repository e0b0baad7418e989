"""Of a log's lines those that a chart can show, found without parsing the others, as nearly all of a long run's are steps."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from seqterm.render.thinning import STRETCHES, extremes

Places = npt.NDArray[np.intp]

BEGIN, EPOCH, LOSS = b'{"event":"step","step":', b'"epoch":', b'"loss":'  # how a run's log has them, each before a number
DIGITS = 26  # that a number has at most
BETWEEN = (b'{"event":"validation",', b'{"event":"saved",')  # lines that may stand between the steps of one sitting
FEW = 2 * STRETCHES + 2  # lines of which none is left out


class _Steps:
    """Reads on in many lines at once; `fits`: in which of them all was as expected."""

    def __init__(self, text: bytes, starts: Places):
        self._text = np.frombuffer(text + bytes(8 * DIGITS), np.uint8)
        self._at = starts.copy()
        self.fits = np.ones(len(starts), np.bool_)

    def skip(self, word: bytes) -> None:
        found = sliding_window_view(self._text, len(word))[self._at]
        self.fits &= (found == np.frombuffer(word, np.uint8)).all(axis=1)
        self._at += len(word)

    def number(self) -> npt.NDArray[np.bytes_]:
        """What stands before the next comma."""
        found = sliding_window_view(self._text, DIGITS)[self._at]
        ends = (found == ord(",")).argmax(axis=1)
        self.fits &= ends > 0
        found[np.arange(DIGITS) >= ends[:, None]] = 0
        self._at += ends + 1
        return found.view(f"S{DIGITS}")[:, 0]


def thinned_lines(lines: bytes) -> bytes:
    """Lines of a log, without the last line end, less those steps that are neither extremes (see render.thinning) nor the first
    or the last of a sitting; a line that is no step, or none as a run logs it, stays."""
    ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == ord("\n"))
    if len(ends) < FEW:
        return lines
    starts, ends = np.append(0, ends + 1), np.append(ends, len(lines))
    reader = _Steps(lines, starts)
    reader.skip(BEGIN)
    step = reader.number()
    reader.skip(EPOCH)
    reader.number()
    reader.skip(LOSS)
    loss = reader.number()
    fits = np.flatnonzero(reader.fits)
    try:
        steps, losses = step[fits].astype(np.int64), loss[fits].astype(np.float64)
    except ValueError:  # a loss that is no number
        return lines
    others = np.flatnonzero(~reader.fits)
    cuts = [row for row in others.tolist() if not lines.startswith(BETWEEN, starts[row])]
    kept = ~reader.fits
    for sitting in np.split(np.arange(len(fits)), np.searchsorted(fits, cuts)):
        kept[fits[sitting[extremes(steps[sitting], losses[sitting])]]] = True
    rows = np.flatnonzero(kept)
    return b"\n".join(lines[start:end] for start, end in zip(starts[rows].tolist(), ends[rows].tolist(), strict=True))
