"""The Elman layer against the oracle and central differences."""

import numpy as np
import pytest

from seqterm.layers.base import Workspace
from seqterm.layers.elman import Elman
from tests.layers.checks import BACKEND, RAGGED, WHOLE, agrees_with_central_differences, agrees_with_the_oracle, problem
from tests.naive.elman import relu_step, tanh_step

STEPS = {False: tanh_step, True: relu_step}


@pytest.mark.parametrize("lengths", [WHOLE, RAGGED], ids=["whole", "ragged"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("relu", [False, True])
def test_forward_and_gradients_agree_with_the_oracle(relu, bias, lengths):
    agrees_with_the_oracle(problem(Elman, bias, lengths=lengths, relu=relu), STEPS[relu])


@pytest.mark.parametrize("relu", [False, True])
def test_cuts_agree_with_the_oracle(relu):
    agrees_with_the_oracle(problem(Elman, cuts=np.array([True, False, True, False]), relu=relu), STEPS[relu])


@pytest.mark.parametrize("lengths", [WHOLE, RAGGED], ids=["whole", "ragged"])
@pytest.mark.parametrize("relu", [False, True])
def test_gradients_agree_with_central_differences(relu, lengths):
    agrees_with_central_differences(problem(Elman, lengths=lengths, relu=relu))


def test_the_trace_is_the_output():
    p, workspace = problem(Elman), Workspace(BACKEND)
    h, _ = p.forward(workspace)
    np.testing.assert_array_equal(p.layer.trace(workspace)["h"], h)


def test_first_activation_of_hello():
    """The character h, one-hot, and weights of a worked example; a_1 as the example prints it."""
    layer = Elman("layer", 4, 3, True, BACKEND)
    w_ax = np.array([[0.1, 0.2, 0.3, 0.4], [-0.1, -0.2, 0.3, 0.1], [0.1, 0.2, -0.3, -0.4]])
    w_aa = np.array([[0.1, 0.2, 0.3], [-0.1, -0.2, 0.3], [0.1, 0.2, -0.3]])
    parameters = {"W_x": w_ax.T.copy(), "W_h": w_aa.T.copy(), "b": np.array([0.1, 0.2, 0.3])}
    h, _ = layer.forward(parameters, np.array([[0]]), Workspace(BACKEND), np.zeros((1, 1, 3)), np.array([1]))
    np.testing.assert_allclose(h[0, 0], [0.19738, 0.09967, 0.37995], rtol=0, atol=1e-5)
