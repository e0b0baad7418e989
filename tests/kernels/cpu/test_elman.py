"""Elman loops against the oracle."""

import numpy as np
import pytest

from seqterm.kernels.cpu import elman
from seqterm.kernels.cpu.product import pack
from tests.kernels.cpu.cells import LENGTHS, SHAPES, TOLERANCE, agree, one_step, problem, recurrent_gradient
from tests.kernels.cpu.teams import alone
from tests.naive.elman import relu_step, tanh_step

STEPS = {"tanh": (False, tanh_step), "relu": (True, relu_step)}


def run(p, relu):
    h = p.states(0)
    elman.elman_sequence_forward(p.a.copy(), pack(p.w["W_h"]), relu, p.lengths, h)
    da, dh_next = p.unwritten(*p.a.shape), p.dfinal[:, 0].copy()
    elman.elman_sequence_backward(p.dh, h, pack(p.w["W_h"].T), relu, p.lengths, p.cuts, da, dh_next)
    return h[1:], h[-1][:, None], {"x": da, "state": dh_next[:, None], "W_h": recurrent_gradient(h[:-1], da)}


@pytest.mark.parametrize("activation", STEPS)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", SHAPES)
def test_sequence_agrees_with_the_oracle(shape, dtype, activation):
    relu, step = STEPS[activation]
    p = problem(shape, 1, dtype=dtype)
    agree(run(p, relu), step, p)


@pytest.mark.parametrize("activation", STEPS)
@pytest.mark.parametrize("cuts", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_lengths_and_cuts_agree_with_the_oracle(lengths, cuts, activation):
    relu, step = STEPS[activation]
    p = problem((5, 3, 7), 1, lengths=lengths, cuts=cuts)
    agree(run(p, relu), step, p)


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_step_is_a_sequence_of_one_step(dtype, relu):
    p = problem((1, 5, 7), 1, dtype=dtype)
    a, state, state_out = one_step(p)
    elman.elman_step(a, pack(p.w["W_h"]), relu, state, 1, state_out, alone())
    np.testing.assert_allclose(state_out[:, 1], run(p, relu)[1], rtol=1e-6, atol=1e-7)
    assert np.isnan(state_out[:, 0]).all()
