"""GRU loops over time, with the reset after the recurrent product or before it.  Gates stand in the order R Z G.

T time, B batch, H hidden.  `keep` is the sense of the update gate.  Rows past their length keep their state and have no
gradient of their own.
"""

import numpy as np

from seqterm.kernels.cpu.activation import sigmoid, tanh
from seqterm.kernels.cpu.compile import inlined, kernel, part
from seqterm.kernels.cpu.dense import fill_rows
from seqterm.kernels.cpu.product import add_product
from seqterm.kernels.cpu.team import add_shared_product, meet, share, share_columns
from seqterm.kernels.units.gru import gru_after_unit, gru_candidate_unit, gru_gates_unit, gru_mix_unit

mix_forward, mix_backward = map(inlined, gru_mix_unit())
after_forward, after_backward = map(inlined, gru_after_unit(sigmoid, tanh))
gates_forward, gates_backward = map(inlined, gru_gates_unit(sigmoid))
candidate_forward, candidate_backward = map(inlined, gru_candidate_unit(tanh))


@part
def gru_after_row_forward(gates, s, h_prev, keep, h):
    """gates (3H,): the input's part on entry, R Z G on return; s (3H,): the recurrent part; writes h (H,)"""
    n = h.shape[0]
    r, z, g = gates[:n], gates[n : 2 * n], gates[2 * n :]
    s_r, s_z, s_g = s[:n], s[n : 2 * n], s[2 * n :]
    for j in range(n):
        r[j], z[j], g[j] = after_forward(r[j], z[j], g[j], s_r[j], s_z[j], s_g[j])
        h[j] = mix_forward(z[j], g[j], h_prev[j], keep)


@part
def gru_after_row_backward(dh, dh_next, gates, s_g, h_prev, keep, ds):
    """dh from above; dh_next (H,) from later is replaced by what reaches h_prev directly, gates (3H,) by da; writes ds (3H,)"""
    n = dh.shape[0]
    r, z, g = gates[:n], gates[n : 2 * n], gates[2 * n :]
    ds_r, ds_z, ds_g = ds[:n], ds[n : 2 * n], ds[2 * n :]
    for j in range(n):
        dz, dg, dh_next[j] = mix_backward(dh[j] + dh_next[j], z[j], g[j], h_prev[j], keep)
        r[j], z[j], g[j], ds_g[j] = after_backward(dz, dg, r[j], z[j], g[j], s_g[j])
        ds_r[j], ds_z[j] = r[j], z[j]


@kernel
def gru_after_sequence_forward(gates, w_h, b_h, keep, lengths, h, s_g):
    """gates (T, B, 3H): x W_x + b on entry, R Z G on return; w_h (H, 3H) packed, b_h (3H,); lengths (B,).

    Writes h[1:] of h (T+1, B, H), whose h[0] is the initial state, and s_g (T, B, H), the candidate's recurrent part.
    """
    n_batch, n = h.shape[1:]
    s = np.empty((n_batch, 3 * n), h.dtype)
    for t in range(gates.shape[0]):
        fill_rows(b_h, s)
        add_product(h[t], w_h, s)
        for b in range(n_batch):
            if t < lengths[b]:
                gru_after_row_forward(gates[t, b], s[b], h[t, b], keep, h[t + 1, b])
                s_g[t, b] = s[b, 2 * n :]
            else:
                h[t + 1, b] = h[t, b]


@kernel
def gru_after_sequence_backward(dh, gates, s_g, h, w_h, keep, lengths, cuts, ds, dh_next):
    """dh (T, B, H) from above; gates, s_g, h as forward left them; w_h: W_h^T packed; cuts (T,): where what comes later
    is dropped.

    Replaces gates by da and writes ds (T, B, 3H), the gradients of x W_x + b and of h_prev W_h + b_h; dh_next (B, H) holds the
    gradient of the final state on entry, of the initial one on return.
    """
    for t in range(gates.shape[0] - 1, -1, -1):
        if cuts[t]:
            dh_next[:] = 0
        for b in range(gates.shape[1]):
            if t < lengths[b]:
                gru_after_row_backward(dh[t, b], dh_next[b], gates[t, b], s_g[t, b], h[t, b], keep, ds[t, b])
            else:
                gates[t, b], ds[t, b] = 0, 0
                dh_next[b] += dh[t, b]
        add_product(ds[t], w_h, dh_next)


@part
def gru_gates_row_forward(gates, h_prev, reset):
    """gates (2H,): pre-activations on entry, R Z on return; writes reset = r*h_prev (H,)"""
    n = h_prev.shape[0]
    r, z = gates[:n], gates[n:]
    for j in range(n):
        r[j], z[j], reset[j] = gates_forward(r[j], z[j], h_prev[j])


@part
def gru_candidate_row_forward(gates, h_prev, keep, h):
    """gates (3H,): R Z and the candidate's pre-activation on entry, R Z G on return; writes h (H,)"""
    n = h.shape[0]
    z, g = gates[n : 2 * n], gates[2 * n :]
    for j in range(n):
        g[j] = candidate_forward(g[j])
        h[j] = mix_forward(z[j], g[j], h_prev[j], keep)


