"""A whole recurrent network advanced, and tokens drawn from it, in one compiled call.

The matrices stand packed in one flat vector, of float or, rounded, of int8, the biases in another; `layout` (L+1, ITEMS, 4)
holds offset, panels, rows and columns of each packed matrix, offset and length of each bias; its last row is the output layer's.
"""

import numpy as np

from seqterm.kernels.cpu.compile import kernel
from seqterm.kernels.cpu.dense import fill_rows
from seqterm.kernels.cpu.elman import elman_step
from seqterm.kernels.cpu.filters import draw_token
from seqterm.kernels.cpu.gru import gru_after_step, gru_before_step
from seqterm.kernels.cpu.lstm import lstm_step
from seqterm.kernels.cpu.product import PANELS_TOGETHER, pack
from seqterm.kernels.cpu.random import derive_key, uniform
from seqterm.kernels.cpu.rounded import round_panels
from seqterm.kernels.cpu.softmax import log_softmax
from seqterm.kernels.cpu.team import add_shared_product, meet, share, share_columns
from seqterm.kernels.cpu.vector import PANEL_BYTES

ELMAN, LSTM, GRU_AFTER, GRU_BEFORE = range(4)
W_X, W_H, W_CANDIDATE, B, B_H = range(5)
ITEMS = 5


def pack_network(
    layers: list[dict[int, np.ndarray]], dtype: np.dtype, rounded: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A dictionary {W_X: matrix, B: bias, ...} a layer, the output layer last -> (matrices, biases, layout).

    The output layer is padded by tokens of weight zero to as many columns as a product with one row takes at a time.
    """
    output = layers[-1]
    room = -output[W_X].shape[1] % (PANELS_TOGETHER * PANEL_BYTES // dtype.itemsize)
    padded = {W_X: np.pad(output[W_X], ((0, 0), (0, room))), B: np.pad(output[B], (0, room if len(output[B]) else 0))}
    matrices, biases = [np.zeros(0, np.int8 if rounded else dtype)], [np.zeros(0, dtype)]
    layout = np.zeros((len(layers), ITEMS, 4), np.int64)
    for row, layer in zip(layout, [*layers[:-1], padded], strict=True):
        for item, array in layer.items():
            if array.ndim == 1:
                row[item, :2] = sum(map(len, biases)), len(array)
                biases.append(array)
            else:
                packed = round_panels(pack(array)) if rounded else pack(array)
                row[item] = sum(map(len, matrices)), *packed.shape
                matrices.append(packed.ravel())
    return np.concatenate(matrices), np.concatenate(biases), layout


def make_scratch(table, layout, gates, state):
    """What steps write and nobody reads after them, for as many rows as state (n, L, S, H) has: the inputs of the first layer,
    pre-activations, the recurrent part of them, logits, and the next state."""
    n, hidden = len(state), state.shape[3]
    padded = layout[-1, W_X]
    columns = table.shape[1], gates * hidden, gates * hidden, padded[1] * padded[3]
    return (*(np.empty((n, count), table.dtype) for count in columns), np.empty_like(state))


@kernel
def _matrix(matrices, place):
    n_panels, rows, columns = place[1], place[2], place[3]
    return matrices[place[0] : place[0] + n_panels * rows * columns].reshape((n_panels, rows, columns))


@kernel
def _bias(biases, place):
    return biases[place[0] : place[0] + place[1]]


@kernel
def _affine(x, matrices, biases, places, y, team):
    """Writes a worker's columns of y = x W + b; where there is no W, x (n, columns of y) is the product."""
    first, end = share_columns(y, team)
    bias = _bias(biases, places[B])
    fill_rows(bias[first:end], y[:, first:end])
    if places[W_X, 1]:
        add_shared_product(x, _matrix(matrices, places[W_X]), y, team)
    else:
        for row in range(y.shape[0]):
            for j in range(first, end):
                y[row, j] += x[row, j]


@kernel
def _step(cell, flag, matrices, biases, layout, x, state, state_out, log_p, a, recurrent, logits, team):
    """x (n, D): rows of the table.  log_p is written for the worker's share of the rows."""
    n_layers = state.shape[1]
    for layer in range(n_layers):
        places = layout[layer]
        if layer == 0:
            _affine(x, matrices, biases, places, a, team)
        else:
            _affine(state_out[:, layer - 1, 0], matrices, biases, places, a, team)
        if cell == ELMAN:
            elman_step(a, _matrix(matrices, places[W_H]), flag, state, layer, state_out, team)
        elif cell == LSTM:
            lstm_step(a, _matrix(matrices, places[W_H]), state, layer, state_out, team)
        elif cell == GRU_AFTER:
            w_h, b_h = _matrix(matrices, places[W_H]), _bias(biases, places[B_H])
            gru_after_step(a, w_h, b_h, flag, state, layer, state_out, recurrent, team)
        else:
            w_h, w_candidate = _matrix(matrices, places[W_H]), _matrix(matrices, places[W_CANDIDATE])
            gru_before_step(a, w_h, w_candidate, flag, state, layer, state_out, recurrent, team)
        meet(team)
    _affine(state_out[:, n_layers - 1, 0], matrices, biases, layout[n_layers], logits, team)
    meet(team)
    first, end = share(len(log_p), team)
    log_softmax(logits[first:end], log_p[first:end])


@kernel
def network_step(cell, flag, table, matrices, biases, layout, tokens, state, state_out, log_p, scratch, team):
    """tokens (n,), state (n, L, S, H) -> writes state_out and log_p (n, V).  For a team of one.

    `flag`: relu for ELMAN, keep for the GRUs.  table (V, D): the embedding; or (V, G*H): what the first layer makes of each
    token, and it has no W_X.  scratch: as `make_scratch` gives it.
    """
    x, a, recurrent, logits, _ = scratch
    for row in range(len(tokens)):
        x[row] = table[tokens[row]]
    _step(cell, flag, matrices, biases, layout, x, state, state_out, log_p, a, recurrent, logits, team)


@kernel
def draw(
    cell, flag, table, matrices, biases, layout, state, log_p, seen, banned,
    greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, key, first_position, out, chosen, scratch, team,
):  # fmt: skip
    """Draws out.shape[0] tokens a row.  state (n, L, S, H), log_p (n, V) and seen (n, V) are carried on in place; writes the
    tokens to out (count, n), none that banned (V,) names, and the model's own log-probabilities of them to chosen (count, n).

    The uniform number of row r at position first_position + i depends on key, r and that position alone.
    """
    x, a, recurrent, logits, state_out = scratch
    first, end = share(len(state), team)
    for i in range(out.shape[0]):
        for row in range(first, end):
            u = uniform(derive_key(key, row), first_position + i)
            token = draw_token(log_p[row], seen[row], banned, greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, u)
            seen[row, token] = True
            out[i, row], chosen[i, row] = token, log_p[row, token]
            x[row] = table[token]
        meet(team)
        _step(cell, flag, matrices, biases, layout, x, state, state_out, log_p, a, recurrent, logits, team)
        state[first:end] = state_out[first:end]
