"""The tanh layer against central differences, and folded against not."""

import numpy as np
import pytest

from seqterm.layers.base import Workspace
from seqterm.layers.hidden import Hidden
from tests.layers.checks import BACKEND
from tests.naive.differences import central_differences

IDS = [np.array([[3, -1], [2, 3], [1, 4]]), np.array([[-1, 0], [3, 3], [1, 1]])]


@pytest.fixture(params=[True, False], ids=["bias", "no bias"])
def layer(request):
    return Hidden("hidden", 8, 5, request.param, BACKEND)


@pytest.fixture
def parameters(layer):
    random = np.random.default_rng(1)
    return {name: random.normal(size=shape) for name, shape in layer.shapes.items()}


@pytest.fixture
def table():
    return np.random.default_rng(2).normal(size=(6, 4))


def side_by_side(table):
    vectors = np.concatenate([table, np.zeros((1, 4))])  # the last, which -1 names, is none
    return np.concatenate([vectors[ids] for ids in IDS], axis=-1)


def forward(layer, parameters, x, workspace=None):
    return layer.forward(parameters, layer.pack(parameters), x, workspace or Workspace(BACKEND))


def test_forward_is_the_tanh_of_an_affine_map(layer, parameters, table):
    x = side_by_side(table)
    wanted = np.tanh(x @ parameters["W_x"] + (parameters["b"] if parameters["b"].size else 0))
    np.testing.assert_allclose(forward(layer, parameters, x), wanted, rtol=1e-12, atol=1e-14)


def test_gradients_agree_with_central_differences(layer, parameters, table):
    x, dh, workspace = side_by_side(table), np.random.default_rng(3).normal(size=(3, 2, 5)), Workspace(BACKEND)
    gradients = {name: np.ones_like(array) for name, array in parameters.items()}
    forward(layer, parameters, x, workspace)
    dx = layer.backward(parameters, dh, x, workspace, gradients)

    def loss():
        return float((forward(layer, parameters, x) * dh).sum())

    np.testing.assert_allclose(dx, central_differences(loss, x), rtol=1e-6, atol=1e-9)
    for name, array in parameters.items():
        np.testing.assert_allclose(gradients[name], 1 + central_differences(loss, array), rtol=1e-6, atol=1e-9, err_msg=name)


def test_folded_it_is_the_same_and_the_tables_have_the_gradients(layer, parameters, table):
    tables = [table @ part for part in parameters["W_x"].reshape(2, 4, 5)]
    dh, workspace = np.random.default_rng(3).normal(size=(3, 2, 5)), Workspace(BACKEND)
    h = layer.forward_folded(parameters, tables, IDS, workspace).copy()
    np.testing.assert_allclose(h, forward(layer, parameters, side_by_side(table)), rtol=1e-12, atol=1e-14)
    gradients, dtables = {name: np.ones_like(array) for name, array in parameters.items()}, [np.ones((6, 5)) for _ in tables]
    layer.backward_folded(dh, IDS, workspace, gradients, dtables)

    def loss():
        return float((layer.forward_folded(parameters, tables, IDS, Workspace(BACKEND)) * dh).sum())

    np.testing.assert_allclose(gradients["b"], 1 + central_differences(loss, parameters["b"]), rtol=1e-6, atol=1e-9)
    for folded, dtable in zip(tables, dtables, strict=True):
        np.testing.assert_allclose(dtable, 1 + central_differences(loss, folded), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("scheme", "bound"), [("xavier", (6 / 500) ** 0.5), ("uniform", 300**-0.5)])
def test_first_weights(scheme, bound):
    big = Hidden("hidden", 300, 200, True, BACKEND)
    parameters = {name: np.full(shape, np.nan) for name, shape in big.shapes.items()}
    big.initialise(parameters, scheme, np.random.default_rng(1))
    assert 0.99 * bound < np.abs(parameters["W_x"]).max() <= bound
    assert not parameters["b"].any()
