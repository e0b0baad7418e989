"""Filling and copying arrays, of up to three axes; copies of any strides."""

from typing import Any

import numpy as np
from numba import cuda

from seqterm.kernels.cuda.allocation import empty
from seqterm.kernels.cuda.compile import kernel, launch


@kernel
def _fill_1(x, value):
    i = cuda.grid(1)
    if i < x.size:
        x[i] = value


@kernel
def _copy_1(source, target):
    i = cuda.grid(1)
    if i < target.size:
        target[i] = source[i]


@kernel
def _copy_2(source, target):
    i = cuda.grid(1)
    if i < target.size:
        a, b = i // target.shape[1], i % target.shape[1]
        target[a, b] = source[a, b]


@kernel
def _copy_3(source, target):
    i = cuda.grid(1)
    if i < target.size:
        i, c = i // target.shape[2], i % target.shape[2]
        a, b = i // target.shape[1], i % target.shape[1]
        target[a, b, c] = source[a, b, c]


COPIES = {1: _copy_1, 2: _copy_2, 3: _copy_3}


def fill(x: Any, value: float) -> None:
    """x[...] = value, of a contiguous array."""
    launch(_fill_1, x.size, x.ravel(), x.dtype.type(value))


def copy(source: Any, target: Any) -> None:
    """target[...] = source, of the same shape."""
    launch(COPIES[target.ndim], target.size, source, target)


def to_host(array: Any) -> np.ndarray:
    """A copy in numpy's memory, once all that was launched before is done."""
    if not array.is_c_contiguous():
        whole = empty(array.shape, array.dtype)
        copy(array, whole)
        array = whole
    return array.copy_to_host()
