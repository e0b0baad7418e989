"""Large products through cuBLAS: input products and weight gradients of all steps at once, logits.

nvmath-python's bindings are thin, take raw addresses, and come as one wheel over the cuBLAS that numba-cuda's own extra can
install; CuPy would do as well, for a second array library of more than 100 MB.  In the simulator NumPy multiplies.
"""

import functools
from typing import Any

import numpy as np
from numba import cuda

from seqterm.kernels.cuda.allocation import with_room
from seqterm.kernels.cuda.compile import SIMULATED

# The names of cuBLAS's compute types by our names: how float32 numbers are multiplied.  float64 numbers always are as such.
MATH = {"float32": "COMPUTE_32F", "tf32": "COMPUTE_32F_FAST_TF32", "bf16": "COMPUTE_32F_FAST_16BF"}
DEFAULT_ALGORITHM = -1

_math = "float32"


def set_math(name: str) -> None:
    """How float32 numbers are multiplied from now on, one of MATH: as float32, or rounded to tf32 or bf16 first."""
    global _math
    if name not in MATH:
        raise ValueError(f"no such mathematics: {name}")
    _math = name


def transposed(x: Any) -> Any:
    """x (m, n) -> (n, m), which shares its memory."""
    if SIMULATED:
        return x.T
    return cuda.devicearray.DeviceNDArray(x.shape[::-1], x.strides[::-1], x.dtype, gpu_data=x.gpu_data)


def add_product(a: Any, b: Any, out: Any) -> None:
    """Adds a @ b to out.  a (m, k), b (k, n), out (m, n): each with contiguous rows, a and b also with contiguous columns."""
    _multiply(a, b, 1, out)


def write_product(a: Any, b: Any, out: Any) -> None:
    """Writes a @ b to out; as add_product."""
    _multiply(a, b, 0, out)


def layout(x: Any) -> tuple[int, bool]:
    """(elements from a row to the next, False), or (from a column to the next, True) where it is columns that are contiguous."""
    (n_rows, n_columns), (down, right) = x.shape, (stride // x.dtype.itemsize for stride in x.strides)
    if right == 1:
        return max(down, n_columns), False
    if down == 1:
        return max(right, n_rows), True
    raise ValueError(f"neither rows nor columns are contiguous: strides {x.strides}")


@functools.cache
def _handle() -> int:
    from nvmath.bindings import cublas

    return with_room("cuBLAS", cublas.create)


@functools.cache
def _number(value: int, dtype: np.dtype) -> np.ndarray:
    """For cuBLAS to read, kept alive."""
    return np.full(1, value, dtype)


def _multiply(a: Any, b: Any, beta: int, out: Any) -> None:
    """out = a @ b + beta * out.  cuBLAS's matrices stand by columns: it is told to make out^T = b^T a^T."""
    if SIMULATED:
        out._ary[...] = a._ary @ b._ary + (beta * out._ary if beta else 0)
        return
    from nvmath import CudaDataType
    from nvmath.bindings import cublas

    (a_step, a_by_columns), (b_step, b_by_columns), (step, _) = layout(a), layout(b), layout(out)
    is_single = out.dtype == np.float32
    number = CudaDataType.CUDA_R_32F if is_single else CudaDataType.CUDA_R_64F
    compute = cublas.ComputeType[MATH[_math] if is_single else "COMPUTE_64F"]
    (m, n), k = out.shape, a.shape[1]
    alpha, beta_number = _number(1, out.dtype), _number(beta, out.dtype)
    a_address, b_address, address = (x.device_ctypes_pointer.value for x in (a, b, out))
    # fmt: off
    cublas.gemm_ex(
        _handle(), b_by_columns, a_by_columns, n, m, k, alpha.ctypes.data, b_address, number, b_step,
        a_address, number, a_step, beta_number.ctypes.data, address, number, step, compute, DEFAULT_ALGORITHM,
    )
    # fmt: on
