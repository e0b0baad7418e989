"""Pieces of kernels that stay on the device for a whole sequence.

Rows of a batch do not meet, so they are shared out among groups of blocks.  A block of a group owns some hidden units: it keeps
their recurrent weights in shared memory from the first step to the last; where they do not fit, it has them side by side in the
device's memory, and reads them in each step.  It multiplies what all blocks of its group have put into the exchange (h of the
step before, or gradients of the step after) by them, computes its units, puts these into the exchange for the next step, and
waits for the others of its group.

The exchange stands by depth, then by row, the order in which it is read: a thread reads eight rows at a time straight into
registers, and the weights of four columns, for every n-th k; the sums of the n slices of the depth are added up in shared
memory.  The next four k are read before the last four are multiplied.

Where the products of a step are too many for the blocks that a device runs at once, the loops go a step at a time, with cuBLAS
for the product and a kernel for the units: such a step is long enough to hide most of what its launches take.  (A graph of
launches, the other way to many small steps, would begin each step anew, and read again what a block here keeps.)
"""

from numba import cuda

from seqterm.kernels.cuda.compile import SIMULATED, THREADS, device, kernel
from seqterm.kernels.cuda.memory import arrive, arrived, fetch, four, one, together

TILE_ROWS, TILE_COLUMNS = 8, 4  # sums that a thread keeps
TILE = TILE_ROWS * TILE_COLUMNS
ALIGNED = None if SIMULATED else 16  # bytes, of shared memory, for loads of four numbers
AHEAD = 4  # of a slice, what is read before it is needed
STRIDE = THREADS + 2  # from one sum of a thread to its next, so that units side by side are read from other banks
WARP = min(32, THREADS)
APART = 32  # counters of groups, a line of cache each


