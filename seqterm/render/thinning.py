"""Of very many points no more than a chart can show."""

import numpy as np
import numpy.typing as npt

STRETCHES = 1000  # of which the lowest and the highest value are kept


def extremes(steps: npt.ArrayLike, values: npt.ArrayLike) -> list[int]:
    """Of points (steps[i], values[i]), steps rising, the numbers of the first, the last, and the lowest and the highest of each
    of STRETCHES equal stretches; all where they are few, and none that is not finite in between."""
    steps, values = np.asarray(steps), np.asarray(values, np.float64)  # None is NaN
    if len(steps) <= 2 * STRETCHES + 2:
        return list(range(len(steps)))
    stretch = (steps - steps[0]) * STRETCHES // (steps[-1] - steps[0] + 1)
    order = np.lexsort((values, stretch))
    order = order[np.isfinite(values[order])]
    is_first = np.diff(stretch[order], prepend=-1) > 0
    is_last = np.roll(is_first, -1)  # the next one begins a stretch, or there is none
    return sorted({0, len(steps) - 1, *order[is_first | is_last].tolist()})
