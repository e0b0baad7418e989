"""The embedding layer."""

import numpy as np
import pytest

from seqterm.layers.base import Workspace
from seqterm.layers.embedding import Embedding
from tests.layers.checks import BACKEND
from tests.naive.differences import central_differences

IDS = np.array([[3, 0], [3, 3], [1, 4]])


@pytest.fixture
def layer():
    return Embedding("embedding", 6, 4, BACKEND)


@pytest.fixture
def parameters():
    return {"table": np.random.default_rng(1).normal(size=(6, 4))}


def test_forward_gives_each_token_its_vector(layer, parameters):
    y = layer.forward(parameters, IDS, Workspace(BACKEND))
    np.testing.assert_array_equal(y, parameters["table"][IDS])


def test_gradient_agrees_with_central_differences(layer, parameters):
    dy, workspace = np.random.default_rng(2).normal(size=(3, 2, 4)), Workspace(BACKEND)
    gradients = {"table": np.zeros((6, 4))}
    layer.forward(parameters, IDS, workspace)
    layer.backward(parameters, dy, workspace, gradients)
    numeric = central_differences(
        lambda: float((layer.forward(parameters, IDS, Workspace(BACKEND)) * dy).sum()), parameters["table"]
    )
    np.testing.assert_allclose(gradients["table"], numeric, rtol=1e-6, atol=1e-9)


def test_backward_belongs_to_the_last_forward_even_if_its_ids_have_changed(layer, parameters):
    """A caller may reuse its array of ids."""
    ids, workspace, gradients = IDS.copy(), Workspace(BACKEND), {"table": np.zeros((6, 4))}
    layer.forward(parameters, ids, workspace)
    ids[...] = 5
    layer.backward(parameters, np.ones((3, 2, 4)), workspace, gradients)
    np.testing.assert_array_equal(gradients["table"][:, 0], [1, 1, 0, 3, 1, 0])


@pytest.fixture(params=[True, False], ids=["bias", "no bias"])
def following(request):
    random = np.random.default_rng(3)
    return {"W_x": random.normal(size=(4, 7)), "W_h": random.normal(size=(2, 7)), "b": random.normal(size=7 * request.param)}


def test_folded_a_token_is_a_row_of_what_the_next_layer_makes_of_it(layer, parameters, following):
    folded = layer.fold(parameters, following, Workspace(BACKEND))
    wanted = parameters["table"] @ following["W_x"] + (following["b"] if following["b"].size else 0)
    np.testing.assert_allclose(folded["W_x"], wanted, rtol=1e-12, atol=1e-14)
    assert folded["b"].shape == (0,)
    assert folded["W_h"] is following["W_h"]


def test_the_gradients_of_what_is_folded_agree_with_central_differences(layer, parameters, following):
    """Of the sum over rows by IDS times dy; added to what is there, and the same when the workspace is used again."""
    dy, workspace = np.random.default_rng(2).normal(size=(3, 2, 7)), Workspace(BACKEND)
    gradients = {"table": np.ones((6, 4))}
    following_gradients = {name: np.ones_like(array) for name, array in following.items()}

    def loss():
        return float((layer.fold(parameters, following, Workspace(BACKEND))["W_x"][IDS] * dy).sum())

    for _ in range(2):
        layer.fold(parameters, following, workspace)
        given = layer.folded_gradients(following_gradients, workspace)
        assert given["W_h"] is following_gradients["W_h"]
        assert given["b"].shape == (0,)
        np.add.at(given["W_x"], IDS, dy)
        layer.unfold(parameters, following, workspace, gradients, following_gradients)
    np.testing.assert_allclose(gradients["table"], 1 + 2 * central_differences(loss, parameters["table"]), rtol=1e-6, atol=1e-9)
    for name in ("W_x", "b"):
        numeric = central_differences(loss, following[name])
        np.testing.assert_allclose(following_gradients[name], 1 + 2 * numeric, rtol=1e-6, atol=1e-9, err_msg=name)


def big(scheme):
    layer, table = Embedding("embedding", 300, 50, BACKEND), np.full((300, 50), np.nan)
    layer.initialise({"table": table}, scheme, np.random.default_rng(1))
    return table


@pytest.mark.parametrize("scheme", ["uniform", "xavier", "orthogonal"])
def test_every_scheme_begins_at_standard_normal_vectors(scheme):
    table = big(scheme)
    assert table.mean() == pytest.approx(0, abs=4 / table.size**0.5)
    assert table.std() == pytest.approx(1, abs=4 / (2 * table.size) ** 0.5)


def test_a_tied_table_begins_small():
    table = np.full((300, 50), np.nan)
    Embedding("embedding", 300, 50, BACKEND).initialise_tied({"table": table}, np.random.default_rng(1))
    assert 0.99 * 50**-0.5 < np.abs(table).max() <= 50**-0.5
