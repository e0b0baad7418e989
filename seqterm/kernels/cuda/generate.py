"""A whole recurrent network advanced, and tokens drawn from it, in one kernel for all steps of many streams.

A step is a row of products, each followed by what a cell does with it, and blocks wait for one another between two: every tile of
a product, ROWS streams by COLUMNS columns, belongs to a block, so that streams share what is read of the weights.  Columns
stand unit by unit, a unit's gates side by side, and a thread has whole units.  Where the tokens are drawn, a stream belongs to a
group of threads, from its logits to its token.

`layout` holds products (P, FIELDS) and, of the host, the columns of each.  products says which unit follows a product (KIND), its
layer, where its matrix and its bias begin, how many rows of the matrix meet the layer's input and the state, each filled up to
whole DEPTHs, and its columns.
"""

import math

import numpy as np
from numba import cuda

from seqterm.errors import UsageError
from seqterm.kernels.cuda.activation import relu as relu_of
from seqterm.kernels.cuda.activation import sigmoid, step, tanh
from seqterm.kernels.cuda.allocation import to_device
from seqterm.kernels.cuda.arrays import fill
from seqterm.kernels.cuda.compile import THREADS, blocks_at_once, device, kernel, launch_together, scratch
from seqterm.kernels.cuda.filters import draw_token
from seqterm.kernels.cuda.groups import lanes_of
from seqterm.kernels.cuda.memory import together
from seqterm.kernels.cuda.persistent import ALIGNED, meet
from seqterm.kernels.cuda.random import derived, to_unit
from seqterm.kernels.cuda.softmax import largest_with_bias, sum_of_exp
from seqterm.kernels.cuda.tiles import ACROSS, COLUMNS, DEPTH, EACH, ROWS, SHARED, add_tile
from seqterm.kernels.units.elman import elman_relu_unit, elman_tanh_unit
from seqterm.kernels.units.gru import gru_after_unit, gru_candidate_unit, gru_gates_unit, gru_mix_unit
from seqterm.kernels.units.lstm import lstm_unit

ELMAN, LSTM, GRU_AFTER, GRU_BEFORE, GRU_CANDIDATE, OUTPUT = range(6)  # with GRU_BEFORE as a KIND are meant its gates
W_X, W_H, W_CANDIDATE, B, B_H = range(5)
STEPS = 64  # of a launch: a device that draws a screen as well ends what takes it more than two seconds
FIELDS = KIND, LAYER, MATRIX, BIAS, N_INPUTS, N_STATES, N_COLUMNS, N_UNITS = range(8)

tanh_forward, relu_forward = device(elman_tanh_unit(tanh)[0]), device(elman_relu_unit(relu_of, step)[0])
lstm_forward, after_forward = device(lstm_unit(sigmoid, tanh)[0]), device(gru_after_unit(sigmoid, tanh)[0])
gates_forward, candidate_forward = device(gru_gates_unit(sigmoid)[0]), device(gru_candidate_unit(tanh)[0])
mix_forward = device(gru_mix_unit()[0])


def _gates(w, size):
    """w (k, gates * size) -> the columns of each gate; without elements, no gates."""
    return [w[:, first : first + size] for first in range(0, w.shape[1], size)]


def _products(layer):
    """Of a recurrent layer: KIND, and of the input's part, the state's and the bias the columns of each gate, None for zeros."""
    hidden, w = len(layer[W_H]), _gates(layer[W_H], len(layer[W_H]))
    x = _gates(layer[W_X], hidden) if W_X in layer else []
    b = _gates(layer[B][None], hidden) or [None] * 4
    if W_CANDIDATE in layer:
        return [(GRU_BEFORE, x[:2], w, b[:2]), (GRU_CANDIDATE, x[2:], [layer[W_CANDIDATE]], b[2:3])]
    if B_H in layer:
        b_h = _gates(layer[B_H][None], hidden)
        together = [b[0] + b_h[0], b[1] + b_h[1], b[2], b_h[2]] if b_h else [None] * 4
        return [(GRU_AFTER, [*x, None] if x else [], [w[0], w[1], None, w[2]], together)]
    return [(LSTM if len(w) == 4 else ELMAN, x, w, b[: len(w)])]


def _by_unit(gates, rows, size, depth):
    """The columns of each gate, (rows, size) or None, -> a matrix, a unit's gates side by side, of whole tiles and depths."""
    if not rows:
        return np.zeros((0, 0))
    found = np.stack([np.zeros((rows, size)) if gate is None else gate for gate in gates], axis=2).reshape(rows, -1)
    return np.pad(found, ((0, -rows % depth), (0, -found.shape[1] % COLUMNS)))


