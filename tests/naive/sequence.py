"""A cell over time, row by row.  T time, B batch, S arrays of H numbers in a row's state.

w holds the cell's arrays; with W_x (and b) among them, x (T, B, D) is the input, without, x is already x W_x + b.
"""

import numpy as np

from tests.naive.tape import Value, backward


def _run(step, x, state, w, lengths, cuts):
    """Lists of Values x[t][b], state[b][s] -> h[t][b], final[b][s]"""
    n_steps, n_batch = len(x), len(x[0])
    h, final = [[None] * n_batch for _ in range(n_steps)], []
    for b in range(n_batch):
        now = state[b]
        for t in range(n_steps):
            if t < lengths[b]:
                a = x[t][b]
                if "W_x" in w:
                    a = a @ w["W_x"]
                    a = a + w["b"] if len(w["b"]) else a
                now = step(a, now, w)
            h[t][b] = now[0]
            if cuts[t]:
                now = [array.detached() for array in now]
        final.append(now)
    return h, final


def forward(step, x, state, w, lengths=None):
    """x (T, B, D), state (B, S, H) -> h (T, B, H) and the final state (B, S, H); rows past their length keep their state."""
    return gradients(step, x, state, w, None, lengths=lengths)[:2]


def gradients(step, x, state, w, dh, dfinal=None, lengths=None, cuts=None):
    """-> h, final state, and {"x": ..., "state": ..., "W_h": ..., ...}: the gradients of sum(h*dh) + sum(final*dfinal).

    cuts (T,): the steps after which nothing that comes from later goes back.
    """
    n_steps, n_batch = x.shape[:2]
    lengths = [n_steps] * n_batch if lengths is None else lengths
    cuts = [False] * n_steps if cuts is None else cuts
    xs = [[Value(x[t, b]) for b in range(n_batch)] for t in range(n_steps)]
    states = [[Value(array) for array in row] for row in state]
    ws = {name: Value(array) for name, array in w.items()}
    h, final = _run(step, xs, states, ws, lengths, cuts)
    reached = []
    if dh is not None:
        reached += [(h[t][b], dh[t, b]) for t in range(n_steps) for b in range(n_batch)]
    if dfinal is not None:
        reached += [(final[b][s], dfinal[b, s]) for b in range(n_batch) for s in range(len(states[b]))]
    backward(reached)
    return (
        np.array([[value.data for value in row] for row in h]),
        np.array([[value.data for value in row] for row in final]),
        {
            "x": np.array([[value.gradient for value in row] for row in xs]),
            "state": np.array([[value.gradient for value in row] for row in states]),
            **{name: value.gradient for name, value in ws.items()},
        },
    )


def truncated_gradients(step, x, state, w, dh, reach, lengths=None):
    """As `gradients`, where the error of each output goes back at most `reach` steps: one run for each output."""
    total = {}
    for t in range(len(x)):
        only = np.zeros_like(dh)
        only[t] = dh[t]
        cuts = np.arange(len(x)) == t - reach - 1
        for name, gradient in gradients(step, x, state, w, only, lengths=lengths, cuts=cuts)[2].items():
            total[name] = total.get(name, 0) + gradient
    return total
