"""LSTM loops over time.  Gates stand in the order I F O G.

T time, B batch, H hidden.  Rows past their length keep their state and have no gradient of their own.
"""

from numba import cuda

from seqterm.kernels.cuda.activation import sigmoid, tanh
from seqterm.kernels.cuda.blas import add_product
from seqterm.kernels.cuda.compile import device, kernel, launch
from seqterm.kernels.cuda.persistent import (
    ALIGNED,
    TILE_COLUMNS,
    all_parts,
    come,
    give,
    give_part,
    load_weights,
    look_ahead,
    meet,
    multiply,
    place,
    place_of,
    room,
    share,
    split,
    wait,
)
from seqterm.kernels.cuda.plan import planned, run, scratch_of_parts
from seqterm.kernels.units.lstm import lstm_unit

forward, backward = map(device, lstm_unit(sigmoid, tanh))


@device
def lstm_forward(t, b, j, a, gates, lengths, h, c):
    """Writes unit j of row b of gates[t], h[t+1] and c[t+1] from its pre-activations a, and returns its h."""
    n = h.shape[2]
    if t < lengths[b]:
        i, f, o, g, c_new, h_new = forward(a[0], a[1], a[2], a[3], c[t, b, j])
        gates[t, b, j], gates[t, b, n + j], gates[t, b, 2 * n + j], gates[t, b, 3 * n + j] = i, f, o, g
    else:
        c_new, h_new = c[t, b, j], h[t, b, j]
    c[t + 1, b, j] = c_new
    h[t + 1, b, j] = h_new
    return h_new


@device
def lstm_backward(t, b, j, dh_next, dh, gates, c, lengths, cuts, dc_next):
    """dh_next: the gradient from later.  Replaces unit j of row b of gates[t] by da, and of dc_next; returns da and what reaches
    h[t] directly."""
    zero, n = dh.dtype.type(0), dh.shape[2]
    later, dc = (zero, zero) if cuts[t] else (dh_next, dc_next[b, j])
    total = dh[t, b, j] + later
    d_i, d_f, d_o, d_g, direct = zero, zero, zero, zero, total
    if t < lengths[b]:
        i, f, o, g = gates[t, b, j], gates[t, b, n + j], gates[t, b, 2 * n + j], gates[t, b, 3 * n + j]
        d_i, d_f, d_o, d_g, dc = backward(total, dc, i, f, o, g, c[t + 1, b, j], c[t, b, j])
        direct = zero
    gates[t, b, j], gates[t, b, n + j], gates[t, b, 2 * n + j], gates[t, b, 3 * n + j] = d_i, d_f, d_o, d_g
    dc_next[b, j] = dc
    return (d_i, d_f, d_o, d_g), direct


@kernel
def _step_forward(t, gates, lengths, h, c):
    i = cuda.grid(1)
    if i < h.shape[1] * h.shape[2]:
        n = h.shape[2]
        b, j = i // n, i % n
        a = gates[t, b, j], gates[t, b, n + j], gates[t, b, 2 * n + j], gates[t, b, 3 * n + j]
        lstm_forward(t, b, j, a, gates, lengths, h, c)


@kernel
def _step_backward(t, dh, gates, c, lengths, cuts, dh_next, dc_next):
    i = cuda.grid(1)
    if i < dh_next.size:
        b, j = i // dh_next.shape[1], i % dh_next.shape[1]
        _, dh_next[b, j] = lstm_backward(t, b, j, dh_next[b, j], dh, gates, c, lengths, cuts, dc_next)


@kernel
def _sequence_forward(w, gates, lengths, h, c, exchange, meeting, far, units, shape):
    (_, n_batch, n), (rows, columns, _, depth) = h.shape, shape
    group, groups, blocks, first_row, first, _ = place(n, units, rows, 1)
    unit, j, top, bottom, apart = share(n_batch, n, first_row, first, units, rows)
    memory = cuda.shared.array(0, h.dtype, ALIGNED)
    weights, sums = room(memory, far, blocks, depth * columns)
    load_weights(w, 4, n, first, 0, w.shape[0], shape, weights)
    give(h[0], first_row, j, top, bottom, apart, rows, exchange[group])
    for t in range(gates.shape[0]):
        come(meeting, group)
        look_ahead(gates, t, first_row, j, top, bottom, apart, n)
        wait(meeting, group, blocks * (t + 1))
        multiply(exchange[t % 2 * groups + group], weights, shape, sums)
        given = exchange[(t + 1) % 2 * groups + group]
        for row in range(top, bottom, apart):
            b, k, gate = first_row + row, place_of(shape, row, unit), units // TILE_COLUMNS
            a_i = gates[t, b, j] + sums[k]
            a_f = gates[t, b, n + j] + sums[k + gate]
            a_o = gates[t, b, 2 * n + j] + sums[k + 2 * gate]
            a_g = gates[t, b, 3 * n + j] + sums[k + 3 * gate]
            given[j * rows + row] = lstm_forward(t, b, j, (a_i, a_f, a_o, a_g), gates, lengths, h, c)


