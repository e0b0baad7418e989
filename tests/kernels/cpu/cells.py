"""What the tests of all cells share: a problem of any shape, and what to compare."""

from typing import NamedTuple

import numpy as np

from tests.naive import sequence

# (T, B, H): the least, ragged tiles, several panels
SHAPES = [(1, 1, 1), (5, 3, 7), (3, 9, 40)]
TOLERANCE = {np.float32: {"rtol": 2e-4, "atol": 2e-5}, np.float64: {"rtol": 1e-11, "atol": 1e-13}}
LENGTHS = {"whole": lambda n_steps, row: n_steps, "ragged": lambda n_steps, row: (n_steps, 0, n_steps // 2)[row % 3]}


class Problem(NamedTuple):
    """a (T, B, G*H): x W_x + b; state, dfinal (B, S, H); dh (T, B, H); w: W_h, and b_h of a GRU."""

    a: np.ndarray
    state: np.ndarray
    w: dict[str, np.ndarray]
    dh: np.ndarray
    dfinal: np.ndarray
    lengths: np.ndarray
    cuts: np.ndarray

    @property
    def n_steps(self):
        return len(self.a)

    def states(self, index):
        """(T+1, B, H) that begins with the initial state; what a kernel should write is NaN."""
        array = np.full((self.n_steps + 1, *self.dh.shape[1:]), np.nan, self.dh.dtype)
        array[0] = self.state[:, index]
        return array

    def unwritten(self, *shape):
        return np.full(shape, np.nan, self.dh.dtype)


def problem(shape, gates, n_states=1, dtype=np.float64, lengths="whole", cuts=False, recurrent_bias=False):
    (n_steps, n_batch, hidden), random = shape, np.random.default_rng(7)

    def normal(*size):
        return random.normal(size=size).astype(dtype)

    w = {"W_h": normal(hidden, gates * hidden) / dtype(hidden**0.5)}
    if recurrent_bias:
        w["b_h"] = normal(gates * hidden)
    return Problem(
        a=normal(n_steps, n_batch, gates * hidden),
        state=normal(n_batch, n_states, hidden),
        w=w,
        dh=normal(n_steps, n_batch, hidden),
        dfinal=normal(n_batch, n_states, hidden),
        lengths=np.array([LENGTHS[lengths](n_steps, row) for row in range(n_batch)]),
        cuts=np.arange(n_steps) % 2 == 1 if cuts else np.zeros(n_steps, bool),
    )


def recurrent_gradient(before, da):
    """before (T, B, H), da (T, B, n) -> (H, n), the gradient of W_h"""
    return np.einsum("tbh,tbn->hn", before, da)


def agree(found, step, p):
    """found: h, final state, {name: gradient}, as the oracle's."""
    h, final, gradients = sequence.gradients(step, p.a, p.state, p.w, p.dh, p.dfinal, p.lengths, p.cuts)
    tolerance = TOLERANCE[p.dh.dtype.type]
    np.testing.assert_allclose(found[0], h, **tolerance, err_msg="h")
    np.testing.assert_allclose(found[1], final, **tolerance, err_msg="final state")
    assert found[2].keys() == gradients.keys()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(found[2][name], gradient, **tolerance, err_msg=name)


def one_step(p):
    """The first step of a problem as the step kernels take it: a (B, G*H), and a state (B, 2, S, H) whose layer 1 is ours."""
    state = np.full((len(p.state), 2, *p.state.shape[1:]), 0.5, p.dh.dtype)
    state[:, 1] = p.state
    return p.a[0].copy(), state, np.full_like(state, np.nan)
