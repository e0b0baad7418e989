"""One unit of one row of a GRU in one step: what its loops over time do in whatever way they share out units."""

from seqterm.kernels.cuda.activation import sigmoid, tanh
from seqterm.kernels.cuda.compile import device
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
