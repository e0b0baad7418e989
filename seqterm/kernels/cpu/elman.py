"""Elman loops over time.  `relu` chooses the activation.

T time, B batch, H hidden.  Rows past their length keep their state and have no gradient of their own.
"""

from seqterm.kernels.cpu.activation import relu as relu_of
from seqterm.kernels.cpu.activation import step, tanh
from seqterm.kernels.cpu.compile import inlined, kernel, part
from seqterm.kernels.cpu.product import add_product
from seqterm.kernels.cpu.team import add_shared_product, meet, share
from seqterm.kernels.units.elman import elman_relu_unit, elman_tanh_unit

tanh_forward, tanh_backward = map(inlined, elman_tanh_unit(tanh))
relu_forward, relu_backward = map(inlined, elman_relu_unit(relu_of, step))


@part
def elman_row_forward(a, relu, h):
    """a (H,) -> writes h (H,)"""
    if relu:
        for j in range(h.shape[0]):
            h[j] = relu_forward(a[j])
    else:
        for j in range(h.shape[0]):
            h[j] = tanh_forward(a[j])


@part
def elman_row_backward(dh, dh_next, h, relu, da):
    """dh (H,) from above, dh_next (H,) from later, h (H,) -> writes da (H,)"""
    if relu:
        for j in range(h.shape[0]):
            da[j] = relu_backward(dh[j] + dh_next[j], h[j])
    else:
        for j in range(h.shape[0]):
            da[j] = tanh_backward(dh[j] + dh_next[j], h[j])


@kernel
def elman_sequence_forward(a, w_h, relu, lengths, h):
    """a (T, B, H): x W_x + b on entry, with h_prev W_h added on return; w_h (H, H) packed; lengths (B,).

    Writes h[1:] of h (T+1, B, H), whose h[0] is the initial state.
    """
    for t in range(a.shape[0]):
        add_product(h[t], w_h, a[t])
        for b in range(a.shape[1]):
            if t < lengths[b]:
                elman_row_forward(a[t, b], relu, h[t + 1, b])
            else:
                h[t + 1, b] = h[t, b]


@kernel
def elman_sequence_backward(dh, h, w_h, relu, lengths, cuts, da, dh_next):
    """dh (T, B, H) from above; h (T+1, B, H); w_h: W_h^T packed; cuts (T,): where what comes later is dropped.

    Writes da (T, B, H), the gradient of a; dh_next (B, H) holds the gradient of the final state on entry,
    of the initial one on return.
    """
    for t in range(da.shape[0] - 1, -1, -1):
        if cuts[t]:
            dh_next[:] = 0
        for b in range(da.shape[1]):
            if t < lengths[b]:
                elman_row_backward(dh[t, b], dh_next[b], h[t + 1, b], relu, da[t, b])
                dh_next[b] = 0
            else:
                da[t, b] = 0
                dh_next[b] += dh[t, b]
        add_product(da[t], w_h, dh_next)


@kernel
def elman_step(a, w_h, relu, state, layer, state_out, team):
    """A worker's share of one step, nothing kept for a backward pass.

    a (B, H): x W_x + b, of which the worker has made its columns; overwritten.  w_h packed; state, state_out (B, L, 1, H).
    """
    add_shared_product(state[:, layer, 0], w_h, a, team)
    meet(team)
    for b in range(*share(a.shape[0], team)):
        elman_row_forward(a[b], relu, state_out[b, layer, 0])