@part
def gru_candidate_row_backward(dh, dh_next, gates, h_prev, keep, dz):
    """dh_next (H,) is replaced by what reaches h_prev directly, the candidate in gates (3H,) by da_g; writes dz (H,)"""
    n = dh.shape[0]
    z, g = gates[n : 2 * n], gates[2 * n :]
    for j in range(n):
        dz[j], dg, dh_next[j] = mix_backward(dh[j] + dh_next[j], z[j], g[j], h_prev[j], keep)
        g[j] = candidate_backward(dg, g[j])


@part
def gru_gates_row_backward(dreset, dz, gates, h_prev, dh_next):
    """dreset, dz (H,): replaces R Z in gates (3H,) by da_r and da_z, adds to dh_next (H,)"""
    n = h_prev.shape[0]
    r, z = gates[:n], gates[n : 2 * n]
    for j in range(n):
        r[j], z[j], dh = gates_backward(dz[j], dreset[j], r[j], z[j], h_prev[j])
        dh_next[j] += dh


@kernel
def gru_before_sequence_forward(gates, w_gates, w_candidate, keep, lengths, h, reset):
    """gates (T, B, 3H): x W_x + b on entry, R Z G on return; w_gates (H, 2H), w_candidate (H, H) packed; lengths (B,).

    Writes h[1:] of h (T+1, B, H), whose h[0] is the initial state, and reset = r*h_prev (T, B, H).
    """
    n_batch, n = h.shape[1:]
    for t in range(gates.shape[0]):
        add_product(h[t], w_gates, gates[t, :, : 2 * n])
        for b in range(n_batch):
            gru_gates_row_forward(gates[t, b, : 2 * n], h[t, b], reset[t, b])
        add_product(reset[t], w_candidate, gates[t, :, 2 * n :])
        for b in range(n_batch):
            if t < lengths[b]:
                gru_candidate_row_forward(gates[t, b], h[t, b], keep, h[t + 1, b])
            else:
                h[t + 1, b] = h[t, b]


@kernel
def gru_before_sequence_backward(dh, gates, h, w_gates, w_candidate, keep, lengths, cuts, dh_next):
    """dh (T, B, H) from above; gates, h as forward left them; w_gates, w_candidate: transposed and packed; cuts (T,): where what
    comes later is dropped.

    Replaces gates by da (T, B, 3H), the gradient of the pre-activations; dh_next (B, H) holds the gradient of the final state on
    entry, of the initial one on return.
    """
    n_batch, n = h.shape[1:]
    dreset, dz = np.empty((n_batch, n), h.dtype), np.empty((n_batch, n), h.dtype)
    for t in range(gates.shape[0] - 1, -1, -1):
        if cuts[t]:
            dh_next[:] = 0
        for b in range(n_batch):
            if t < lengths[b]:
                gru_candidate_row_backward(dh[t, b], dh_next[b], gates[t, b], h[t, b], keep, dz[b])
            else:
                gates[t, b] = 0
                dh_next[b] += dh[t, b]
        dreset[:] = 0
        add_product(gates[t, :, 2 * n :], w_candidate, dreset)
        for b in range(n_batch):
            if t < lengths[b]:
                gru_gates_row_backward(dreset[b], dz[b], gates[t, b], h[t, b], dh_next[b])
        add_product(gates[t, :, : 2 * n], w_gates, dh_next)


@kernel
def gru_after_step(a, w_h, b_h, keep, state, layer, state_out, recurrent, team):
    """A worker's share of one step, nothing kept for a backward pass.

    a (B, 3H): x W_x + b, of which the worker has made its columns; overwritten, as is recurrent (B, 3H).  w_h packed;
    state, state_out (B, L, 1, H).
    """
    first, end = share_columns(recurrent, team)
    fill_rows(b_h[first:end], recurrent[:, first:end])
    add_shared_product(state[:, layer, 0], w_h, recurrent, team)
    meet(team)
    for b in range(*share(a.shape[0], team)):
        gru_after_row_forward(a[b], recurrent[b], state[b, layer, 0], keep, state_out[b, layer, 0])


@kernel
def gru_before_step(a, w_gates, w_candidate, keep, state, layer, state_out, recurrent, team):
    """As gru_after_step, with W_h's R Z columns and its G columns packed apart."""
    n = state.shape[3]
    first, end = share(a.shape[0], team)
    meet(team)
    add_shared_product(state[:, layer, 0], w_gates, a[:, : 2 * n], team)
    meet(team)
    for b in range(first, end):
        gru_gates_row_forward(a[b, : 2 * n], state[b, layer, 0], recurrent[b, :n])
    meet(team)
    add_shared_product(recurrent[:, :n], w_candidate, a[:, 2 * n :], team)
    meet(team)
    for b in range(first, end):
        gru_candidate_row_forward(a[b], state[b, layer, 0], keep, state_out[b, layer, 0])
