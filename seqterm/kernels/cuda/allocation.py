"""Memory of the device."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import config, cuda
from numpy.lib.stride_tricks import as_strided

from seqterm.errors import DeviceMemoryError

# In errors of the driver, and of cuBLAS, which needs some memory of its own.
FULL = "CUDA_ERROR_OUT_OF_MEMORY", "ALLOC_FAILED (3)", "NOT_INITIALIZED (1)"

if not config.ENABLE_CUDASIM:
    from numba.cuda.cudadrv.devicearray import DeviceNDArray

    NOTHING = np.empty(0, np.uint8)  # is never read

    class Array(DeviceNDArray):
        """With slices that cost ten microseconds: DeviceNDArray goes through every stretch of memory that is left."""

        def __getitem__(self, item: Any) -> Any:
            like = as_strided(NOTHING, self.shape, self.strides)[(*item, ...) if isinstance(item, tuple) else (item, ...)]
            start = like.__array_interface__["data"][0] - NOTHING.ctypes.data
            data = self.gpu_data.view(start) if like.size else self.gpu_data
            return Array(like.shape, like.strides, self.dtype, gpu_data=data)


def empty(shape: tuple[int, ...], dtype: Any) -> Any:
    """DeviceMemoryError where there is not enough memory."""
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    made = with_room(f"{n_bytes / 1e6:,.0f} MB more", lambda: cuda.device_array(shape, dtype))
    return made if config.ENABLE_CUDASIM else Array(made.shape, made.strides, made.dtype, gpu_data=made.gpu_data)


def to_device(array: np.ndarray) -> Any:
    """A copy of a numpy array; DeviceMemoryError where there is not enough memory."""
    array = np.ascontiguousarray(array)
    copy = empty(array.shape, array.dtype)
    if array.size:
        copy.copy_to_device(np.ndarray(array.shape, array.dtype, array))  # an axis that was put in has a stride of none
    return copy


def with_room(what: str, make: Callable[[], Any]) -> Any:
    """What `make` gives; DeviceMemoryError where there is no memory for `what`."""
    try:
        return make()
    except Exception as error:  # the driver's, of cuda.core or of cuBLAS: their classes have nothing in common
        if not any(words in str(error) for words in FULL):
            raise
        try:
            free, total = cuda.current_context().get_memory_info()
        except type(error):
            raise DeviceMemoryError(f"The GPU has no room for {what}, nor for anything else") from error
        raise DeviceMemoryError(
            f"The GPU has no room for {what}, {free / 1e6:,.0f} of its {total / 1e6:,.0f} MB are free"
        ) from error
