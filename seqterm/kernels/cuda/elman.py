"""Elman loops over time.  `relu` chooses the activation.

T time, B batch, H hidden.  Rows past their length keep their state and have no gradient of their own.
"""

from numba import cuda

from seqterm.kernels.cuda.activation import relu as relu_of
from seqterm.kernels.cuda.activation import step, tanh
from seqterm.kernels.cuda.blas import add_product
from seqterm.kernels.cuda.compile import device, kernel, launch
from seqterm.kernels.cuda.persistent import (
    ALIGNED,
    come,
    give,
    load_weights,
    look_ahead,
    multiply,
    place,
    place_of,
    room,
    share,
    wait,
)
from seqterm.kernels.cuda.plan import planned, run
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


@kernel
def _sequence_forward(w, a, relu, lengths, h, exchange, meeting, far, units, shape):
    (_, n_batch, n), (rows, columns, _, depth) = h.shape, shape
    group, groups, blocks, first_row, first, _ = place(n, units, rows, 1)
    unit, j, top, bottom, apart = share(n_batch, n, first_row, first, units, rows)
    memory = cuda.shared.array(0, h.dtype, ALIGNED)
    weights, sums = room(memory, far, blocks, depth * columns)
    load_weights(w, 1, n, first, 0, w.shape[0], shape, weights)
    give(h[0], first_row, j, top, bottom, apart, rows, exchange[group])
    for t in range(a.shape[0]):
        come(meeting, group)
        look_ahead(a, t, first_row, j, top, bottom, apart, n)
        wait(meeting, group, blocks * (t + 1))
        multiply(exchange[t % 2 * groups + group], weights, shape, sums)
        given = exchange[(t + 1) % 2 * groups + group]
        for row in range(top, bottom, apart):
            b = first_row + row
            own = a[t, b, j] + sums[place_of(shape, row, unit)]
            given[j * rows + row] = elman_forward(t, b, j, own, relu, lengths, h)


@kernel
def _sequence_backward(w, dh, h, relu, lengths, cuts, da, dh_next, exchange, meeting, far, units, shape):
    (n_batch, n), (rows, columns, _, depth) = dh_next.shape, shape
    group, groups, blocks, first_row, first, _ = place(n, units, rows, 1)
    unit, j, top, bottom, apart = share(n_batch, n, first_row, first, units, rows)
    memory = cuda.shared.array(0, dh.dtype, ALIGNED)
    weights, sums = room(memory, far, blocks, depth * columns)
    load_weights(w, 1, n, first, 0, w.shape[0], shape, weights)
    for done in range(da.shape[0]):
        t = da.shape[0] - 1 - done
        given = exchange[done % 2 * groups + group]
        for row in range(top, bottom, apart):
            b = first_row + row
            later = dh_next[b, j]
            if done:
                later += sums[place_of(shape, row, unit)]
            d, dh_next[b, j] = elman_backward(t, b, j, later, dh, h, relu, lengths, cuts, da)
            given[j * rows + row] = d
        come(meeting, group)
        look_ahead(dh, t - 1, first_row, j, top, bottom, apart, n)
        look_ahead(h, t, first_row, j, top, bottom, apart, n)
        wait(meeting, group, blocks * (done + 1))
        multiply(given, weights, shape, sums)
    for row in range(top, bottom, apart):
        dh_next[first_row + row, j] += sums[place_of(shape, row, unit)]


def elman_sequence_forward(a, w_h, relu, lengths, h):
    """a (T, B, H): x W_x + b on entry, overwritten; w_h (H, H); lengths (B,).

    Writes h[1:] of h (T+1, B, H), whose h[0] is the initial state.
    """
    n_batch, n = h.shape[1:]
    plan = planned(n_batch, n, ((n, 1),), h.dtype)
    if plan:
        run(_sequence_forward, plan, w_h, a, relu, lengths, h)
        return
    for t in range(a.shape[0]):
        add_product(h[t], w_h, a[t])
        launch(_step_forward, h[t].size, t, a, relu, lengths, h)


def elman_sequence_backward(dh, h, w_h, relu, lengths, cuts, da, dh_next):
    """dh (T, B, H) from above; h (T+1, B, H); w_h: W_h^T; cuts (T,): where what comes later is dropped.

    Writes da (T, B, H), the gradient of a; dh_next (B, H) holds the gradient of the final state on entry,
    of the initial one on return.
    """
    n_batch, n = dh_next.shape
    plan = planned(n_batch, n, ((n, 1),), dh.dtype)
    if plan:
        run(_sequence_backward, plan, w_h, dh, h, relu, lengths, cuts, da, dh_next)
        return
    for t in range(da.shape[0] - 1, -1, -1):
        launch(_step_backward, dh_next.size, t, dh, h, relu, lengths, cuts, da, dh_next)
        add_product(da[t], w_h, dh_next)
