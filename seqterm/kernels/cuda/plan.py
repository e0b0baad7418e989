"""How the steps of a sequence are shared out among the blocks of a persistent kernel."""

import functools
import itertools
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from seqterm.kernels.cuda.compile import SIMULATED, THREADS, launch, launch_together, scratch
from seqterm.kernels.cuda.persistent import AHEAD, APART, STRIDE, TILE, TILE_COLUMNS, TILE_ROWS, clear

# What a step costs, in cycles; rough figures for a device of compute capability 9.0, to choose by.
MEETING = 2500  # all blocks of a group wait for one another
BYTES = 24  # that a multiprocessor gets from the second-level cache while all the others read too
LANES = 128  # multiply-adds that a multiprocessor does side by side: four of five cycles of many threads, every other of few
ADDED = 16  # of a sum by all threads, for each slice
UNIT = 600  # to compute one by all threads, and to write it


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
    parts: int  # of the depth, each a block's
    blocks: int
    shapes: tuple[Shape, ...]
    shared: int  # bytes of a block
    far: int  # weights of a block that stand in the device's memory: all or none
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
    """With the best number of slices, none so thin that it has less than two times AHEAD to read."""
    tiles = rows // TILE_ROWS * (columns // TILE_COLUMNS)
    most = max(1, min(THREADS // tiles, depth // (2 * AHEAD)))
    numbers = (max(1, most >> halved) for halved in range(4))
    shapes = (Shape(rows, columns, slices, _round_up(depth, 2 * AHEAD * slices)) for slices in numbers)
    return min(shapes, key=_cycles)


def _cycles(shape: Shape, is_far: bool = False) -> float:
    """The longer of multiplying and of reading the exchange and the weights that are far, and to add up the slices."""
    rows, columns, slices, depth = shape
    product = depth / slices * TILE * max(2.0, 1.25 * slices * shape.tiles / LANES)
    added = ADDED * slices * -(-rows * columns // THREADS) if slices > 1 else 0
    return max(product, depth * (rows + columns * is_far) * 4 / BYTES) + added


@functools.cache
def plan(
    n_batch: int, hidden: int, products: tuple[tuple[int, int], ...], processors: int, shared: int, most_parts: int = 1
) -> Plan | None:
    """How the steps of a sequence are best shared out; None where there are too few multiprocessors.  products: (depth, gates).

    A block of U units has depth * gates * U weights of each product in shared memory, and 32 sums of each of its threads, 4 bytes
    each.  There are ceil(H/U) * ceil(B/R) blocks for groups of R rows, and no more than multiprocessors, as all must run at once.
    An H200 has 132 with 227 kB: an LSTM with H = 1024 and B = 128 takes 128 blocks of 8 units, 8 * 4 * 1024 * 4 B = 131 kB.
    Small tiles make a step short, large groups make it wait and read: the least sum wins.  Weights that do not fit are far.

    Backward the depth is that of all gates, and a block of few units would read a lot for each.  Where most_parts allows it, a
    block has more units and a part of the depth, and what the parts give meets in memory: the same LSTM takes 32 units, 4 parts.
    """
    best = _best(n_batch, hidden, products, processors, shared, most_parts, False)
    return best or _best(n_batch, hidden, products, processors, shared, most_parts, True)


def _best(
    n_batch: int, hidden: int, products: tuple[tuple[int, int], ...], processors: int, shared: int, most_parts: int, is_far: bool
) -> Plan | None:
    candidates = itertools.product(
        range(TILE_COLUMNS, _round_up(hidden, TILE_COLUMNS) + 1, TILE_COLUMNS),
        range(TILE_ROWS, _round_up(n_batch, TILE_ROWS) + 1, TILE_ROWS),
        range(1, most_parts + 1),
    )
    best = None
    for units, rows, parts in candidates:
        across, groups = -(-hidden // units) * parts, -(-n_batch // rows)
        largest = rows * units * max(gates for _, gates in products)
        if units % parts or units > THREADS or largest > TILE * THREADS or across * groups > processors:
            continue
        shapes = tuple(_shape(rows, gates * units, -(-depth // parts)) for depth, gates in products)
        weights = sum(shape.depth * shape.columns for shape in shapes)
        needed = 4 * (weights * (not is_far) + TILE * STRIDE)
        if needed > shared:
            continue
        meetings = len(shapes) * (across > 1) + (parts > 1)
        cycles = sum(_cycles(shape, is_far) for shape in shapes)
        cycles += UNIT * -(-units * rows // (parts * THREADS)) + MEETING * meetings
        if best is None or cycles < best.cycles:
            best = Plan(units, rows, groups, parts, across * groups, shapes, needed, weights * is_far, cycles)
    return best


def planned(n_batch: int, hidden: int, products: tuple[tuple[int, int], ...], dtype: Any, most_parts: int = 1) -> Plan | None:
    """A plan for this device; None too where numbers are not float32: float64 is for checks."""
    return plan(n_batch, hidden, products, *limits(), most_parts) if dtype == np.float32 else None


def scratch_of_parts(plan: Plan, hidden: int) -> Any:
    """(groups, parts, H * rows): what each part of the depth gives, where there are several."""
    return scratch("parts", (plan.groups, plan.parts, hidden * plan.rows if plan.parts > 1 else 1), np.float32)


def run(kernel: Any, plan: Plan, *arguments: Any) -> None:
    """Launch kernel(*arguments, exchange, meeting, far, units, *shapes)."""
    depth = max(shape.depth for shape in plan.shapes) * plan.parts
    exchange = scratch("exchange", (2 * plan.groups, depth * plan.rows), np.float32)
    meeting = scratch("meeting", (plan.groups * APART,), np.int32)
    far = scratch("far", (plan.blocks // plan.groups, plan.far) if plan.far else (1,), np.float32)
    launch(clear, exchange.size, exchange, meeting)
    launch_together(kernel, plan.blocks, plan.shared, *arguments, exchange, meeting, far, plan.units, *map(tuple, plan.shapes))
