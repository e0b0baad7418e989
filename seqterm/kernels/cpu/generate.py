"""A whole recurrent network advanced, and tokens drawn from it, in one compiled call.

The weights stand packed in one flat vector; `layout` (L+1, ITEMS, 3) holds offset, panels and depth of each matrix, offset
and length of each vector; its last row is the output layer's.
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
from seqterm.kernels.cpu.vector import PANEL_BYTES

ELMAN, LSTM, GRU_AFTER, GRU_BEFORE = range(4)
W_X, W_H, W_CANDIDATE, B, B_H = range(5)
ITEMS = 5


def pack_network(layers: list[dict[int, np.ndarray]], dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """A dictionary {W_X: matrix, B: vector, ...} a layer, the output layer last -> (weights, layout)."""
    pieces, layout, offset = [np.zeros(0, dtype)], np.zeros((len(layers), ITEMS, 3), np.int64), 0
    for row, layer in zip(layout, layers, strict=True):
        for item, array in layer.items():
            packed = pack(array) if array.ndim == 2 else array
            row[item] = (offset, *packed.shape[:2]) if array.ndim == 2 else (offset, len(array), 0)
            pieces.append(packed.ravel())
            offset += packed.size
    return np.concatenate(pieces), layout


@kernel
def _matrix(weights, place):
    width = PANEL_BYTES // weights.itemsize
    return weights[place[0] : place[0] + place[1] * place[2] * width].reshape((place[1], place[2], width))


@kernel
def _vector(weights, place):
    return weights[place[0] : place[0] + place[1]]


@kernel
def _affine(x, weights, places, y):
    """Writes y = x W + b.  Without a matrix the product stands in x already: y = x + b."""
    fill_rows(_vector(weights, places[B]), y)
    if places[W_X, 1]:
        add_product(x, _matrix(weights, places[W_X]), y)
    else:
        for row in range(y.shape[0]):
            source, target = x[row], y[row]
            for j in range(target.shape[0]):
                target[j] += source[j]


@kernel
def network_step(cell, flag, gates, table, weights, layout, tokens, state, state_out, log_p):
    """tokens (n,), state (n, L, S, H) -> writes state_out and log_p (n, V).

    `flag`: relu for ELMAN, keep for the GRUs.  `gates`: G.  table (V, D): the embedding, or W_x where the input is one-hot.
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
            _affine(x, weights, places, a)
        else:
            _affine(h, weights, places, a)
        if cell == ELMAN:
            elman_step(a, _matrix(weights, places[W_H]), flag, state, layer, state_out)
        elif cell == LSTM:
            lstm_step(a, _matrix(weights, places[W_H]), state, layer, state_out)
        elif cell == GRU_AFTER:
            w_h, b_h = _matrix(weights, places[W_H]), _vector(weights, places[B_H])
            gru_after_step(a, w_h, b_h, flag, state, layer, state_out)
        else:
            w_h, w_candidate = _matrix(weights, places[W_H]), _matrix(weights, places[W_CANDIDATE])
            gru_before_step(a, w_h, w_candidate, flag, state, layer, state_out)
        for row in range(n):
            h[row] = state_out[row, layer, 0]
    logits = np.empty_like(log_p)
    _affine(h, weights, layout[n_layers], logits)
    log_softmax(logits, log_p)


@kernel
def draw(
    cell, flag, gates, table, weights, layout, state, log_p, seen, banned,
    greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, key, first, out, chosen,
):  # fmt: skip
    """Draws out.shape[0] tokens a row.  state (n, L, S, H), log_p (n, V) and seen (n, V) are carried on in place; writes the
    tokens to out (count, n), none that banned (V,) names, and the model's own log-probabilities of them to chosen (count, n).

    The uniform number of row r at position first + i depends on key, r and that position alone.
    """
    state_out = np.empty_like(state)
    for i in range(out.shape[0]):
        for row in range(out.shape[1]):
            u = uniform(derive_key(key, row), first + i)
            token = draw_token(log_p[row], seen[row], banned, greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, u)
            seen[row, token] = True
            out[i, row], chosen[i, row] = token, log_p[row, token]
        network_step(cell, flag, gates, table, weights, layout, out[i], state, state_out, log_p)
        state[:] = state_out
