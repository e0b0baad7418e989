"""LSTM loops over time.  Gates stand in the order I F O G.

T time, B batch, H hidden.  Rows past their length keep their state and have no gradient of their own.
"""

from seqterm.kernels.cpu.activation import sigmoid, tanh
from seqterm.kernels.cpu.compile import inlined, kernel, part
from seqterm.kernels.cpu.product import add_product
from seqterm.kernels.cpu.team import add_shared_product, meet, share
from seqterm.kernels.units.lstm import lstm_unit

forward, backward = map(inlined, lstm_unit(sigmoid, tanh))


@part
def lstm_row_forward(gates, c_prev, c, h):
    """gates (4H,): pre-activations on entry, gates on return; writes c, h (H,)"""
    n = h.shape[0]
    i, f, o, g = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    for j in range(n):
        i[j], f[j], o[j], g[j], c[j], h[j] = forward(i[j], f[j], o[j], g[j], c_prev[j])


@part
def lstm_row_backward(dh, dh_next, dc_next, gates, c, c_prev):
    """dh from above, dh_next from later (H,); dc_next (H,) is replaced by dc_prev, gates (4H,) by da"""
    n = dh.shape[0]
    i, f, o, g = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    for j in range(n):
        i[j], f[j], o[j], g[j], dc_next[j] = backward(dh[j] + dh_next[j], dc_next[j], i[j], f[j], o[j], g[j], c[j], c_prev[j])


@kernel
def lstm_sequence_forward(gates, w_h, lengths, h, c):
    """gates (T, B, 4H): x W_x + b on entry, the gates on return; w_h (H, 4H) packed; lengths (B,).

    Writes h[1:] and c[1:] of h, c (T+1, B, H), whose first rows are the initial state.
    """
    for t in range(gates.shape[0]):
        add_product(h[t], w_h, gates[t])
        for b in range(gates.shape[1]):
            if t < lengths[b]:
                lstm_row_forward(gates[t, b], c[t, b], c[t + 1, b], h[t + 1, b])
            else:
                h[t + 1, b], c[t + 1, b] = h[t, b], c[t, b]


@kernel
def lstm_sequence_backward(dh, gates, c, w_h, lengths, cuts, dh_next, dc_next):
    """dh (T, B, H) from above; gates and c as forward left them; w_h: W_h^T packed; cuts (T,): where what comes later is dropped.

    Replaces gates by da (T, B, 4H), the gradient of the pre-activations; dh_next, dc_next (B, H) hold the gradients of the final
    state on entry, of the initial one on return.
    """
    for t in range(gates.shape[0] - 1, -1, -1):
        if cuts[t]:
            dh_next[:], dc_next[:] = 0, 0
        for b in range(gates.shape[1]):
            if t < lengths[b]:
                lstm_row_backward(dh[t, b], dh_next[b], dc_next[b], gates[t, b], c[t + 1, b], c[t, b])
                dh_next[b] = 0
            else:
                gates[t, b] = 0
                dh_next[b] += dh[t, b]
        add_product(gates[t], w_h, dh_next)


@kernel
def lstm_step(a, w_h, state, layer, state_out, team):
    """A worker's share of one step, nothing kept for a backward pass.

    a (B, 4H): x W_x + b, of which the worker has made its columns; overwritten.  w_h packed; state, state_out (B, L, 2, H): h, c.
    """
    add_shared_product(state[:, layer, 0], w_h, a, team)
    meet(team)
    for b in range(*share(a.shape[0], team)):
        lstm_row_forward(a[b], state[b, layer, 1], state_out[b, layer, 1], state_out[b, layer, 0])
