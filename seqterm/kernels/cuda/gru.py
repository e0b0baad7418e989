"""GRU loops over time, with the reset after the recurrent product or before it.  Gates stand in the order R Z G.

T time, B batch, H hidden.  `keep` is the sense of the update gate.  Rows past their length keep their state and have no
gradient of their own.
"""

from numba import cuda

from seqterm.kernels.cuda.blas import add_product, write_product
from seqterm.kernels.cuda.compile import kernel, launch, scratch
from seqterm.kernels.cuda.dense import fill_rows
from seqterm.kernels.cuda.gru_units import (
    after_unit_backward,
    after_unit_forward,
    candidate_unit_backward,
    candidate_unit_forward,
    gates_unit_backward,
    gates_unit_forward,
)
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


@kernel
def _after_forward(w, b_h, gates, keep, lengths, h, s_g, exchange, meeting, far, units, shape):
    (_, n_batch, n), (rows, columns, _, depth), zero = h.shape, shape, h.dtype.type(0)
    group, groups, blocks, first_row, first, _ = place(n, units, rows, 1)
    unit, j, top, bottom, apart = share(n_batch, n, first_row, first, units, rows)
    memory = cuda.shared.array(0, h.dtype, ALIGNED)
    weights, sums = room(memory, far, blocks, depth * columns)
    load_weights(w, 3, n, first, 0, w.shape[0], shape, weights)
    give(h[0], first_row, j, top, bottom, apart, rows, exchange[group])
    for t in range(gates.shape[0]):
        come(meeting, group)
        look_ahead(gates, t, first_row, j, top, bottom, apart, n)
        wait(meeting, group, blocks * (t + 1))
        multiply(exchange[t % 2 * groups + group], weights, shape, sums)
        given = exchange[(t + 1) % 2 * groups + group]
        for row in range(top, bottom, apart):
            b, k, gate = first_row + row, place_of(shape, row, unit), units // TILE_COLUMNS
            s_r, s_z, s = (b_h[j], b_h[n + j], b_h[2 * n + j]) if b_h.shape[0] else (zero, zero, zero)
            s_r += sums[k]
            s_z += sums[k + gate]
            s += sums[k + 2 * gate]
            given[j * rows + row] = after_unit_forward(t, b, j, s_r, s_z, s, gates, keep, lengths, h, s_g)


@kernel
def _after_backward(w, dh, gates, s_g, h, keep, lengths, cuts, ds, dh_next, parts, exchange, meeting, far, units, shape):
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
            d, dh_next[b, j] = after_unit_backward(t, b, j, later, dh, gates, s_g, h, keep, lengths, cuts, ds)
            given[k], given[k + n * rows], given[k + 2 * n * rows] = d
        meetings += 1
        come(meeting, group)
        look_ahead(gates, t - 1, first_row, j, top, bottom, apart, n)
        look_ahead(dh, t - 1, first_row, j, top, bottom, apart, n)
        look_ahead(s_g, t - 1, first_row, j, top, bottom, apart, n)
        look_ahead(h, t - 1, first_row, j, top, bottom, apart, n)
        wait(meeting, group, blocks * meetings)
        multiply(given[start * rows :], weights, shape, sums)
        if n_parts > 1:
            give_part(sums, shape, first, n, parts[group, part])
            meetings += 1
            meet(meeting, group, blocks * meetings)
    for row in range(top, bottom, apart):
        dh_next[first_row + row, j] += all_parts(sums, shape, row, unit, j, parts[group])


@kernel
def _before_forward(w_gates, w_candidate, gates, keep, lengths, h, reset, exchange, meeting, far, units, shape, shape_g):
    """The exchange holds h in its first half and r*h in its second."""
    (_, n_batch, n), (rows, columns, _, depth), (_, columns_g, _, depth_g) = h.shape, shape, shape_g
    group, groups, blocks, first_row, first, _ = place(n, units, rows, 1)
    unit, j, top, bottom, apart = share(n_batch, n, first_row, first, units, rows)
    memory = cuda.shared.array(0, h.dtype, ALIGNED)
    size, size_g = depth * columns, depth_g * columns_g
    weights_both, sums = room(memory, far, blocks, size + size_g)
    weights, weights_g = weights_both[:size], weights_both[size:]
    load_weights(w_gates, 2, n, first, 0, w_gates.shape[0], shape, weights)
    load_weights(w_candidate, 1, n, first, 0, w_candidate.shape[0], shape_g, weights_g)
    states, resets = exchange[group], exchange[groups + group]
    give(h[0], first_row, j, top, bottom, apart, rows, states)
    for t in range(gates.shape[0]):
        come(meeting, group)
        look_ahead(gates, t, first_row, j, top, bottom, apart, n)
        wait(meeting, group, blocks * (2 * t + 1))
        multiply(states, weights, shape, sums)
        for row in range(top, bottom, apart):
            b, k, gate = first_row + row, place_of(shape, row, unit), units // TILE_COLUMNS
            a_r = gates[t, b, j] + sums[k]
            a_z = gates[t, b, n + j] + sums[k + gate]
            resets[j * rows + row] = gates_unit_forward(t, b, j, a_r, a_z, gates, h, reset)
        meet(meeting, group, blocks * (2 * t + 2))
        multiply(resets, weights_g, shape_g, sums)
        for row in range(top, bottom, apart):
            b = first_row + row
            a_g = gates[t, b, 2 * n + j] + sums[place_of(shape_g, row, unit)]
            states[j * rows + row] = candidate_unit_forward(t, b, j, a_g, gates, keep, lengths, h)


