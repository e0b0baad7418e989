"""LSTM loops against the oracle."""

import numpy as np
import pytest

from seqterm.kernels.cpu import lstm
from seqterm.kernels.cpu.product import pack
from tests.kernels.cpu.cells import LENGTHS, SHAPES, TOLERANCE, agree, one_step, problem, recurrent_gradient
from tests.kernels.cpu.teams import alone
from tests.naive.lstm import step


def run(p):
    gates, h, c = p.a.copy(), p.states(0), p.states(1)
    lstm.lstm_sequence_forward(gates, pack(p.w["W_h"]), p.lengths, h, c)
    dh_next, dc_next = p.dfinal[:, 0].copy(), p.dfinal[:, 1].copy()
    lstm.lstm_sequence_backward(p.dh, gates, c, pack(p.w["W_h"].T), p.lengths, p.cuts, dh_next, dc_next)
    gradients = {"x": gates, "state": np.stack([dh_next, dc_next], 1), "W_h": recurrent_gradient(h[:-1], gates)}
    return h[1:], np.stack([h[-1], c[-1]], 1), gradients


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", SHAPES)
def test_sequence_agrees_with_the_oracle(shape, dtype):
    p = problem(shape, 4, 2, dtype)
    agree(run(p), step, p)


@pytest.mark.parametrize("cuts", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_lengths_and_cuts_agree_with_the_oracle(lengths, cuts):
    p = problem((5, 3, 7), 4, 2, lengths=lengths, cuts=cuts)
    agree(run(p), step, p)


def test_gates_stand_in_the_order_i_f_o_g():
    """One unit without a recurrent weight: c = f c_prev + i g with nothing but the biases differing between gates."""
    gates, h, c = np.log([[[1.0, 3.0, 7.0, 1.0]]]), np.zeros((2, 1, 1)), np.full((2, 1, 1), 8.0)
    gates[..., 3] = np.arctanh(0.5)
    lstm.lstm_sequence_forward(gates, pack(np.zeros((1, 4))), np.array([1]), h, c)
    np.testing.assert_allclose(gates[0, 0], [1 / 2, 3 / 4, 7 / 8, 1 / 2], rtol=1e-12, atol=0)
    assert c[1, 0, 0] == pytest.approx(3 / 4 * 8 + 1 / 2 * 1 / 2, rel=1e-12)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_step_is_a_sequence_of_one_step(dtype):
    p = problem((1, 5, 7), 4, 2, dtype)
    a, state, state_out = one_step(p)
    lstm.lstm_step(a, pack(p.w["W_h"]), state, 1, state_out, alone())
    np.testing.assert_allclose(state_out[:, 1], run(p)[1], rtol=1e-6, atol=1e-7)
    assert np.isnan(state_out[:, 0]).all()


def test_nan_in_one_row_stays_in_it_and_is_seen():
    p = problem((5, 3, 7), 4, 2, np.float32)
    p.a[1, 1, 2] = np.nan
    h = run(p)[0]
    assert np.isnan(h[1:, 1]).any(-1).all()
    assert np.isfinite(h[:, [0, 2]]).all()
