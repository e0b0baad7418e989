"""Pieces of kernels that stay on the device for a whole sequence.

Rows of a batch do not meet, so they are shared out among groups of blocks.  A block of a group owns some hidden units: it keeps
their recurrent weights in shared memory from the first step to the last.  In each step it multiplies what all blocks of its group
have put into the exchange (h of the step before, or gradients of the step after) by them, computes its units, puts these into
the exchange for the next step, and waits for the others of its group.

The exchange stands by depth, then by row, the order in which it is read: a thread reads eight rows at a time straight into
registers, and the weights of four columns, for every n-th k; the sums of the n slices of the depth are added up in shared
memory.  The next four k are read before the last four are multiplied.

Where no shape of blocks holds the weights, the loops go a step at a time, with cuBLAS for the product and a kernel for the units:
steps are then long enough that launches hide behind them.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from seqterm.kernels.cuda.compile import SIMULATED, THREADS, device, kernel, launch, launch_together, scratch
from seqterm.kernels.cuda.memory import arrive, arrived, four, together

TILE_ROWS, TILE_COLUMNS = 8, 4  # sums that a thread keeps
TILE = TILE_ROWS * TILE_COLUMNS
AHEAD = 4  # of a slice, what is read before it is needed
STRIDE = THREADS + 2  # from one sum of a thread to its next, so that units side by side are read from other banks
APART = 32  # counters of groups, a line of cache each


# What a step costs, in cycles; rough figures for a device of compute capability 9.0, to choose by.
MEETING = 2500  # all blocks of a group wait for one another
BYTES = 24  # that a multiprocessor gets from the second-level cache while all the others read too
LANES = 128  # multiply-adds that a multiprocessor does side by side


class Shape(NamedTuple):
    """One product of a step in a block: (rows, depth) times (depth, columns), the depth padded and dealt out to slices."""

    rows: int
    columns: int
    slices: int
    depth: int

    @property
    def tiles(self) -> int:
        return self.rows // TILE_ROWS * (self.columns // TILE_COLUMNS)


class Plan(NamedTuple):
    units: int  # of a block
    rows: int  # of a group
    groups: int
    blocks: int
    shapes: tuple[Shape, ...]
    shared: int  # bytes of a block
    cycles: float  # of a step, at a guess


def limits() -> tuple[int, int]:
    """(multiprocessors, bytes of shared memory that a block can have).  The simulator runs blocks one after the other."""
    if SIMULATED:
        return 1, 1 << 16
    this = cuda.get_current_device()
    return this.MULTIPROCESSOR_COUNT, this.MAX_SHARED_MEMORY_PER_BLOCK_OPTIN


def _round_up(n: int, step: int) -> int:
    return -(-n // step) * step


def _shape(rows: int, columns: int, depth: int) -> Shape:
    """With as many slices as there are threads for, but none so thin that it has less than AHEAD to read."""
    tiles = rows // TILE_ROWS * (columns // TILE_COLUMNS)
    slices = max(1, min(THREADS // tiles, depth // AHEAD))
    return Shape(rows, columns, slices, _round_up(depth, AHEAD * slices))


def _cycles(shape: Shape, meets: bool) -> float:
    """The longer of multiplying and of reading the exchange, then to add up the slices, and to meet."""
    rows, columns, slices, depth = shape
    product = depth / slices * TILE * max(1.0, slices * shape.tiles / LANES)
    read = depth * rows * 4 / BYTES
    added = 4 * slices * -(-rows * columns // THREADS)
    return max(product, read) + added + (MEETING if meets else 0)


def plan(n_batch: int, hidden: int, products: tuple[tuple[int, int], ...], processors: int, shared: int) -> Plan | None:
    """How the steps of a sequence are best shared out; None where the weights do not fit.  products: (depth, gates) of each.

    A block of U units has depth * gates * U weights of each product in shared memory, and 32 sums of each of its threads, 4 bytes
    each.  There are ceil(H/U) * ceil(B/R) blocks for groups of R rows, and no more than multiprocessors, as all must run at once.
    An H200 has 132 with 227 kB: an LSTM with H = 1024 and B = 128 takes 128 blocks of 8 units, 8 * 4 * 1024 * 4 B = 131 kB.
    Small tiles make a step short, large groups make it wait and read: the least sum wins.
    """
    best = None
    for units in range(TILE_COLUMNS, _round_up(hidden, TILE_COLUMNS) + 1, TILE_COLUMNS):
        for rows in range(TILE_ROWS, _round_up(n_batch, TILE_ROWS) + 1, TILE_ROWS):
            across, groups = -(-hidden // units), -(-n_batch // rows)
            shapes = tuple(_shape(rows, gates * units, depth) for depth, gates in products)
            weights = sum(shape.depth * shape.columns for shape in shapes)
            needed = 4 * (weights + TILE * STRIDE)
            if across * groups > processors or needed > shared or max(shape.tiles for shape in shapes) > THREADS:
                continue
            cycles = sum(_cycles(shape, across > 1) for shape in shapes)
            if best is None or cycles < best.cycles:
                best = Plan(units, rows, groups, across * groups, shapes, needed, cycles)
    return best


def planned(n_batch: int, hidden: int, products: tuple[tuple[int, int], ...], dtype: Any) -> Plan | None:
    """A plan for this device; None too where numbers are not float32: float64 is for checks."""
    return plan(n_batch, hidden, products, *limits()) if dtype == np.float32 else None


def run(kernel: Any, plan: Plan, *arguments: Any) -> None:
    """Launch kernel(*arguments, exchange, meeting, units, *shapes)."""
    depth = max(shape.depth for shape in plan.shapes)
    exchange = scratch("exchange", (2 * plan.groups, depth * plan.rows), np.float32)
    meeting = scratch("meeting", (plan.groups * APART,), np.int32)
    launch(_clear, exchange.size, exchange, meeting)
    launch_together(kernel, plan.blocks, plan.shared, *arguments, exchange, meeting, plan.units, *map(tuple, plan.shapes))


@kernel
def _clear(exchange, meeting):
    """What pads the exchange stays zero."""
    i = cuda.grid(1)
    if i < exchange.size:
        exchange[i // exchange.shape[1], i % exchange.shape[1]] = 0
    if i < meeting.size:
        meeting[i] = 0


@device
def place(hidden, units, rows):
    """(group, of how many, blocks of the group, first row, first unit) of this block"""
    together()
    blocks = (hidden + units - 1) // units
    group = cuda.blockIdx.x // blocks
    return group, cuda.gridDim.x // blocks, blocks, group * rows, cuda.blockIdx.x % blocks * units


@device
def give(x, first_row, first, units, rows, given):
    """Puts this block's part of x (B, H) into the exchange."""
    for i in range(cuda.threadIdx.x, rows * units, THREADS):
        row, j = i // units, first + i % units
        if first_row + row < x.shape[0] and j < x.shape[1]:
            given[j * rows + row] = x[first_row + row, j]