def pack_network(layers, dtype, rounded):
    """A dictionary {W_X: matrix, B: bias, ...} of the host's arrays a layer, the output layer last -> matrices and biases of the
    device, and the layout.  UsageError where weights of 8 bits are asked for."""
    if rounded:
        raise UsageError("8-bit weights are for the processor: sample with --device cpu, or with the weights as they are.")
    output, hidden, last = layers[-1], len(layers[0][W_H]), len(layers) - 1
    bias = [output[B][None] if len(output[B]) else None]
    products = [(i, hidden, *product) for i, layer in enumerate(layers[:-1]) for product in _products(layer)]
    products.append((last, output[W_X].shape[1], OUTPUT, [output[W_X]], [], bias))
    matrices, biases, layout = [np.zeros((0, 0))], [np.zeros((0, 0))], []
    for layer, size, kind, x, w, b in products:
        rows = [next((len(gate) for gate in gates if gate is not None), 0) for gates in (x, w)]
        places = [sum(array.size for array in arrays) for arrays in (matrices, biases)]
        matrices.extend(_by_unit(gates, n, size, DEPTH) for gates, n in zip((x, w), rows, strict=True))
        biases.append(_by_unit(b, 1, size, 1))
        layout.append((kind, layer, *places, *rows, biases[-1].shape[1], size))
    flat = (np.concatenate([array.ravel() for array in arrays]).astype(dtype) for arrays in (matrices, biases))
    return *map(to_device, flat), (to_device(np.array(layout)), [fields[N_COLUMNS] for fields in layout])


def make_scratch(table, layout, gates, state):
    """What steps write and nobody reads after them, for as many streams as state (n, L, S, H) has: the state reset, the update
    gate, logits, and the next state; and flags (1, 1) in place of those that nobody reads."""
    (n, _, _, hidden), (_, columns) = state.shape, layout
    shapes = {"reset": (n, hidden), "renewed": (n, hidden), "step logits": (n, columns[-1]), "state": state.shape}
    return *(scratch(name, shape, table.dtype) for name, shape in shapes.items()), scratch("flags", (1, 1), np.bool_)


@device
def _value(product, row, column, place, token, room, table, biases, sizes):
    """The sum in `place` of the tile, and the column's bias; and where no matrix meets the input, what the table has of the row's
    token."""
    _, _, hidden, width = sizes
    kind, total = product[KIND], room[place] + biases[product[BIAS] + column]
    if product[N_INPUTS] == 0:
        unit, gate = column, 2 if kind == GRU_CANDIDATE else 0
        if kind != ELMAN and kind != GRU_CANDIDATE:
            per_unit = 2 if kind == GRU_BEFORE else 4
            unit, gate = column // per_unit, column % per_unit
        if gate * hidden < width:
            total += table[token * width + gate * hidden + unit]
    return total


@device
def _finish(product, flag, row, unit, a, source, target, reset, renewed, logits, sizes):
    """A unit of a row, from its gates' sums a: its new state, of GRU_BEFORE the state reset and the update gate, or a logit."""
    n_layers, n_parts, hidden, _ = sizes
    kind, zero = product[KIND], a[0] - a[0]
    here, aside = (row * n_layers + product[LAYER]) * n_parts * hidden + unit, row * hidden + unit
    if kind == OUTPUT:
        logits[row, unit] = a[0]
    elif kind == ELMAN:
        target[here] = relu_forward(a[0]) if flag else tanh_forward(a[0])
    elif kind == LSTM:
        _, _, _, _, target[here + hidden], target[here] = lstm_forward(a[0], a[1], a[2], a[3], source[here + hidden])
    elif kind == GRU_AFTER:
        _, z, g = after_forward(a[0], a[1], a[2], zero, zero, a[3])
        target[here] = mix_forward(z, g, source[here], flag)
    elif kind == GRU_BEFORE:
        _, renewed[aside], reset[aside] = gates_forward(a[0], a[1], source[here])
    else:
        target[here] = mix_forward(renewed[aside], candidate_forward(a[0]), source[here], flag)


