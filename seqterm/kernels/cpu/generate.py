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
from seqterm.kernels.cpu.product import PANELS_TOGETHER, add_product, pack
from seqterm.kernels.cpu.random import derive_key, uniform
from seqterm.kernels.cpu.softmax import log_softmax
from seqterm.kernels.cpu.vector import PANEL_BYTES, round_panels

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


@kernel
def _matrix(matrices, place):
    n_panels, rows, columns = place[1], place[2], place[3]
    return matrices[place[0] : place[0] + n_panels * rows * columns].reshape((n_panels, rows, columns))


@kernel
def _bias(biases, place):
    return biases[place[0] : place[0] + place[1]]


@kernel
def _affine(x, matrices, biases, places, y):
    """Writes y = x W + b."""
    fill_rows(_bias(biases, places[B]), y)
    add_product(x, _matrix(matrices, places[W_X]), y)


@kernel
def _embed(tokens, table, matrices, biases, places, x, a):
    """Writes a = x W_x + b of the first layer; x (n, D) is scratch.  Without W_x the table holds the product."""
    if places[W_X, 1]:
        for row in range(tokens.shape[0]):
            x[row] = table[tokens[row]]
        _affine(x, matrices, biases, places, a)
    else:
        fill_rows(_bias(biases, places[B]), a)
        for row in range(tokens.shape[0]):
            source, target = table[tokens[row]], a[row]
            for j in range(target.shape[0]):
                target[j] += source[j]


@kernel
def _scratch(n, table, gates, hidden, layout):
    """What a step writes and nobody reads after it: the inputs of the first layer, pre-activations, logits."""
    padded = layout[layout.shape[0] - 1, W_X]
    x, a = np.empty((n, table.shape[1]), table.dtype), np.empty((n, gates * hidden), table.dtype)
    return x, a, np.empty((n, padded[1] * padded[3]), table.dtype)


@kernel
def _step(cell, flag, table, matrices, biases, layout, tokens, state, state_out, log_p, x, a, logits):
    n_layers = state.shape[1]
    for layer in range(n_layers):
        places = layout[layer]
        if layer == 0:
            _embed(tokens, table, matrices, biases, places, x, a)
        else:
            _affine(state_out[:, layer - 1, 0], matrices, biases, places, a)
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
    _affine(state_out[:, n_layers - 1, 0], matrices, biases, layout[n_layers], logits)
    log_softmax(logits, log_p)


@kernel
def network_step(cell, flag, gates, table, matrices, biases, layout, tokens, state, state_out, log_p):
    """tokens (n,), state (n, L, S, H) -> writes state_out and log_p (n, V).

    `flag`: relu for ELMAN, keep for the GRUs.  `gates`: G.  table (V, D): the embedding; or (V, G*H): what the first layer makes
    of each token, and it has no W_X.
    """
    x, a, logits = _scratch(tokens.shape[0], table, gates, state.shape[3], layout)
    _step(cell, flag, table, matrices, biases, layout, tokens, state, state_out, log_p, x, a, logits)


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
    x, a, logits = _scratch(out.shape[1], table, gates, state.shape[3], layout)
    for i in range(out.shape[0]):
        for row in range(out.shape[1]):
            u = uniform(derive_key(key, first_row + row), first + i)
            token = draw_token(log_p[row], seen[row], banned, greedy, temperature, top_k, top_p, min_p, penalty, equal_weights, u)
            seen[row, token] = True
            out[i, row], chosen[i, row] = token, log_p[row, token]
        _step(cell, flag, table, matrices, biases, layout, out[i], state, state_out, log_p, x, a, logits)
        state[:] = state_out
