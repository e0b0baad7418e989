"""The output layer and its loss, tied to an embedding or not."""

import numpy as np
import pytest

from seqterm.layers.base import Workspace
from seqterm.layers.softmax import BLOCK, SoftmaxOutput
from tests.layers.checks import BACKEND
from tests.naive import softmax as naive
from tests.naive.differences import central_differences

M, H, V, SCALE = 10, 6, 9, 0.3
TARGETS = np.array([0, 8, -1, 4, 4, -1, 2, 3, 3, 7])


@pytest.fixture(params=[False, True], ids=["untied", "tied"])
def tied(request):
    return request.param


@pytest.fixture(params=[True, False], ids=["bias", "no bias"])
def layer(request, tied):
    return SoftmaxOutput("output", H, V, request.param, tied, BACKEND)


@pytest.fixture
def h():
    return np.random.default_rng(1).normal(size=(M, H))


@pytest.fixture
def parameters(layer, tied):
    """A tied W is the embedding's table (V, H)."""
    random = np.random.default_rng(2)
    return {"W": random.normal(size=(V, H) if tied else (H, V)), "b": random.normal(size=layer.shapes["b"])}


def naive_logits(parameters, h, tied):
    logits = h @ (parameters["W"].T if tied else parameters["W"])
    return logits + parameters["b"] if parameters["b"].size else logits


def gradient(layer, parameters, h):
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    log_p, dh = layer.gradient(parameters, h, TARGETS, SCALE, Workspace(BACKEND), gradients)
    return log_p, {"h": dh, **gradients}


def test_score_agrees_with_the_oracle(layer, parameters, h, tied):
    wanted, _ = naive.cross_entropy(naive_logits(parameters, h, tied), TARGETS, SCALE)
    found = layer.score(parameters, h, TARGETS, Workspace(BACKEND))
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)


def test_gradient_gives_the_log_probabilities_of_score(layer, parameters, h):
    log_p, _ = gradient(layer, parameters, h)
    np.testing.assert_allclose(log_p, layer.score(parameters, h, TARGETS, Workspace(BACKEND)), rtol=1e-12, atol=1e-13)


def test_gradients_agree_with_central_differences(layer, parameters, h):
    def loss():
        return -SCALE * float(layer.score(parameters, h, TARGETS, Workspace(BACKEND)).sum())

    _, found = gradient(layer, parameters, h)
    for name, array in {"h": h, **parameters}.items():
        np.testing.assert_allclose(found[name], central_differences(loss, array), rtol=1e-6, atol=1e-9, err_msg=name)


def test_gradients_are_added_to_what_is_there(layer, parameters, h):
    _, once = gradient(layer, parameters, h)
    gradients = {name: once[name].copy() for name in parameters}
    layer.gradient(parameters, h, TARGETS, SCALE, Workspace(BACKEND), gradients)
    for name, array in gradients.items():
        np.testing.assert_allclose(array, 2 * once[name], rtol=1e-12, atol=1e-13, err_msg=name)


def test_more_rows_than_a_block_holds_give_the_same():
    """So many tokens that a block has 16 rows, the least: the whole against rows 16 at a time."""
    n_tokens, random = BLOCK // 16 + 1, np.random.default_rng(3)
    layer = SoftmaxOutput("output", 2, n_tokens, True, False, BACKEND)
    parameters = {"W": random.normal(size=(2, n_tokens)), "b": random.normal(size=n_tokens)}
    h, targets = random.normal(size=(40, 2)), random.integers(-1, n_tokens, 40)

    def run(rows, gradients):
        log_p, dh = layer.gradient(parameters, h[rows], targets[rows], SCALE, Workspace(BACKEND), gradients)
        return {"log_p": log_p, "scored": layer.score(parameters, h[rows], targets[rows], Workspace(BACKEND)), "dh": dh}

    gradients, apart = ({name: np.zeros_like(array) for name, array in parameters.items()} for _ in range(2))
    whole = run(slice(None), gradients)
    parts = [run(slice(first, first + 16), apart) for first in (0, 16, 32)]
    for name, array in whole.items():
        np.testing.assert_allclose(array, np.concatenate([part[name] for part in parts]), rtol=1e-12, atol=1e-13, err_msg=name)
    for name, array in gradients.items():
        np.testing.assert_allclose(array, apart[name], rtol=1e-12, atol=1e-13, err_msg=name)


def test_a_tied_weight_is_not_a_parameter_of_its_own():
    assert "W" not in SoftmaxOutput("output", H, V, True, True, BACKEND).shapes
    assert SoftmaxOutput("output", H, V, True, False, BACKEND).shapes["W"] == (H, V)


@pytest.mark.parametrize(
    ("scheme", "bound"), [("uniform", 25**-0.5), ("xavier", (6 / 125) ** 0.5), ("orthogonal", (6 / 125) ** 0.5)]
)
def test_first_weights_lie_within_their_bound_and_the_bias_is_zero(scheme, bound):
    layer = SoftmaxOutput("output", 25, 100, True, False, BACKEND)
    parameters = {name: np.full(shape, np.nan) for name, shape in layer.shapes.items()}
    layer.initialise(parameters, scheme, np.random.default_rng(1))
    assert 0.98 * bound < np.abs(parameters["W"]).max() <= bound
    np.testing.assert_array_equal(parameters["b"], 0)


def test_a_tied_weight_is_left_to_the_embedding():
    layer, table = SoftmaxOutput("output", H, V, True, True, BACKEND), np.full((V, H), 7.0)
    layer.initialise({"W": table, "b": np.full(V, np.nan)}, "uniform", np.random.default_rng(1))
    np.testing.assert_array_equal(table, 7)
