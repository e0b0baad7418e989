"""What all layers share: parameters as views of one flat vector, and buffers that are kept between calls.

A layer is stateless.  It declares `name` and `shapes`; its parameters and gradients come as dictionaries of views, keyed as
`shapes` is.  `forward` writes what `backward` needs into a workspace; each batch slice has a workspace and gradients of its own.
Parameter gradients are added to, activation gradients are written.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from seqterm.backends.base import Array, Backend

Tensors = Mapping[str, Array]


class Layer(Protocol):
    name: str
    shapes: dict[str, tuple[int, ...]]

    def initialise(self, parameters: Tensors, scheme: str, random: np.random.Generator) -> None:
        """Fill the parameters; scheme: uniform, xavier or orthogonal."""
        ...


class Workspace:
    """Named buffers, allocated when first asked for and kept; a buffer grows when more is asked of it."""

    def __init__(self, backend: Backend):
        self._backend = backend
        self._buffers: dict[str, Array] = {}
        self._arrays: dict[str, Array] = {}
        self._children: dict[str, Workspace] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        """Uninitialised at first, later with what was left in it."""
        size = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < size or buffer.dtype != dtype:
            buffer = self._buffers[name] = self._backend.empty((size,), dtype)
        array = self._arrays[name] = buffer[:size].reshape(shape)
        return array

    def __getitem__(self, name: str) -> Array:
        """What `array` gave last under this name."""
        return self._arrays[name]

    def child(self, name: str) -> "Workspace":
        if name not in self._children:
            self._children[name] = Workspace(self._backend)
        return self._children[name]


def flat_size(layers: list[Layer]) -> int:
    """Parameters of all layers together."""
    return sum(int(np.prod(shape)) for layer in layers for shape in layer.shapes.values())


def split(flat: Array, layers: list[Layer]) -> dict[str, dict[str, Array]]:
    """Views of a flat vector (P,): {layer name: {tensor name: array}}, in the order of layers and of their shapes."""
    views: dict[str, dict[str, Array]] = {}
    offset = 0
    for layer in layers:
        views[layer.name] = {}
        for name, shape in layer.shapes.items():
            size = int(np.prod(shape))
            views[layer.name][name] = flat[offset : offset + size].reshape(shape)
            offset += size
    return views


@contextmanager
def on_host(array: Array, backend: Backend) -> Iterator[Array]:
    """Gives `array` as numpy's; what is written to that in this block stands in `flat` afterwards."""
    values = backend.to_host(array)
    yield values
    if values is not array:
        backend.assign(array, backend.to_device(values))


def stack(arrays: Sequence[Array], backend: Backend) -> Array:
    """n arrays (B, ...) -> (B, n, ...)"""
    first = arrays[0]
    stacked = backend.empty((first.shape[0], len(arrays), *first.shape[1:]), first.dtype)
    for i, array in enumerate(arrays):
        backend.assign(stacked[:, i], array)
    return stacked


def rows(x: Array) -> Array:
    """(T, B, ...) -> (T*B, ...), without a copy."""
    return x.reshape(-1, *x.shape[2:])


def fill_uniform(x: Array, bound: float, random: np.random.Generator) -> None:
    x[...] = random.uniform(-bound, bound, x.shape)


def fill_xavier(x: Array, gates: int, random: np.random.Generator) -> None:
    """x (fan_in, gates*fan_out), each gate a matrix: uniform within sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010)."""
    fill_uniform(x, (6.0 / (x.shape[0] + x.shape[1] // gates)) ** 0.5, random)


def fill_orthogonal(x: Array, gates: int, random: np.random.Generator) -> None:
    """x (H, gates*H): every gate's block orthogonal (Saxe et al. 2014)."""
    n = x.shape[0]
    for gate in range(gates):
        q, r = np.linalg.qr(random.standard_normal((n, n)))
        x[:, gate * n : (gate + 1) * n] = q * np.sign(np.diag(r))
