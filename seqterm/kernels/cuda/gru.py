"""GRU loops over time, with the reset after the recurrent product or before it.  Gates stand in the order R Z G.

T time, B batch, H hidden.  `keep` is the sense of the update gate.  Rows past their length keep their state and have no
gradient of their own.
"""

from numba import cuda

from seqterm.kernels.cuda.activation import sigmoid, tanh
from seqterm.kernels.cuda.blas import add_product, write_product
from seqterm.kernels.cuda.compile import device, kernel, launch, scratch
from seqterm.kernels.cuda.dense import fill_rows
from seqterm.kernels.units.gru import gru_after_unit, gru_candidate_unit, gru_gates_unit, gru_mix_unit

mix_forward, mix_backward = map(device, gru_mix_unit())
after_forward, after_backward = map(device, gru_after_unit(sigmoid, tanh))
gates_forward, gates_backward = map(device, gru_gates_unit(sigmoid))
candidate_forward, candidate_backward = map(device, gru_candidate_unit(tanh))


@device
def after_unit_forward(t, b, j, s_r, s_z, s, gates, keep, lengths, h, s_g):
    """Writes unit j of row b of gates[t], h[t+1] and s_g[t] from the recurrent parts, and returns its h."""
    n, y = h.shape[2], h[t, b, j]
    if t < lengths[b]:
        r, z, g = after_forward(gates[t, b, j], gates[t, b, n + j], gates[t, b, 2 * n + j], s_r, s_z, s)
        gates[t, b, j], gates[t, b, n + j], gates[t, b, 2 * n + j] = r, z, g
        s_g[t, b, j] = s
        y = mix_forward(z, g, y, keep)
    h[t + 1, b, j] = y
    return y


@device
def after_unit_backward(t, b, j, dh_next, dh, gates, s_g, h, keep, lengths, cuts, ds):
    """dh_next: the gradient from later.  Replaces unit j of row b of gates[t] by da and writes that of ds[t]; returns ds and what
    reaches h[t] directly."""
    zero, n = dh.dtype.type(0), dh.shape[2]
    later = zero if cuts[t] else dh_next
    direct = dh[t, b, j] + later
    d_r, d_z, d_g, ds_g = zero, zero, zero, zero
    if t < lengths[b]:
        r, z, g = gates[t, b, j], gates[t, b, n + j], gates[t, b, 2 * n + j]
        dz, dg, direct = mix_backward(direct, z, g, h[t, b, j], keep)
        d_r, d_z, d_g, ds_g = after_backward(dz, dg, r, z, g, s_g[t, b, j])
    gates[t, b, j], gates[t, b, n + j], gates[t, b, 2 * n + j] = d_r, d_z, d_g
    ds[t, b, j], ds[t, b, n + j], ds[t, b, 2 * n + j] = d_r, d_z, ds_g
    return (d_r, d_z, ds_g), direct


@device
def gates_unit_forward(t, b, j, a_r, a_z, gates, h, reset):
    """Writes unit j of row b of R and Z in gates[t] and of reset[t], and returns the latter."""
    n = h.shape[2]
    r, z, y = gates_forward(a_r, a_z, h[t, b, j])
    gates[t, b, j], gates[t, b, n + j], reset[t, b, j] = r, z, y
    return y


@device
def candidate_unit_forward(t, b, j, a_g, gates, keep, lengths, h):
    """Writes unit j of row b of G in gates[t] and of h[t+1], and returns the latter."""
    n, y = h.shape[2], h[t, b, j]
    if t < lengths[b]:
        g = candidate_forward(a_g)
        gates[t, b, 2 * n + j] = g
        y = mix_forward(gates[t, b, n + j], g, y, keep)
    h[t + 1, b, j] = y
    return y


@device
def candidate_unit_backward(t, b, j, dh_next, dh, gates, h, keep, lengths, cuts):
    """dh_next: the gradient from later.  Replaces G by da_g and Z by dz, its own gradient taken later; returns da_g, dz and what
    reaches h[t] directly."""
    zero, n = dh.dtype.type(0), dh.shape[2]
    later = zero if cuts[t] else dh_next
    direct = dh[t, b, j] + later
    d_g, dz = zero, zero
    if t < lengths[b]:
        g = gates[t, b, 2 * n + j]
        dz, dg, direct = mix_backward(direct, gates[t, b, n + j], g, h[t, b, j], keep)
        d_g = candidate_backward(dg, g)
    gates[t, b, 2 * n + j] = d_g
    return d_g, dz, direct


@device
def gates_unit_backward(t, b, j, dreset, dz, direct, gates, h, lengths):
    """Replaces R and Z in gates[t] by da_r and da_z; returns these and what reaches h[t] directly."""
    zero, n = h.dtype.type(0), h.shape[2]
    d_r, d_z = zero, zero
    if t < lengths[b]:
        d_r, d_z, more = gates_backward(dz, dreset, gates[t, b, j], gates[t, b, n + j], h[t, b, j])
        direct += more
    gates[t, b, j], gates[t, b, n + j] = d_r, d_z
    return (d_r, d_z), direct


