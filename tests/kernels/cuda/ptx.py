"""What a kernel takes of a device that is not there: nvJitLink, which comes with numba-cuda, makes machine code of its PTX."""

import importlib
import pkgutil
import re
from typing import NamedTuple

from cuda.core import Linker, LinkerOptions, ObjectCode
from numba.cuda.dispatcher import CUDADispatcher

from seqterm.kernels import cuda as package

CAPABILITY = (9, 0)


class Report(NamedTuple):
    kernel: str
    registers: int
    spilled: int  # bytes
    shared: int  # bytes, without what a launch asks for

    def __str__(self):
        return f"{self.kernel:<32} {self.registers:>9} {self.spilled:>7} {self.shared:>6}"


HEADER = f"{'kernel':<32} registers spilled shared"


def name_of(kernel):
    return f"{kernel.py_func.__module__.removeprefix(package.__name__ + '.')}.{kernel.py_func.__name__}"


def kernels():
    """The names of all kernels of kernels/cuda."""
    for module in pkgutil.iter_modules(package.__path__):
        names = vars(importlib.import_module(f"{package.__name__}.{module.name}"))
        yield from (name_of(value) for value in names.values() if is_kernel(value) and value.__module__ == names["__name__"])


def is_kernel(value):
    return isinstance(value, CUDADispatcher) and not value.targetoptions.get("device")


def report(kernel, ptx):
    options = LinkerOptions(arch="sm_{}{}".format(*CAPABILITY), verbose=True, ptxas_options=["-v"])
    linker = Linker(ObjectCode.from_ptx(ptx.encode()), options=options)
    linker.link("cubin")
    log = linker.get_info_log()
    registers, shared = re.search(r"used (\d+) registers.*?(\d+) bytes smem", log).groups()
    spilled = re.search(r"(\d+) bytes spill stores", log).group(1)
    return Report(name_of(kernel), int(registers), int(spilled), int(shared))
