"""Groups of a block's threads that work on a row together: what they find in it, put together.

A group is `lanes` neighbouring threads, a power of two; a thread is its `lane`.  All threads of a block come here together, each
with a value of its group's row, and all of a group leave with the same; shared: float64 (THREADS,).  Sums have a fixed order.
"""

from numba import cuda

from seqterm.kernels.cuda.compile import THREADS, device

FEW = min(32, THREADS // 2)  # lanes for a row that is short
SHORT = 2048


def lanes_of(n):
    """How many threads a row of n elements has."""
    return FEW if n <= SHORT else THREADS


@device
def sum_of(value, shared, lane, lanes):
    thread, half = cuda.threadIdx.x, lanes // 2
    cuda.syncthreads()  # nobody reads any more what stood there
    shared[thread] = value
    while half:
        cuda.syncthreads()
        if lane < half:
            shared[thread] += shared[thread + half]
        half //= 2
    cuda.syncthreads()
    return shared[thread - lane]


@device
def largest_of(value, shared, lane, lanes):
    """Of numbers that are not NaN."""
    thread, half = cuda.threadIdx.x, lanes // 2
    cuda.syncthreads()
    shared[thread] = value
    while half:
        cuda.syncthreads()
        if lane < half and shared[thread + half] > shared[thread]:
            shared[thread] = shared[thread + half]
        half //= 2
    cuda.syncthreads()
    return shared[thread - lane]


@device
def sum_before(value, shared, lane, lanes):
    """-> the sum of the lanes before, and of all."""
    thread, step = cuda.threadIdx.x, 1
    cuda.syncthreads()
    shared[thread] = value
    while step < lanes:
        cuda.syncthreads()
        other = shared[thread - step] if lane >= step else 0.0
        cuda.syncthreads()
        shared[thread] += other
        step *= 2
    cuda.syncthreads()
    return shared[thread - 1] if lane else 0.0, shared[thread - lane + lanes - 1]
