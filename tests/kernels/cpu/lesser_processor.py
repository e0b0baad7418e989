"""What the test of the register table runs, once for each row of it: python -m tests.kernels.cpu.lesser_processor [FEATURE ...]

Products on a processor that has these features and none beyond the least, with every array at the end of a page that nothing
can be read or written beyond.  Prints the bytes of a register and the rows of a tile.
"""

import ctypes
import itertools
import mmap
import sys

import llvmlite.binding
import numpy as np

BEYOND_THE_LEAST = ("avx", "fma", "f16c", "vaes", "vpclmul", "gfni", "amx", "evex", "sha512", "sm3", "sm4", "xop")
SHAPES = [(11, 7, 45), (2, 3, 2), (70, 5, 33), (3, 300, 20)]


def without_features_but(wanted):
    """Makes the processor, as LLVM sees it, a lesser one; before anything is compiled."""
    features = llvmlite.binding.get_host_cpu_features()
    for name in features:
        features[name] = features[name] and (name in wanted or not name.startswith(BEYOND_THE_LEAST))
    features.update(dict.fromkeys(wanted, True))
    llvmlite.binding.get_host_cpu_features = lambda: features


def before_a_wall(shape, dtype):
    """An array whose last element is the last before memory that must not be touched."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    n_pages = -(-size // mmap.PAGESIZE) + 1
    memory = mmap.mmap(-1, n_pages * mmap.PAGESIZE)
    wall = (n_pages - 1) * mmap.PAGESIZE
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory)) + wall
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    assert protect(ctypes.c_void_p(address), ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
    array = np.frombuffer(memory, dtype, wall // np.dtype(dtype).itemsize)[-int(np.prod(shape)) :].reshape(shape)
    array.view(np.uint8)[...] = 0xFF  # NaN, of floating-point numbers
    return array


# None of them contiguous, so that each kernel is compiled once for a type.
PLACES = {
    "rows": lambda shape, dtype: before_a_wall((shape[0], shape[1] + 3), dtype)[:, 3:],
    "columns": lambda shape, dtype: before_a_wall((shape[1], shape[0] + 3), dtype)[:, 3:].T,
    "strided": lambda shape, dtype: before_a_wall((2 * shape[0] - 1, 3 * shape[1] - 2), dtype)[::2, ::3],
}


def check():
    from seqterm.kernels.cpu.product import FAR, add_product, add_product_unpacked, pack
    from seqterm.kernels.cpu.rounded import add_rounded_product, round_panels
    from seqterm.kernels.cpu.vector import ROWS
    from tests.kernels.cpu.layouts import DTYPES, is_exact, laid_out

    def packed(a, b, out):
        add_product(a, laid_out(pack(b), before_a_wall), out)

    def rounded(a, b, out):
        add_rounded_product(a, laid_out(round_panels(pack(b)), before_a_wall), out)

    random = np.random.default_rng(1)
    for case in itertools.product((packed, add_product_unpacked, rounded), SHAPES, DTYPES, PLACES.values(), PLACES.values()):
        multiply, shape, dtype, place, other = case
        is_exact(multiply, shape, dtype, random, (place, other, PLACES["rows"]), multiply is rounded)
    for multiply, dtype in itertools.product((packed, rounded), DTYPES):  # what is fetched ahead may lie beyond the wall
        far = ROWS + 3, 300, FAR // 300 + 45
        is_exact(multiply, far, dtype, random, [PLACES["rows"]] * 3, multiply is rounded, oracle=np.matmul)


if __name__ == "__main__":
    if sys.argv[1:] != ["host"]:
        without_features_but(sys.argv[1:])
    check()
    from seqterm.kernels.cpu import vector

    print(vector.VECTOR_BYTES, vector.ROWS)
