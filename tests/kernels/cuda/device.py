"""What the tests of CUDA kernels stand on."""

import ctypes
import os

import numpy as np
import pytest

slow_in_the_simulator = pytest.mark.skipif(
    os.environ.get("NUMBA_ENABLE_CUDASIM") == "1", reason="slow in the simulator, and done where it is not"
)


def has_gpu():
    """Whether the driver is there and sees a device."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int()
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0


def on_device(*arrays):
    from numba import cuda

    return [cuda.to_device(x) for x in arrays]


def agree(twin, function, *arguments, rtol=1e-5, atol=1e-6):
    """Call a CPU kernel and its CUDA twin with copies of the same arguments; all arrays must be alike afterwards."""
    from numba import cuda

    on_cpu = [x.copy() if isinstance(x, np.ndarray) else x for x in arguments]
    on_device = [cuda.to_device(x) if isinstance(x, np.ndarray) else x for x in arguments]
    function(*on_cpu)
    twin(*on_device)
    for i, (ours, theirs) in enumerate(zip(on_device, on_cpu, strict=True)):
        if isinstance(theirs, np.ndarray):
            np.testing.assert_allclose(ours.copy_to_host(), theirs, rtol=rtol, atol=atol, err_msg=f"argument {i}")
