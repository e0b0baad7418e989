"""Every CUDA kernel compiled for a device that is not there: `python -m tests.kernels.cuda.ptx` prints what each takes of it.

Numba makes the PTX and nvJitLink, which comes with it, the machine code.  Exit code 1 where a kernel has no signature in
`signatures`, or a signature no kernel.
"""

import importlib
import pkgutil
import re
import sys
from types import SimpleNamespace
from typing import NamedTuple

from cuda.core import Linker, LinkerOptions, ObjectCode
from numba import cuda, types
from numba.cuda import dispatcher

from seqterm.kernels import cuda as package
from tests.kernels.cuda.signatures import SIGNATURES

CAPABILITY = (9, 0)
SCALARS = {
    "i": types.int64, "j": types.int32, "k": types.int8, "u": types.uint64, "v": types.uint32, "b": types.boolean,
    "s": types.float32, "d": types.float64,
}  # fmt: skip
WORD = re.compile(r"(\w)(?:(\d)([FA]?)|\((\d)\))?")


class Report(NamedTuple):
    kernel: str
    number: str
    registers: int
    spilled: int  # bytes
    shared: int  # bytes, without what a launch asks for

    def __str__(self):
        return f"{self.kernel:<32} {self.number:<8} {self.registers:>9} {self.spilled:>7} {self.shared:>6}"


HEADER = f"{'kernel':<32} {'number':<8} registers spilled shared"


def kernels():
    """{module: {name: kernel}} of all modules of kernels/cuda"""
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        names = vars(importlib.import_module(f"{package.__name__}.{module.name}"))
        own = {name: value for name, value in names.items() if is_kernel(value) and value.py_func.__module__ == names["__name__"]}
        if own:
            found[module.name] = own
    return found


def is_kernel(value):
    return isinstance(value, dispatcher.CUDADispatcher) and not value.targetoptions.get("device")


def argument_type(word, number):
    letter, dimensions, order, count = WORD.fullmatch(word).groups()
    scalar = number if letter == "f" else SCALARS[letter]
    if count:
        return types.UniTuple(scalar, int(count))
    return types.Array(scalar, int(dimensions), order or "C") if dimensions else scalar


def report(name, kernel, signature, number):
    """Compile for one type of number."""
    words = tuple(argument_type(word, number) for word in signature.split())
    ptx, _ = cuda.compile_ptx(kernel.py_func, words, cc=CAPABILITY, fastmath=kernel.targetoptions["fastmath"])
    options = LinkerOptions(arch="sm_{}{}".format(*CAPABILITY), verbose=True, ptxas_options=["-v"])
    linker = Linker(ObjectCode.from_ptx(ptx.encode()), options=options)
    linker.link("cubin")
    log = linker.get_info_log()
    registers, shared = re.search(r"used (\d+) registers.*?(\d+) bytes smem", log).groups()
    spilled = re.search(r"(\d+) bytes spill stores", log).group(1)
    return Report(name, str(number), int(registers), int(spilled), int(shared))


def reports():
    # device functions ask for the capability of the device they are compiled for
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=CAPABILITY)
    for module, own in kernels().items():
        for name, kernel in own.items():
            signature = SIGNATURES[module][name]
            numbers = (types.float32, types.float64) if "f" in signature else (types.float32,)
            for number in numbers:
                yield report(f"{module}.{name}", kernel, signature, number)


def main():
    known = {(module, name) for module, names in SIGNATURES.items() for name in names}
    there = {(module, name) for module, names in kernels().items() for name in names}
    if known != there:
        sys.exit(f"kernels without a signature: {sorted(there - known)}; signatures without a kernel: {sorted(known - there)}")
    print(HEADER)
    for line in reports():
        print(line, flush=True)


if __name__ == "__main__":
    main()
