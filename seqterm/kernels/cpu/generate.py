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
from seqterm.kernels.cpu.product import add_product, pack
from seqterm.kernels.cpu.random import derive_key, uniform
from seqterm.kernels.cpu.softmax import log_softmax
from seqterm.kernels.cpu.vector import round_panels

ELMAN, LSTM, GRU_AFTER, GRU_BEFORE = range(4)
W_X, W_H, W_CANDIDATE, B, B_H = range(5)
ITEMS = 5


def pack_network(
    layers: list[dict[int, np.ndarray]], dtype: np.dtype, rounded: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A dictionary {W_X: matrix, B: bias, ...} a layer, the output layer last -> (matrices, biases, layout)."""
    matrices, biases = [np.zeros(0, np.int8 if rounded else dtype)], [np.zeros(0, dtype)]
    layout = np.zeros((len(layers), ITEMS, 4), np.int64)
    for row, layer in zip(layout, layers, strict=True):
        for item, array in layer.items():
            if array.ndim == 1:
                row[item, :2] = sum(map(len, biases)), len(array)
                biases.append(array)
            else:
                packed = round_panels(pack(array)) if rounded else pack(array)
                row[item] = sum(map(len, matrices)), *packed.shape
                matrices.append(packed.ravel())
    return np.concatenate(matrices), np.concatenate(biases), layout


@kernel
def _matrix(matrices, place):
    n_panels, rows, columns = place[1], place[2], place[3]
    return matrices[place[0] : place[0] + n_panels * rows * columns].reshape((n_panels, rows, columns))


@kernel
def _bias(biases, place):
    return biases[place[0] : place[0] + place[1]]


@kernel
def _affine(x, matrices, biases, places, y):
    """Writes y = x W + b.  Without a matrix the product stands in x already: y = x + b."""
    fill_rows(_bias(biases, places[B]), y)
    if places[W_X, 1]:
        add_product(x, _matrix(matrices, places[W_X]), y)
    else:
        for row in range(y.shape[0]):
            source, target = x[row], y[row]
            for j in range(target.shape[0]):
                target[j] += source[j]


@kernel
def network_step(cell, flag, gates, table, matrices, biases, layout, tokens, state, state_out, log_p):
    """tokens (n,), state (n, L, S, H) -> writes state_out and log_p (n, V).

    `flag`: relu for ELMAN, keep for the GRUs.  `gates`: G.  table (V, D): the embedding; or (V, G*H): what the first layer makes
    of each token, and it has no W_X.
    """
    n, n_layers, _, hidden = state.shape
    x = np.empty((n, table.shape[1]), table.dtype)
    for row in range(n):
        x[row] = table[tokens[row]]
    a = np.empty((n, gates * hidden), table.dtype)
    h = np.empty((n, hidden), table.dtype)
    for layer in range(n_layers):
        places = layout[layer]
        if layer == 0:
            _affine(x, matrices, biases, places, a)
        else:
            _affine(h, matrices, biases, places, a)
        if cell == ELMAN:
            elman_step(a, _matrix(matrices, places[W_H]), flag, state, layer, state_out)
        elif cell == LSTM:
            lstm_step(a, _matrix(matrices, places[W_H]), state, layer, state_out)
        elif cell == GRU_AFTER:
            w_h, b_h = _matrix(matrices, places[W_H]), _bias(biases, places[B_H])
            gru_after_step(a, w_h, b_h, flag, state, layer, state_out)
        else:
            w_h, w_candidate = _matrix(matrices, places[W_H]), _matrix(matrices, places[W_CANDIDATE])
            gru_before_step(a, w_h, w_candidate, flag, state, layer, state_out)
        for row in range(n):
            h[row] = state_out[row, layer, 0]
    logits = np.empty_like(log_p)
    _affine(h, matrices, biases, layout[n_layers], logits)
    log_softmax(logits, log_p)


@kernel
def draw(
    cell, flag, gates, table, matrices, biases, layout, state, log_p, seen, banned,
    greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, key, first_row, first, out, chosen,
):  # fmt: skip
    """Draws out.shape[0] tokens a row.  state (n, L, S, H), log_p (n, V) and seen (n, V) are carried on in place; writes the
    tokens to out (count, n), none that banned (V,) names, and the model's own log-probabilities of them to chosen (count, n).

    The uniform number of row first_row + r at position first + i depends on key, that row and that position alone.
    """
    state_out = np.empty_like(state)
    for i in range(out.shape[0]):
        for row in range(out.shape[1]):
            u = uniform(derive_key(key, first_row + row), first + i)
            token = draw_token(log_p[row], seen[row], banned, greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, u)
            seen[row, token] = True
            out[i, row], chosen[i, row] = token, log_p[row, token]
        network_step(cell, flag, gates, table, matrices, biases, layout, out[i], state, state_out, log_p)
        state[:] = state_out