@kernel
def _before_backward(
    w_gates, w_candidate, dh, gates, h, keep, lengths, cuts, dz, dh_next, exchange, meeting, far, units, shape_g, shape
):
    """The exchange holds da_g in its first half, da_r and da_z in its second."""
    (n_batch, n), (rows, columns, _, depth), (_, columns_g, _, depth_g) = dh_next.shape, shape, shape_g
    group, groups, blocks, first_row, first, _ = place(n, units, rows, 1)
    unit, j, top, bottom, apart = share(n_batch, n, first_row, first, units, rows)
    memory = cuda.shared.array(0, h.dtype, ALIGNED)
    size, size_g = depth * columns, depth_g * columns_g
    weights_both, sums = room(memory, far, blocks, size + size_g)
    weights, weights_g = weights_both[:size], weights_both[size:]
    load_weights(w_gates, 1, n, first, 0, w_gates.shape[0], shape, weights)
    load_weights(w_candidate, 1, n, first, 0, w_candidate.shape[0], shape_g, weights_g)
    candidates, others = exchange[group], exchange[groups + group]
    for done in range(gates.shape[0]):
        t = gates.shape[0] - 1 - done
        for row in range(top, bottom, apart):
            b = first_row + row
            later = dh_next[b, j]
            if done:
                later += sums[place_of(shape, row, unit)]
            d_g, dz[b, j], dh_next[b, j] = candidate_unit_backward(t, b, j, later, dh, gates, h, keep, lengths, cuts)
            candidates[j * rows + row] = d_g
        meet(meeting, group, blocks * (2 * done + 1))
        multiply(candidates, weights_g, shape_g, sums)
        for row in range(top, bottom, apart):
            b = first_row + row
            dreset = sums[place_of(shape_g, row, unit)]
            d, dh_next[b, j] = gates_unit_backward(t, b, j, dreset, dz[b, j], dh_next[b, j], gates, h, lengths)
            others[j * rows + row], others[(n + j) * rows + row] = d
        come(meeting, group)
        look_ahead(gates, t - 1, first_row, j, top, bottom, apart, n)
        look_ahead(dh, t - 1, first_row, j, top, bottom, apart, n)
        look_ahead(h, t - 1, first_row, j, top, bottom, apart, n)
        wait(meeting, group, blocks * (2 * done + 2))
        multiply(others, weights, shape, sums)
    for row in range(top, bottom, apart):
        dh_next[first_row + row, j] += sums[place_of(shape, row, unit)]


def gru_after_sequence_forward(gates, w_h, b_h, keep, lengths, h, s_g):
    """gates (T, B, 3H): x W_x + b on entry, R Z G on return; w_h (H, 3H), b_h (3H,); lengths (B,).

    Writes h[1:] of h (T+1, B, H), whose h[0] is the initial state, and s_g (T, B, H), the candidate's recurrent part.
    """
    n_batch, n = h.shape[1:]
    plan = planned(n_batch, n, ((n, 3),), h.dtype)
    if plan:
        run(_after_forward, plan, w_h, b_h, gates, keep, lengths, h, s_g)
        return
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
    n_batch, n = dh_next.shape
    plan = planned(n_batch, n, ((3 * n, 1),), dh.dtype, most_parts=4)
    if plan:
        run(_after_backward, plan, w_h, dh, gates, s_g, h, keep, lengths, cuts, ds, dh_next, scratch_of_parts(plan, n))
        return
    for t in range(gates.shape[0] - 1, -1, -1):
        launch(_after_step_backward, dh_next.size, t, dh, gates, s_g, h, keep, lengths, cuts, ds, dh_next)
        add_product(ds[t], w_h, dh_next)


def gru_before_sequence_forward(gates, w_gates, w_candidate, keep, lengths, h, reset):
    """gates (T, B, 3H): x W_x + b on entry, R Z G on return; w_gates (H, 2H), w_candidate (H, H); lengths (B,).

    Writes h[1:] of h (T+1, B, H), whose h[0] is the initial state, and reset = r*h_prev (T, B, H).
    """
    n_batch, n = h.shape[1:]
    plan = planned(n_batch, n, ((n, 2), (n, 1)), h.dtype)
    if plan:
        run(_before_forward, plan, w_gates, w_candidate, gates, keep, lengths, h, reset)
        return
    for t in range(gates.shape[0]):
        add_product(h[t], w_gates, gates[t, :, : 2 * n])
        launch(_gates_step_forward, h[t].size, t, gates, h, reset)
        add_product(reset[t], w_candidate, gates[t, :, 2 * n :])
        launch(_candidate_step_forward, h[t].size, t, gates, keep, lengths, h)


def gru_before_sequence_backward(dh, gates, h, w_gates, w_candidate, keep, lengths, cuts, dh_next):
    """dh (T, B, H) from above; gates, h as forward left them; w_gates, w_candidate: transposed; cuts (T,): where what comes later
    is dropped.

    Replaces gates by da (T, B, 3H), the gradient of the pre-activations; dh_next (B, H) holds the gradient of the final state on
    entry, of the initial one on return.
    """
    n_batch, n = dh_next.shape
    dz = scratch("dz", dh_next.shape, dh_next.dtype)
    plan = planned(n_batch, n, ((n, 1), (2 * n, 1)), dh.dtype)
    if plan:
        run(_before_backward, plan, w_gates, w_candidate, dh, gates, h, keep, lengths, cuts, dz, dh_next)
        return
    dreset = scratch("dreset", dh_next.shape, dh_next.dtype)
    for t in range(gates.shape[0] - 1, -1, -1):
        launch(_candidate_step_backward, dh_next.size, t, dh, gates, h, keep, lengths, cuts, dz, dh_next)
        write_product(gates[t, :, 2 * n :], w_candidate, dreset)
        launch(_gates_step_backward, dh_next.size, t, dreset, dz, gates, h, lengths, dh_next)
        add_product(gates[t, :, : 2 * n], w_gates, dh_next)
