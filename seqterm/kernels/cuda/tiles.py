"""A tile of a product of rows and a matrix, by one block: rows of any source beside columns of packed weights.

A thread keeps EACH x EACH sums, of EACH rows and of EACH columns side by side.  DEPTH rows of the matrix at a time, and as many
columns of the left side, stand in shared memory, twice: while one is multiplied, the next is on its way.  Every sum is a chain
in the order of k, so a row's result depends neither on how many rows there are nor on where it stands.
"""

from numba import cuda

from seqterm.kernels.cuda.compile import SIMULATED, device
from seqterm.kernels.cuda.memory import four

EACH = 4
DOWN, ACROSS, DEPTH = (4, 2, 4) if SIMULATED else (16, 16, 16)
ROWS, COLUMNS = DOWN * EACH, ACROSS * EACH
STRIDE = ROWS + EACH  # of the left side, so that writing it meets other banks
LEFT_SIZE, RIGHT_SIZE = DEPTH * STRIDE, DEPTH * COLUMNS
SHARED = 2 * (LEFT_SIZE + RIGHT_SIZE)  # numbers
LEFT_LOADS, RIGHT_LOADS = ROWS * DEPTH // (DOWN * ACROSS), COLUMNS * DEPTH // (DOWN * ACROSS)
THREADS = DOWN * ACROSS


@device
def _fetch(source, starts, first, count, matrix, place, n_columns, left, right):
    """What this thread brings of both sides into registers, from k = first on; matrix[place] is the first of its columns."""
    thread = cuda.threadIdx.x
    k, row = first + thread % DEPTH, thread // DEPTH
    for i in range(LEFT_LOADS):
        start = starts[row + i * (THREADS // DEPTH)]
        left[i] = source[start + k] if start >= 0 and k < count else source.dtype.type(0)
    place += (first + thread // COLUMNS) * n_columns + thread % COLUMNS
    for i in range(RIGHT_LOADS):
        right[i] = matrix[place + i * (THREADS // COLUMNS) * n_columns]


@device
def _store(left, right, shared, at):
    thread = cuda.threadIdx.x
    place = at * LEFT_SIZE + thread % DEPTH * STRIDE + thread // DEPTH
    for i in range(LEFT_LOADS):
        shared[place + i * (THREADS // DEPTH)] = left[i]
    place = 2 * LEFT_SIZE + at * RIGHT_SIZE + thread
    for i in range(RIGHT_LOADS):
        shared[place + i * THREADS] = right[i]


@device
def _add_outer(shared, at, k, sums):
    """Adds the products of this thread's rows of column k with its columns of row k."""
    thread = cuda.threadIdx.x
    a = four(shared, at * LEFT_SIZE + k * STRIDE + thread // ACROSS * EACH)
    b = four(shared, 2 * LEFT_SIZE + at * RIGHT_SIZE + k * COLUMNS + thread % ACROSS * EACH)
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] += a[i] * b[j]


@device
def add_tile(source, starts, count, matrix, place, n_columns, shared, sums):
    """Adds to a thread's sums (EACH, EACH), of its rows and columns in the tile.

    source: numbers, in which row r of the tile has `count` from starts[r] on, none where that is below zero; matrix: numbers, in
    which rows of n_columns, as many as whole DEPTHs have, begin at a tile's first column, `place`.  All threads of a block come
    here together, after starts was written.
    """
    left, right = cuda.local.array(LEFT_LOADS, source.dtype), cuda.local.array(RIGHT_LOADS, source.dtype)
    cuda.syncthreads()
    if count:
        _fetch(source, starts, 0, count, matrix, place, n_columns, left, right)
    at = 0
    for first in range(0, count, DEPTH):
        _store(left, right, shared, at)
        cuda.syncthreads()
        if first + DEPTH < count:
            _fetch(source, starts, first + DEPTH, count, matrix, place, n_columns, left, right)
        for k in range(0, DEPTH, 4):  # four written out: a loop of its own would stay one, and wait for every read
            _add_outer(shared, at, k, sums)
            _add_outer(shared, at, k + 1, sums)
            _add_outer(shared, at, k + 2, sums)
            _add_outer(shared, at, k + 3, sums)
        at = 1 - at
