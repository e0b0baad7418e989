"""GRU loops against the oracle, in their four forms."""

import numpy as np
import pytest

from seqterm.kernels.cpu import gru
from seqterm.kernels.cpu.product import pack
from tests.kernels.cpu.cells import LENGTHS, SHAPES, TOLERANCE, agree, one_step, problem, recurrent_gradient
from tests.kernels.cpu.teams import alone
from tests.naive import gru as naive

FORMS = {
    "after keep": (True, True, naive.after_keep),
    "after renew": (True, False, naive.after_renew),
    "before keep": (False, True, naive.before_keep),
    "before renew": (False, False, naive.before_renew),
}


def run_after(p, keep):
    gates, h, s_g = p.a.copy(), p.states(0), p.unwritten(*p.dh.shape)
    b_h = p.w.get("b_h", np.empty(0, p.dh.dtype))
    gru.gru_after_sequence_forward(gates, pack(p.w["W_h"]), b_h, keep, p.lengths, h, s_g)
    ds, dh_next = p.unwritten(*p.a.shape), p.dfinal[:, 0].copy()
    gru.gru_after_sequence_backward(p.dh, gates, s_g, h, pack(p.w["W_h"].T), keep, p.lengths, p.cuts, ds, dh_next)
    gradients = {"x": gates, "state": dh_next[:, None], "W_h": recurrent_gradient(h[:-1], ds)}
    if "b_h" in p.w:
        gradients["b_h"] = ds.sum((0, 1))
    return h[1:], h[-1][:, None], gradients


def run_before(p, keep):
    gates, h, reset = p.a.copy(), p.states(0), p.unwritten(*p.dh.shape)
    n = 2 * h.shape[2]
    w_gates, w_candidate = p.w["W_h"][:, :n], p.w["W_h"][:, n:]
    gru.gru_before_sequence_forward(gates, pack(w_gates), pack(w_candidate), keep, p.lengths, h, reset)
    dh_next = p.dfinal[:, 0].copy()
    gru.gru_before_sequence_backward(p.dh, gates, h, pack(w_gates.T), pack(w_candidate.T), keep, p.lengths, p.cuts, dh_next)
    dw_h = np.concatenate([recurrent_gradient(h[:-1], gates[..., :n]), recurrent_gradient(reset, gates[..., n:])], 1)
    return h[1:], h[-1][:, None], {"x": gates, "state": dh_next[:, None], "W_h": dw_h}


def run(p, after, keep):
    return run_after(p, keep) if after else run_before(p, keep)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", SHAPES)
def test_sequence_agrees_with_the_oracle(shape, dtype, form):
    after, keep, step = FORMS[form]
    p = problem(shape, 3, dtype=dtype, recurrent_bias=after)
    agree(run(p, after, keep), step, p)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cuts", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_lengths_and_cuts_agree_with_the_oracle(lengths, cuts, form):
    after, keep, step = FORMS[form]
    p = problem((5, 3, 7), 3, lengths=lengths, cuts=cuts, recurrent_bias=after)
    agree(run(p, after, keep), step, p)


def test_reset_after_without_a_recurrent_bias():
    p = problem((5, 3, 7), 3)
    agree(run_after(p, True), naive.after_keep, p)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_step_is_a_sequence_of_one_step_with_the_reset_after(dtype, keep):
    p = problem((1, 5, 7), 3, dtype=dtype, recurrent_bias=True)
    a, state, state_out = one_step(p)
    recurrent = p.unwritten(*a.shape)
    gru.gru_after_step(a, pack(p.w["W_h"]), p.w["b_h"], keep, state, 1, state_out, recurrent, alone())
    np.testing.assert_allclose(state_out[:, 1], run_after(p, keep)[1], rtol=1e-6, atol=1e-7)
    assert np.isnan(state_out[:, 0]).all()


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_step_is_a_sequence_of_one_step_with_the_reset_before(dtype, keep):
    p = problem((1, 5, 7), 3, dtype=dtype)
    a, state, state_out = one_step(p)
    w_gates, w_candidate, recurrent = p.w["W_h"][:, :14], p.w["W_h"][:, 14:], p.unwritten(*a.shape)
    gru.gru_before_step(a, pack(w_gates), pack(w_candidate), keep, state, 1, state_out, recurrent, alone())
    np.testing.assert_allclose(state_out[:, 1], run_before(p, keep)[1], rtol=1e-6, atol=1e-7)
    assert np.isnan(state_out[:, 0]).all()