@kernel
def _sequence_backward(w, dh, gates, c, lengths, cuts, dh_next, dc_next, parts, exchange, meeting, far, units, shape):
    (n_batch, n), (rows, columns, _, depth), n_parts = dh_next.shape, shape, parts.shape[1]
    group, groups, blocks, first_row, first, part = place(n, units, rows, n_parts)
    unit, j, top, bottom, apart = share(n_batch, n, first_row, first + units // n_parts * part, units // n_parts, rows)
    memory = cuda.shared.array(0, dh.dtype, ALIGNED)
    weights, sums = room(memory, far, blocks, depth * columns)
    start, end = split(w.shape[0], part, n_parts)
    load_weights(w, 1, n, first, start, end, shape, weights)
    meetings = 0
    for done in range(gates.shape[0]):
        t = gates.shape[0] - 1 - done
        given = exchange[done % 2 * groups + group]
        for row in range(top, bottom, apart):
            b, k = first_row + row, j * rows + row
            later = dh_next[b, j]
            if done:
                later += all_parts(sums, shape, row, unit, j, parts[group])
            da, dh_next[b, j] = lstm_backward(t, b, j, later, dh, gates, c, lengths, cuts, dc_next)
            given[k], given[k + n * rows], given[k + 2 * n * rows], given[k + 3 * n * rows] = da
        meetings += 1
        come(meeting, group)
        look_ahead(gates, t - 1, first_row, j, top, bottom, apart, n)
        look_ahead(dh, t - 1, first_row, j, top, bottom, apart, n)
        look_ahead(c, t - 1, first_row, j, top, bottom, apart, n)
        wait(meeting, group, blocks * meetings)
        multiply(given[start * rows :], weights, shape, sums)
        if n_parts > 1:
            give_part(sums, shape, first, n, parts[group, part])
            meetings += 1
            meet(meeting, group, blocks * meetings)
    for row in range(top, bottom, apart):
        dh_next[first_row + row, j] += all_parts(sums, shape, row, unit, j, parts[group])


def lstm_sequence_forward(gates, w_h, lengths, h, c):
    """gates (T, B, 4H): x W_x + b on entry, the gates on return; w_h (H, 4H); lengths (B,).

    Writes h[1:] and c[1:] of h, c (T+1, B, H), whose first rows are the initial state.
    """
    n_batch, n = h.shape[1:]
    plan = planned(n_batch, n, ((n, 4),), h.dtype)
    if plan:
        run(_sequence_forward, plan, w_h, gates, lengths, h, c)
        return
    for t in range(gates.shape[0]):
        add_product(h[t], w_h, gates[t])
        launch(_step_forward, h[t].size, t, gates, lengths, h, c)


def lstm_sequence_backward(dh, gates, c, w_h, lengths, cuts, dh_next, dc_next):
    """dh (T, B, H) from above; gates and c as forward left them; w_h: W_h^T; cuts (T,): where what comes later is dropped.

    Replaces gates by da (T, B, 4H), the gradient of the pre-activations; dh_next, dc_next (B, H) hold the gradients of the final
    state on entry, of the initial one on return.
    """
    n_batch, n = dh_next.shape
    plan = planned(n_batch, n, ((4 * n, 1),), dh.dtype, most_parts=4)
    if plan:
        run(_sequence_backward, plan, w_h, dh, gates, c, lengths, cuts, dh_next, dc_next, scratch_of_parts(plan, n))
        return
    for t in range(gates.shape[0] - 1, -1, -1):
        launch(_step_backward, dh_next.size, t, dh, gates, c, lengths, cuts, dh_next, dc_next)
        add_product(gates[t], w_h, dh_next)
