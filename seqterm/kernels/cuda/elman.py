"""Elman loops over time.  `relu` chooses the activation.

T time, B batch, H hidden.  Rows past their length keep their state and have no gradient of their own.
"""

from numba import cuda

from seqterm.kernels.cuda.activation import relu as relu_of
from seqterm.kernels.cuda.activation import step, tanh
from seqterm.kernels.cuda.blas import add_product
from seqterm.kernels.cuda.compile import device, kernel, launch
from seqterm.kernels.units.elman import elman_relu_unit, elman_tanh_unit

tanh_forward, tanh_backward = map(device, elman_tanh_unit(tanh))
relu_forward, relu_backward = map(device, elman_relu_unit(relu_of, step))


@device
def elman_forward(t, b, j, a, relu, lengths, h):
    """Writes unit j of row b of h[t+1] from its pre-activation a, and returns it."""
    if t >= lengths[b]:
        y = h[t, b, j]
    elif relu:
        y = relu_forward(a)
    else:
        y = tanh_forward(a)
    h[t + 1, b, j] = y
    return y


@device
def elman_backward(t, b, j, dh_next, dh, h, relu, lengths, cuts, da):
    """dh_next: the gradient from later.  Writes da[t, b, j] and returns it, and what reaches h[t] directly."""
    zero = dh.dtype.type(0)
    later = zero if cuts[t] else dh_next
    total = dh[t, b, j] + later
    if t >= lengths[b]:
        d, direct = zero, total
    elif relu:
        d, direct = relu_backward(total, h[t + 1, b, j]), zero
    else:
        d, direct = tanh_backward(total, h[t + 1, b, j]), zero
    da[t, b, j] = d
    return d, direct


@kernel
def _step_forward(t, a, relu, lengths, h):
    i = cuda.grid(1)
    if i < h.shape[1] * h.shape[2]:
        b, j = i // h.shape[2], i % h.shape[2]
        elman_forward(t, b, j, a[t, b, j], relu, lengths, h)


@kernel
def _step_backward(t, dh, h, relu, lengths, cuts, da, dh_next):
    i = cuda.grid(1)
    if i < dh_next.size:
        b, j = i // dh_next.shape[1], i % dh_next.shape[1]
        _, dh_next[b, j] = elman_backward(t, b, j, dh_next[b, j], dh, h, relu, lengths, cuts, da)


def elman_sequence_forward(a, w_h, relu, lengths, h):
    """a (T, B, H): x W_x + b on entry, overwritten; w_h (H, H); lengths (B,).

    Writes h[1:] of h (T+1, B, H), whose h[0] is the initial state.
    """
    for t in range(a.shape[0]):
        add_product(h[t], w_h, a[t])
        launch(_step_forward, h[t].size, t, a, relu, lengths, h)


def elman_sequence_backward(dh, h, w_h, relu, lengths, cuts, da, dh_next):
    """dh (T, B, H) from above; h (T+1, B, H); w_h: W_h^T; cuts (T,): where what comes later is dropped.

    Writes da (T, B, H), the gradient of a; dh_next (B, H) holds the gradient of the final state on entry,
    of the initial one on return.
    """
    for t in range(da.shape[0] - 1, -1, -1):
        launch(_step_backward, dh_next.size, t, dh, h, relu, lengths, cuts, da, dh_next)
        add_product(da[t], w_h, dh_next)
