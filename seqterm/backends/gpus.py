"""Which GPUs the driver sees, asked of the driver itself: nothing but ctypes, so that looking costs a millisecond."""

import ctypes
import functools
import importlib.util
import os
import platform
from dataclasses import dataclass

CAPABILITY = 75, 76  # the driver's numbers for a device's compute capability, major and minor
NO_DEVICE = 100  # its error
DRIVER, CAPABLE = 13000, (7, 5)  # the oldest that the packages of seqterm[cuda] run with: CUDA 13.0, Turing
PACKAGES = "numba_cuda", "nvmath"


@dataclass(frozen=True)
class Gpu:
    """name; bytes of memory; compute capability (9, 0) and so on."""

    name: str
    memory: int
    capability: tuple[int, int]


def simulated() -> bool:
    """Whether numba's simulator stands in for a GPU."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"


@functools.cache
def find_gpus() -> tuple[list[Gpu], str]:
    """All GPUs, and why none can be used, or ""."""
    if simulated():
        return [Gpu("numba's simulator", 0, (0, 0))], _missing_package()
    try:
        driver = ctypes.CDLL("nvcuda.dll" if platform.system() == "Windows" else "libcuda.so.1")
    except OSError:
        return [], "there is no NVIDIA driver"
    version, count = ctypes.c_int(), ctypes.c_int()
    if (code := driver.cuInit(0)) not in (0, NO_DEVICE):
        return [], f"the NVIDIA driver does not start (its error {code})"
    driver.cuDriverGetVersion(ctypes.byref(version))
    driver.cuDeviceGetCount(ctypes.byref(count))
    gpus = [_gpu(driver, number) for number in range(count.value)]
    if not gpus:
        return [], "the NVIDIA driver sees no GPU"
    if version.value < DRIVER:
        has, needs = (f"{v // 1000}.{v % 1000 // 10}" for v in (version.value, DRIVER))
        return gpus, f"the NVIDIA driver is for CUDA {has}: one for {needs} or later is needed"
    if gpus[0].capability < CAPABLE:
        has, needs = ("{}.{}".format(*pair) for pair in (gpus[0].capability, CAPABLE))
        return gpus, f"the first GPU is of compute capability {has}: one of {needs} or later is needed"
    return gpus, _missing_package()


def _missing_package() -> str:
    if all(importlib.util.find_spec(name) for name in PACKAGES):
        return ""
    return "its packages are not installed: pip install 'seqterm[cuda]'"


def _gpu(driver: ctypes.CDLL, number: int) -> Gpu:
    device, name, memory = ctypes.c_int(), ctypes.create_string_buffer(256), ctypes.c_size_t()
    driver.cuDeviceGet(ctypes.byref(device), number)
    driver.cuDeviceGetName(name, len(name), device)
    driver.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
    parts = []
    for attribute in CAPABILITY:
        part = ctypes.c_int()
        driver.cuDeviceGetAttribute(ctypes.byref(part), attribute, device)
        parts.append(part.value)
    return Gpu(name.value.decode("utf-8", "replace"), memory.value, (parts[0], parts[1]))
