import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.layers.base import Workspace, flat_size, split
from seqterm.layers.dense import ACTIVATIONS, Dense
from seqterm.layers.squared_error import squared_error, squared_error_backward
from tests.naive.differences import central_differences

BACKEND = CPU(2)
FUNCTIONS = {"linear": lambda a: a, "relu": lambda a: np.where(a > 0, a, 0), "tanh": np.tanh}


def problem(activation, m=4, dtype=np.float64):
    layer, random = Dense("layer", 3, 5, activation, BACKEND), np.random.default_rng(1)
    parameters = split(random.normal(size=flat_size([layer])).astype(dtype), [layer])["layer"]
    return layer, parameters, random.normal(size=(m, 3)).astype(dtype), random.normal(size=(m, 5)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m", [1, 4])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_forward(activation, m, dtype):
    layer, parameters, x, _ = problem(activation, m, dtype)
    wanted = FUNCTIONS[activation](x.astype(float) @ parameters["W"] + parameters["b"])
    found = layer.forward(parameters, x, Workspace(BACKEND))
    assert found.dtype == dtype
    np.testing.assert_allclose(
        found, wanted, rtol=1e-5 if dtype == np.float32 else 1e-13, atol=1e-6 if dtype == np.float32 else 0
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_agree_with_central_differences_and_are_added(activation):
    layer, parameters, x, dy = problem(activation)
    workspace, gradients = Workspace(BACKEND), {name: np.ones_like(array) for name, array in parameters.items()}

    def loss():
        return float((layer.forward(parameters, x, workspace) * dy).sum())

    numeric = {name: central_differences(loss, array) for name, array in {"x": x, **parameters}.items()}
    loss()
    found = {"x": layer.backward(parameters, dy, workspace, gradients), **{name: g - 1 for name, g in gradients.items()}}
    for name, wanted in numeric.items():
        np.testing.assert_allclose(found[name], wanted, rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("scheme", ["xavier", "uniform"])
def test_first_weights_are_within_their_bound(scheme):
    layer, parameters, *_ = problem("relu")
    layer.initialise(parameters, scheme, np.random.default_rng(1))
    bound = {"xavier": (6 / 8) ** 0.5, "uniform": 3**-0.5}[scheme]
    assert 0.5 * bound < np.abs(parameters["W"]).max() <= bound
    np.testing.assert_array_equal(parameters["b"], 0)


def test_squared_error_and_its_gradient():
    y, targets = np.array([1.0, 2.0, 4.0]), np.array([0.0, 2.0, 1.0])
    assert squared_error(y, targets) == 10.0
    numeric = central_differences(lambda: 0.25 * squared_error(y, targets), y)
    np.testing.assert_allclose(squared_error_backward(y, targets, 0.25), numeric, rtol=1e-8, atol=1e-9)