@device
def _finish_tile(
    product, flag, top, left, n, tokens, table, biases, source, target, reset, renewed, logits, sizes, room, sums
):  # fmt: skip
    """A block's threads put the tile's sums into shared memory, and then have whole units."""
    kind, thread, zero = product[KIND], cuda.threadIdx.x, room.dtype.type(0)
    n_gates = 4 if kind in (LSTM, GRU_AFTER) else 2 if kind == GRU_BEFORE else 1
    n_units = product[N_UNITS]
    cuda.syncthreads()  # nobody multiplies any more
    first = thread // ACROSS * EACH * COLUMNS + thread % ACROSS * EACH
    for i in range(EACH):
        for j in range(EACH):
            room[first + i * COLUMNS + j] = sums[i, j]
    cuda.syncthreads()
    across = COLUMNS // n_gates
    for e in range(thread, ROWS * across, THREADS):
        row, unit, place = top + e // across, left // n_gates + e % across, e * n_gates
        if row < n and unit < n_units:
            column, token = unit * n_gates, tokens[row]
            a0 = _value(product, row, column, place, token, room, table, biases, sizes)
            a1, a2, a3 = zero, zero, zero
            if n_gates > 1:
                a1 = _value(product, row, column + 1, place + 1, token, room, table, biases, sizes)
            if n_gates > 2:
                a2 = _value(product, row, column + 2, place + 2, token, room, table, biases, sizes)
                a3 = _value(product, row, column + 3, place + 3, token, room, table, biases, sizes)
            _finish(product, flag, row, unit, (a0, a1, a2, a3), source, target, reset, renewed, logits, sizes)
    cuda.syncthreads()  # room and `starts` are free


