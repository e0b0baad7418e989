"""Memory of the device."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda
from numba.cuda.cudadrv.driver import CudaAPIError

from seqterm.errors import DeviceMemoryError

OUT_OF_MEMORY = 2  # the driver's error


def empty(shape: tuple[int, ...], dtype: Any) -> Any:
    """DeviceMemoryError where there is not enough memory."""
    return _with_room(math.prod(shape) * np.dtype(dtype).itemsize, lambda: cuda.device_array(shape, dtype))


def to_device(array: np.ndarray) -> Any:
    """A copy of a numpy array; DeviceMemoryError where there is not enough memory."""
    array = np.ascontiguousarray(array)
    plain = np.ndarray(array.shape, array.dtype, array)  # an axis of one may have kept a stride that no copy has
    return _with_room(array.nbytes, lambda: cuda.to_device(plain))


def _with_room(n_bytes: int, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except CudaAPIError as error:
        if error.code != OUT_OF_MEMORY:
            raise
        free, total = cuda.current_context().get_memory_info()
        raise DeviceMemoryError(
            f"The GPU has no room for {n_bytes / 1e6:,.0f} MB more, {free / 1e6:,.0f} of its {total / 1e6:,.0f} MB are free"
        ) from error
