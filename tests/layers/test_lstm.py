"""The LSTM layer against the oracle and central differences."""

import numpy as np
import pytest

from seqterm.layers.base import Workspace
from seqterm.layers.lstm import LSTM
from tests.layers.checks import BACKEND, RAGGED, WHOLE, H, agrees_with_central_differences, agrees_with_the_oracle, problem
from tests.naive.lstm import step


@pytest.mark.parametrize("lengths", [WHOLE, RAGGED], ids=["whole", "ragged"])
@pytest.mark.parametrize("bias", [True, False])
def test_forward_and_gradients_agree_with_the_oracle(bias, lengths):
    agrees_with_the_oracle(problem(LSTM, bias, lengths=lengths), step)


@pytest.mark.parametrize("lengths", [WHOLE, RAGGED], ids=["whole", "ragged"])
def test_cuts_agree_with_the_oracle(lengths):
    agrees_with_the_oracle(problem(LSTM, lengths=lengths, cuts=np.array([True, False, True, False])), step)


def test_float32_agrees_with_the_oracle():
    agrees_with_the_oracle(problem(LSTM, lengths=RAGGED, dtype=np.float32), step, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("lengths", [WHOLE, RAGGED], ids=["whole", "ragged"])
def test_gradients_agree_with_central_differences(lengths):
    agrees_with_central_differences(problem(LSTM, lengths=lengths))


def test_the_trace_follows_the_equations():
    p, workspace = problem(LSTM), Workspace(BACKEND)
    h, _ = p.forward(workspace)
    trace = p.layer.trace(workspace)
    assert set(trace) == set("hcifog")
    c_prev = np.concatenate([p.state[None, :, 1], trace["c"][:-1]])
    np.testing.assert_array_equal(trace["h"], h)
    np.testing.assert_allclose(trace["c"], trace["f"] * c_prev + trace["i"] * trace["g"], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(h, trace["o"] * np.tanh(trace["c"]), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("scheme", ["uniform", "xavier", "orthogonal"])
def test_the_forget_gate_begins_at_its_bias(scheme):
    layer = LSTM("layer", 5, H, True, BACKEND, forget_bias=1.7)
    parameters = {name: np.full(shape, np.nan) for name, shape in layer.shapes.items()}
    layer.initialise(parameters, scheme, np.random.default_rng(1))
    np.testing.assert_array_equal(parameters["b"][H : 2 * H], 1.7)
    assert (np.abs(np.delete(parameters["b"], np.s_[H : 2 * H])) <= H**-0.5).all()


def test_without_biases_there_is_no_forget_bias():
    layer = LSTM("layer", 5, H, False, BACKEND)
    parameters = {name: np.full(shape, np.nan) for name, shape in layer.shapes.items()}
    layer.initialise(parameters, "uniform", np.random.default_rng(1))
    assert parameters["b"].shape == (0,)