@device
def load_weights(w, gates, hidden, first, shape, weights):
    """Writes weights[k*columns + u*gates + g] = w[k, g*hidden + first + u], with zeros around it."""
    (_, columns, _, depth), zero = shape, weights.dtype.type(0)
    for i in range(cuda.threadIdx.x, depth * columns, THREADS):
        k, unit, gate = i // columns, first + i % columns // gates, i % columns % gates
        weights[i] = w[k, gate * hidden + unit] if k < w.shape[0] and unit < hidden else zero


@device
def clear_sums(sums):
    """Before there is a product."""
    for i in range(cuda.threadIdx.x, TILE * STRIDE, THREADS):
        sums[i] = 0
    cuda.syncthreads()


@device
def meet(meeting, group, target):
    """Returns once all blocks of the group have come here `target` times together.  Launched so that all run at once."""
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        arrive(meeting, group * APART)
        while arrived(meeting, group * APART) < target:
            pass
    cuda.syncthreads()


@device
def _add_row(sums, row, x, w):
    i = row * TILE_COLUMNS
    sums[i] += x * w[0]
    sums[i + 1] += x * w[1]
    sums[i + 2] += x * w[2]
    sums[i + 3] += x * w[3]


@device
def _add_one(sums, low, high, w):
    """Written out, so that all sums stay in registers."""
    _add_row(sums, 0, low[0], w)
    _add_row(sums, 1, low[1], w)
    _add_row(sums, 2, low[2], w)
    _add_row(sums, 3, low[3], w)
    _add_row(sums, 4, high[0], w)
    _add_row(sums, 5, high[1], w)
    _add_row(sums, 6, high[2], w)
    _add_row(sums, 7, high[3], w)


@device
def _read(x, i, step):
    j, k, m = i + step, i + 2 * step, i + 3 * step
    return four(x, i), four(x, i + 4), four(x, j), four(x, j + 4), four(x, k), four(x, k + 4), four(x, m), four(x, m + 4)


@device
def _add(sums, x, weights, i, step):
    _add_one(sums, x[0], x[1], four(weights, i))
    _add_one(sums, x[2], x[3], four(weights, i + step))
    _add_one(sums, x[4], x[5], four(weights, i + 2 * step))
    _add_one(sums, x[6], x[7], four(weights, i + 3 * step))


@device
def multiply(x, weights, shape, sums):
    """Writes the sums of this thread's slice and tile of x^T weights: x (depth, rows), weights (depth, columns), both flat."""
    rows, columns, slices, depth = shape
    across = columns // TILE_COLUMNS
    tiles = across * (rows // TILE_ROWS)
    piece, tile = cuda.threadIdx.x // tiles, cuda.threadIdx.x % tiles
    if piece < slices:
        own = cuda.local.array(TILE, sums.dtype)
        for i in range(TILE):
            own[i] = 0
        x_step, w_step = slices * rows, slices * columns
        i = piece * rows + tile // across * TILE_ROWS
        j = piece * columns + tile % across * TILE_COLUMNS
        now = _read(x, i, x_step)
        for _ in range(1, depth // (AHEAD * slices)):
            i += AHEAD * x_step
            following = _read(x, i, x_step)
            _add(own, now, weights, j, w_step)
            j += AHEAD * w_step
            now = following
        _add(own, now, weights, j, w_step)
        for k in range(TILE):
            sums[k * STRIDE + cuda.threadIdx.x] = own[k]
    cuda.syncthreads()


@device
def total(sums, shape, row, column):
    """An element of the product that `multiply` made."""
    rows, columns, slices, _ = shape
    across = columns // TILE_COLUMNS
    tiles = across * (rows // TILE_ROWS)
    i = row % TILE_ROWS * TILE_COLUMNS + column % TILE_COLUMNS
    i = i * STRIDE + row // TILE_ROWS * across + column // TILE_COLUMNS
    y = sums[i]
    for _ in range(1, slices):
        i += tiles
        y += sums[i]
    return y


@device
def add_sums(sums, shape, first_row, first, units, x):
    """Adds the product that `multiply` made, with a column for each unit, to this block's part of x (B, H)."""
    for i in range(cuda.threadIdx.x, shape[0] * units, THREADS):
        row, unit = i // units, i % units
        if first_row + row < x.shape[0] and first + unit < x.shape[1]:
            x[first_row + row, first + unit] += total(sums, shape, row, unit)