@kernel
def clear(exchange, meeting):
    """What pads the exchange stays zero."""
    i = cuda.grid(1)
    if i < exchange.size:
        exchange[i // exchange.shape[1], i % exchange.shape[1]] = 0
    if i < meeting.size:
        meeting[i] = 0


@device
def at_least(least, i):
    """i, of which the compiler now knows that it is no less: an index then does not count from the end, a step goes up."""
    return i if i > least else least


@device
def place(hidden, units, rows, parts):
    """(group, of how many, blocks of the group, first row, first unit of its product, part of the depth) of this block"""
    together()
    blocks = (hidden + units - 1) // units * parts
    group, i = at_least(0, cuda.blockIdx.x // blocks), at_least(0, cuda.blockIdx.x % blocks)
    return group, cuda.gridDim.x // blocks, blocks, at_least(0, group * rows), at_least(0, i // parts * units), i % parts


@device
def room(memory, far, blocks, size):
    """(weights, sums) of this block: in shared memory, or, where each block of a group has a row of far, the weights there."""
    if far.ndim == 2:
        return far[cuda.blockIdx.x % blocks], memory
    return memory[:size], memory[size:]


@device
def share(n_batch, hidden, first_row, first, units, rows):
    """(unit, first + unit, first of its rows, their end, from one to the next): what this thread computes of its block's units"""
    unit, top, apart = at_least(0, cuda.threadIdx.x % units), at_least(0, cuda.threadIdx.x // units), THREADS // units
    is_used = top < apart and first + unit < hidden
    return unit, at_least(0, first + unit), top, min(rows, n_batch - first_row) if is_used else 0, at_least(1, apart)


@device
def split(depth, part, parts):
    """(first, end) of a part of the depth"""
    width = (depth + parts - 1) // parts
    return width * part, min(depth, width * (part + 1))


@device
def give(x, first_row, j, top, bottom, apart, rows, given):
    """Puts this thread's share of x (B, H) into the exchange."""
    for row in range(top, bottom, apart):
        given[j * rows + row] = x[first_row + row, j]


@device
def load_weights(w, gates, hidden, first, start, end, shape, weights):
    """Writes weights[k*columns + g*units + u] = w[start + k, g*hidden + first + u], with zeros around it and from `end` on."""
    (_, columns, _, depth), zero = shape, weights.dtype.type(0)
    units = columns // gates
    for column in range(cuda.threadIdx.x % WARP, columns, WARP):
        gate, unit = column // units, first + column % units
        for k in range(cuda.threadIdx.x // WARP, depth, THREADS // WARP):
            is_there = start + k < end and unit < hidden
            weights[k * columns + column] = w[start + k, gate * hidden + unit] if is_there else zero


@device
def look_ahead(x, t, first_row, j, top, bottom, apart, hidden):
    """Has what this thread will need of x[t] (B, gates * H), if there is such a step, brought from memory to the nearer cache."""
    if 0 <= t < x.shape[0]:
        for row in range(top, bottom, apart):
            i = (t * x.shape[1] + first_row + row) * x.shape[2] + j
            for gate in range(x.shape[2] // hidden):
                fetch(x, i + gate * hidden)


@device
def come(meeting, group):
    """Says that this block has come to a meeting of its group, and lets the others see what it has written."""
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        arrive(meeting, group * APART)


@device
def wait(meeting, group, target):
    """Returns once all blocks of the group together have come `target` times.  Launched so that all run at once."""
    if cuda.threadIdx.x == 0:
        while arrived(meeting, group * APART) < target:
            pass
    cuda.syncthreads()


@device
def meet(meeting, group, target):
    come(meeting, group)
    wait(meeting, group, target)


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
def _read_x(x, i, step):
    j = i + step
    k = j + step
    m = k + step
    return four(x, i), four(x, i + 4), four(x, j), four(x, j + 4), four(x, k), four(x, k + 4), four(x, m), four(x, m + 4)


@device
def _read_w(w, i, step):
    j = i + step
    k = j + step
    return four(w, i), four(w, j), four(w, k), four(w, k + step)


@device
def _add(sums, x, w):
    _add_one(sums, x[0], x[1], w[0])
    _add_one(sums, x[2], x[3], w[1])
    _add_one(sums, x[4], x[5], w[2])
    _add_one(sums, x[6], x[7], w[3])


@device
def multiply(x, weights, shape, sums):
    """Writes x^T weights, each element where `place_of` says: x (depth, rows), weights (depth, columns), both flat."""
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
        now, w = _read_x(x, i, x_step), _read_w(weights, j, w_step)
        following = _read_x(x, i + AHEAD * x_step, x_step)
        for _ in range(1, depth // (2 * AHEAD * slices)):
            i += 2 * AHEAD * x_step
            w_next = _read_w(weights, j + AHEAD * w_step, w_step)
            _add(own, now, w)
            now = _read_x(x, i, x_step)
            j += 2 * AHEAD * w_step
            w = _read_w(weights, j, w_step)
            _add(own, following, w_next)
            following = _read_x(x, i + AHEAD * x_step, x_step)
        w_next = _read_w(weights, j + AHEAD * w_step, w_step)
        _add(own, now, w)
        _add(own, following, w_next)
        for k in range(TILE):
            sums[k * STRIDE + cuda.threadIdx.x] = own[k]
    cuda.syncthreads()
    if slices > 1:
        for i in range(cuda.threadIdx.x, tiles * TILE, THREADS):
            k = i // tiles * STRIDE + i % tiles
            y, of_slice, end = sums[k], k + tiles, k + slices * tiles
            while of_slice < end:  # Numba's range takes three times the instructions
                y += one(sums, of_slice)
                of_slice += tiles
            sums[k] = y
        cuda.syncthreads()


@device
def place_of(shape, row, unit):
    """Where in its sums `multiply` left a row and a unit; its next gate stands units / TILE_COLUMNS further."""
    i = row % TILE_ROWS * TILE_COLUMNS + unit % TILE_COLUMNS
    return i * STRIDE + row // TILE_ROWS * (shape[1] // TILE_COLUMNS) + unit // TILE_COLUMNS


@device
def give_part(sums, shape, first, hidden, part):
    """Puts this block's product into its part (H * rows,), for the blocks of the other parts to see."""
    for i in range(cuda.threadIdx.x, shape[0] * shape[1], THREADS):
        row, unit = i % shape[0], i // shape[0]
        if first + unit < hidden:
            part[(first + unit) * shape[0] + row] = sums[place_of(shape, row, unit)]


@device
def all_parts(sums, shape, row, unit, j, parts):
    """The product of a row and a unit: `multiply` left it where there is one part, else parts (parts, H * rows) hold it."""
    if parts.shape[0] == 1:
        return sums[place_of(shape, row, unit)]
    y, part = parts[0, j * shape[0] + row], 1
    while part < parts.shape[0]:
        y += parts[part, j * shape[0] + row]
        part += 1
    return y