@device
def _multiply(product, flag, n, tokens, table, matrices, biases, source, target, reset, renewed, logits, sizes, room, starts):
    """A block's tiles of a product, and what follows it."""
    n_layers, n_parts, hidden, width = sizes
    layer, n_columns, n_inputs, n_states = product[LAYER], product[N_COLUMNS], product[N_INPUTS], product[N_STATES]
    per_row, is_reset = n_columns // COLUMNS, product[KIND] == GRU_CANDIDATE
    sums = cuda.local.array((EACH, EACH), source.dtype)
    for tile in range(cuda.blockIdx.x, (n + ROWS - 1) // ROWS * per_row, cuda.gridDim.x):
        top, left = tile // per_row * ROWS, tile % per_row * COLUMNS
        place = product[MATRIX] + left
        for i in range(EACH):
            for j in range(EACH):
                sums[i, j] = 0
        if n_inputs:
            for i in range(cuda.threadIdx.x, ROWS, THREADS):
                row = min(top + i, n - 1)
                start = tokens[row] * width if layer == 0 else (row * n_layers + layer - 1) * n_parts * hidden
                starts[i] = start if top + i < n else -1
            add_tile(table if layer == 0 else target, starts, n_inputs, matrices, place, n_columns, room, sums)
            place += (n_inputs + DEPTH - 1) // DEPTH * DEPTH * n_columns
            cuda.syncthreads()
        if n_states:
            for i in range(cuda.threadIdx.x, ROWS, THREADS):
                row = top + i
                start = row * hidden if is_reset else (row * n_layers + layer) * n_parts * hidden
                starts[i] = start if row < n else -1
            add_tile(reset if is_reset else source, starts, n_states, matrices, place, n_columns, room, sums)
        _finish_tile(
            product, flag, top, left, n, tokens, table, biases, source, target, reset, renewed, logits, sizes, room, sums
        )  # fmt: skip


@device
def _draw(log_p, seen, banned, settings, key, position, tokens, chosen, logits, sums, lanes):
    """A block's streams: their tokens, and the model's log-probabilities of them."""
    groups, lane, n = cuda.blockDim.x // lanes, cuda.threadIdx.x % lanes, log_p.shape[0]
    for base in range(cuda.blockIdx.x * groups, n, cuda.gridDim.x * groups):
        row = base + cuda.threadIdx.x // lanes
        count, at = (log_p.shape[1], row) if row < n else (0, 0)
        u = to_unit(derived(derived(key, at), position))
        token = draw_token(log_p[at], seen[at], banned, settings, u, logits[at], count, sums, lane, lanes)
        if lane == 0 and count:
            seen[at, token] = True
            tokens[at], chosen[at] = token, log_p[at, token]


@device
def _normalise(logits, nothing, log_p, sums, lanes):
    """A block's streams: log_p of their logits."""
    groups, lane, n = cuda.blockDim.x // lanes, cuda.threadIdx.x % lanes, log_p.shape[0]
    for base in range(cuda.blockIdx.x * groups, n, cuda.gridDim.x * groups):
        row = base + cuda.threadIdx.x // lanes
        count, at = (log_p.shape[1], row) if row < n else (0, 0)
        source, target = logits[at], log_p[at]
        top = largest_with_bias(source, nothing, count, sums, lane, lanes)
        total = sum_of_exp(source, count, top, sums, lane, lanes)  # for all threads to come to
        log_total = source.dtype.type(math.log(total)) if count else top
        for j in range(lane, count, lanes):
            target[j] = source[j] - top - log_total


@kernel
def _run(
    flag, is_given, settings, key, first_position, table, matrices, biases, products, state, other, reset, renewed, logits, log_p,
    seen, banned, tokens, chosen, sizes, lanes, meeting,
):  # fmt: skip
    """tokens.shape[0] steps from `state`, each to the other of state and other; tokens are drawn before each, or given."""
    room = cuda.shared.array(0, state.dtype, ALIGNED)
    sums = cuda.shared.array(THREADS, np.float64)
    starts = cuda.shared.array(ROWS, np.int64)
    together()
    source, target, met, blocks = state, other, 0, cuda.gridDim.x
    for i in range(tokens.shape[0]):
        if not is_given:
            _draw(log_p, seen, banned, settings, key, first_position + i, tokens[i], chosen[i], logits, sums, lanes)
        met += blocks
        meet(meeting, 0, met)
        for p in range(products.shape[0]):
            _multiply(
                products[p], flag, log_p.shape[0], tokens[i], table, matrices, biases, source, target, reset, renewed, logits,
                sizes, room, starts,
            )  # fmt: skip
            met += blocks
            meet(meeting, 0, met)
        _normalise(logits, biases[:0], log_p, sums, lanes)
        source, target = target, source
    if not is_given and tokens.shape[0] % 2:
        for i in range(cuda.grid(1), state.size, cuda.gridsize(1)):
            state[i] = other[i]


def _launch(network, is_given, settings, key, position, state, state_out, log_p, seen, banned, tokens, chosen, buffers):
    _, flag, table, matrices, biases, (products, columns) = network
    n, n_layers, n_parts, hidden = state.shape
    reset, renewed, logits, _ = buffers
    meeting = scratch("meeting", (1,), np.int32)
    fill(meeting, 0)
    lanes = lanes_of(log_p.shape[1])
    flat = [array.reshape(-1) for array in (state, state_out, reset, renewed)]
    arguments = (
        bool(flag), is_given, settings, key, position, table.reshape(-1), matrices, biases, products, *flat, logits,
        log_p, seen, banned, tokens, chosen, (n_layers, n_parts, hidden, table.shape[1]), lanes, meeting,
    )  # fmt: skip
    size, tiles = SHARED * state.dtype.itemsize, -(-n // ROWS) * max(columns) // COLUMNS
    blocks = max(tiles, -(-n * lanes // THREADS))
    launch_together(_run, min(blocks, blocks_at_once(_run, size, *arguments)), size, *arguments)


def network_step(cell, flag, table, matrices, biases, layout, tokens, state, state_out, log_p, scratch, team):
    """tokens (n,), state (n, L, S, H) -> writes state_out and log_p (n, V).

    `flag`: relu for ELMAN, keep for the GRUs.  table (V, D): the embedding; or (V, G*H): what the first layer makes of each
    token, and it has no W_X.  scratch: as `make_scratch` gives it.
    """
    network, settings = (cell, flag, table, matrices, biases, layout), (1.0,) * 7
    *buffers, nobody = scratch
    tokens = tokens.reshape(1, -1)
    _launch(network, True, settings, 0, 0, state, state_out, log_p, nobody, nobody[0], tokens, log_p, buffers)


def draw(
    cell, flag, table, matrices, biases, layout, state, log_p, seen, banned,
    greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, key, first_position, out, chosen, scratch, team,
):  # fmt: skip
    """Draws out.shape[0] tokens a stream.  state (n, L, S, H), log_p (n, V) and seen (n, V) are carried on in place; writes the
    tokens to out (count, n), none that banned (V,) names, and the model's own log-probabilities of them to chosen (count, n).

    The uniform number of stream r at position first_position + i depends on key, r and that position alone.  seen and banned are
    bool, out is int64.
    """
    network, (*buffers, _) = (cell, flag, table, matrices, biases, layout), scratch
    settings = tuple(map(float, (greedy, temperature, top_k, top_p, min_p, penalty, equal_weights)))
    for first in range(0, len(out), STEPS):
        drawn = out[first : first + STEPS], chosen[first : first + STEPS]
        _launch(network, False, settings, key, first_position + first, state, buffers[-1], log_p, seen, banned, *drawn, buffers)