@kernel
def _after_step_forward(t, s, gates, keep, lengths, h, s_g):
    i, n = cuda.grid(1), h.shape[2]
    if i < h.shape[1] * n:
        b, j = i // n, i % n
        after_unit_forward(t, b, j, s[b, j], s[b, n + j], s[b, 2 * n + j], gates, keep, lengths, h, s_g)


@kernel
def _after_step_backward(t, dh, gates, s_g, h, keep, lengths, cuts, ds, dh_next):
    i = cuda.grid(1)
    if i < dh_next.size:
        b, j = i // dh_next.shape[1], i % dh_next.shape[1]
        _, dh_next[b, j] = after_unit_backward(t, b, j, dh_next[b, j], dh, gates, s_g, h, keep, lengths, cuts, ds)


@kernel
def _gates_step_forward(t, gates, h, reset):
    i, n = cuda.grid(1), h.shape[2]
    if i < h.shape[1] * n:
        b, j = i // n, i % n
        gates_unit_forward(t, b, j, gates[t, b, j], gates[t, b, n + j], gates, h, reset)


@kernel
def _candidate_step_forward(t, gates, keep, lengths, h):
    i, n = cuda.grid(1), h.shape[2]
    if i < h.shape[1] * n:
        b, j = i // n, i % n
        candidate_unit_forward(t, b, j, gates[t, b, 2 * n + j], gates, keep, lengths, h)


@kernel
def _candidate_step_backward(t, dh, gates, h, keep, lengths, cuts, dz, dh_next):
    i = cuda.grid(1)
    if i < dh_next.size:
        b, j = i // dh_next.shape[1], i % dh_next.shape[1]
        _, dz[b, j], dh_next[b, j] = candidate_unit_backward(t, b, j, dh_next[b, j], dh, gates, h, keep, lengths, cuts)


@kernel
def _gates_step_backward(t, dreset, dz, gates, h, lengths, dh_next):
    i = cuda.grid(1)
    if i < dh_next.size:
        b, j = i // dh_next.shape[1], i % dh_next.shape[1]
        _, dh_next[b, j] = gates_unit_backward(t, b, j, dreset[b, j], dz[b, j], dh_next[b, j], gates, h, lengths)


def gru_after_sequence_forward(gates, w_h, b_h, keep, lengths, h, s_g):
    """gates (T, B, 3H): x W_x + b on entry, R Z G on return; w_h (H, 3H), b_h (3H,); lengths (B,).

    Writes h[1:] of h (T+1, B, H), whose h[0] is the initial state, and s_g (T, B, H), the candidate's recurrent part.
    """
    s = scratch("recurrent", gates.shape[1:], gates.dtype)
    for t in range(gates.shape[0]):
        fill_rows(b_h, s)
        add_product(h[t], w_h, s)
        launch(_after_step_forward, h[t].size, t, s, gates, keep, lengths, h, s_g)


def gru_after_sequence_backward(dh, gates, s_g, h, w_h, keep, lengths, cuts, ds, dh_next):
    """dh (T, B, H) from above; gates, s_g, h as forward left them; w_h: W_h^T; cuts (T,): where what comes later is dropped.

    Replaces gates by da and writes ds (T, B, 3H), the gradients of x W_x + b and of h_prev W_h + b_h; dh_next (B, H) holds the
    gradient of the final state on entry, of the initial one on return.
    """
    for t in range(gates.shape[0] - 1, -1, -1):
        launch(_after_step_backward, dh_next.size, t, dh, gates, s_g, h, keep, lengths, cuts, ds, dh_next)
        add_product(ds[t], w_h, dh_next)


def gru_before_sequence_forward(gates, w_gates, w_candidate, keep, lengths, h, reset):
    """gates (T, B, 3H): x W_x + b on entry, R Z G on return; w_gates (H, 2H), w_candidate (H, H); lengths (B,).

    Writes h[1:] of h (T+1, B, H), whose h[0] is the initial state, and reset = r*h_prev (T, B, H).
    """
    n = 2 * h.shape[2]
    for t in range(gates.shape[0]):
        add_product(h[t], w_gates, gates[t, :, :n])
        launch(_gates_step_forward, h[t].size, t, gates, h, reset)
        add_product(reset[t], w_candidate, gates[t, :, n:])
        launch(_candidate_step_forward, h[t].size, t, gates, keep, lengths, h)


def gru_before_sequence_backward(dh, gates, h, w_gates, w_candidate, keep, lengths, cuts, dh_next):
    """dh (T, B, H) from above; gates, h as forward left them; w_gates, w_candidate: transposed; cuts (T,): where what comes later
    is dropped.

    Replaces gates by da (T, B, 3H), the gradient of the pre-activations; dh_next (B, H) holds the gradient of the final state on
    entry, of the initial one on return.
    """
    n = 2 * h.shape[2]
    dz, dreset = (scratch(name, dh_next.shape, dh_next.dtype) for name in ("dz", "dreset"))
    for t in range(gates.shape[0] - 1, -1, -1):
        launch(_candidate_step_backward, dh_next.size, t, dh, gates, h, keep, lengths, cuts, dz, dh_next)
        write_product(gates[t, :, n:], w_candidate, dreset)
        launch(_gates_step_backward, dh_next.size, t, dreset, dz, gates, h, lengths, dh_next)
        add_product(gates[t, :, :n], w_gates, dh_next)
