"""Inverted dropout between layers (Zaremba et al. 2014: not on the recurrent connections)."""

from dataclasses import dataclass

from seqterm.backends.base import Array, Backend
from seqterm.layers.base import Workspace


@dataclass(frozen=True)
class DropoutKey:
    """Which mask: a random key, and the place of a slice's first row in the whole batch."""

    key: int
    first_row: int


class Dropout:
    """x (T, B, H) -> y of the same shape; no parameters, and the backward pass is the same map."""

    def __init__(self, place: int, rate: float, backend: Backend):
        self._place, self._rate = place, rate
        self._apply = backend.kernels("dropout").dropout
        self._derive_key = backend.kernels("random").derive_key

    def apply(self, x: Array, key: DropoutKey, workspace: Workspace, name: str) -> Array:
        y = workspace.array(name, x.shape, x.dtype)
        self._apply(x, self._rate, self._derive_key(key.key, self._place), key.first_row, y)
        return y
