"""The gradient of all parameters, gathered from batch slices that were computed side by side."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import numpy as np

from seqterm.backends.base import Array
from seqterm.layers.base import flat_size
from seqterm.models.network import Network

FEWEST = 1 << 15  # elements to update that are worth a thread
FEWEST_SUMMED = 1 << 17  # elements to add up that are
Result = TypeVar("Result")


class Gradient:
    """`flat` (P,), zero where nothing was added; `views[s]`: where slice s adds its part.

    The first slice adds to `flat`; the others have vectors of their own for the layers that each slice goes through alone.
    Where the vocabulary is wide, an embedding's rows that no token of the batch names are zero and left out of passes: `rows`
    are those that are named, of `table`, a view of all at the start of `flat`.  Elsewhere both are empty.
    """

    def __init__(self, model: Network, n_slices: int):
        self._backend, self._kernels = model.backend, model.backend.kernels("optimiser")
        self.flat = model.backend.zeros(model.flat.shape, model.flat.dtype)
        self._own = model.slice_range()
        self._others = [np.zeros(self._own.stop - self._own.start, model.dtype) for _ in range(n_slices - 1)]
        self.views = [model.views(self.flat), *map(model.slice_views, self._others)]
        self._sparse = model.sparse_rows()
        self._layers = {layer.name: flat_size([layer]) for layer in model.layers}
        self.table = self.table_of(self.flat)
        self.rows = np.zeros(0, np.int64)

    def table_of(self, flat: Array) -> Array:
        """The rows (V, D) at the start of such a vector of which only those that a batch names have a gradient; or (0, 0)."""
        return flat[: self._sparse[0] * self._sparse[1]].reshape(self._sparse)

    def each(self, function: Callable[[slice], Result], with_table: bool, fewest: int = FEWEST) -> list[Result]:
        """function(stretch) over all elements, or all but the table's: a stretch for each slice, if that gives each `fewest`."""
        first = 0 if with_table else self.table.size
        size = self.flat.size - first
        n_stretches = max(1, min(len(self.views), size // fewest))
        bounds = [first + i * size // n_stretches for i in range(1 + n_stretches)]
        stretches = [slice(*pair) for pair in pairwise(bounds)]
        return self._backend.map(function, stretches) if n_stretches > 1 else [function(stretches[0])]

    def gather(self, ids: Array) -> float:
        """Add up the slices, after a batch in which these ids were read -> the Euclidean norm."""
        named = 0.0
        if len(self.table):
            self.rows = np.unique(ids)
            named = self._kernels.squared_norm(self.table[self.rows].ravel())
        return math.sqrt(named + sum(self.each(self._gather_stretch, with_table=False, fewest=FEWEST_SUMMED)))

    def _gather_stretch(self, stretch: slice) -> float:
        first, last = max(stretch.start, self._own.start), min(stretch.stop, self._own.stop)
        for other in self._others if first < last else []:
            self._kernels.add_slice(self.flat[first:last], other[first - self._own.start : last - self._own.start])
        return float(self._kernels.squared_norm(self.flat[stretch]))

    def layer_norms(self) -> dict[str, float]:
        """The Euclidean norm of each layer's part, once it is gathered."""
        norms, first = {}, 0
        for name, size in self._layers.items():
            part = self.flat[first : first + size]
            if first < self.table.size:
                part = self.table[self.rows].ravel()
            norms[name], first = math.sqrt(self._kernels.squared_norm(part)), first + size
        return norms

    def clear(self) -> None:
        for vector in (self.flat, *self._others):
            self._backend.assign(vector, 0)
