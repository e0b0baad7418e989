"""The output layer and its loss, tied to an embedding or not."""

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.kernels.cpu.output import BLOCK, FEWEST
from seqterm.layers import softmax
from seqterm.layers.base import Workspace
from seqterm.layers.softmax import SoftmaxOutput
from tests.layers.checks import BACKEND
from tests.naive import softmax as naive
from tests.naive.differences import central_differences

M, H, V, SCALE = 10, 6, 9, 0.3
TARGETS = np.array([0, 8, -1, 4, 4, -1, 2, 3, 3, 7])


@pytest.fixture(params=[False, True], ids=["untied", "tied"])
def tied(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["narrow", "wide"])
def wide(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(softmax, "WIDE", 1)
    return request.param


@pytest.fixture(params=[True, False], ids=["bias", "no bias"])
def layer(request, tied, wide):
    layer = SoftmaxOutput("output", H, V, request.param, tied, BACKEND)
    assert layer.is_wide == wide
    return layer


@pytest.fixture
def h():
    return np.random.default_rng(1).normal(size=(M, H))


@pytest.fixture
def parameters(layer):
    random = np.random.default_rng(2)
    return {"W": random.normal(size=(V, H)), "b": random.normal(size=layer.shapes["b"])}


def naive_logits(parameters, h):
    logits = h @ parameters["W"].T
    return logits + parameters["b"] if parameters["b"].size else logits


def gradient(layer, parameters, h):
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    log_p, dh = layer.gradient(parameters, h, TARGETS, SCALE, Workspace(BACKEND), gradients)
    return log_p, {"h": dh, **gradients}


def test_score_agrees_with_the_oracle(layer, parameters, h):
    wanted, _ = naive.cross_entropy(naive_logits(parameters, h), TARGETS, SCALE)
    found = layer.score(parameters, h, TARGETS)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)


def test_gradient_gives_the_log_probabilities_of_score(layer, parameters, h):
    log_p, _ = gradient(layer, parameters, h)
    np.testing.assert_allclose(log_p, layer.score(parameters, h, TARGETS), rtol=1e-12, atol=1e-13)


def test_gradients_agree_with_central_differences(layer, parameters, h):
    def loss():
        return -SCALE * float(layer.score(parameters, h, TARGETS).sum())

    _, found = gradient(layer, parameters, h)
    for name, array in {"h": h, **parameters}.items():
        np.testing.assert_allclose(found[name], central_differences(loss, array), rtol=1e-6, atol=1e-9, err_msg=name)


def test_gradients_are_added_to_what_is_there(layer, parameters, h):
    _, once = gradient(layer, parameters, h)
    gradients = {name: once[name].copy() for name in parameters}
    layer.gradient(parameters, h, TARGETS, SCALE, Workspace(BACKEND), gradients)
    for name, array in gradients.items():
        np.testing.assert_allclose(array, 2 * once[name], rtol=1e-12, atol=1e-13, err_msg=name)


def large_problem(dtype=np.float64):
    """More rows than a block holds, of several sizes, and tokens in three stretches: the output of its widest layer."""
    n_tokens, n_rows, hidden = 600, 2 * FEWEST + 70, 256
    assert BLOCK // n_tokens < FEWEST
    random = np.random.default_rng(3)
    parameters = {"W": random.normal(0, 0.1, (n_tokens, hidden)).astype(dtype), "b": random.normal(size=n_tokens).astype(dtype)}
    return parameters, random.normal(size=(n_rows, hidden)).astype(dtype), random.integers(-1, n_tokens, n_rows)


def run(layer, parameters, h, targets, gradients=None, n_parts=1):
    """-> log_p, scored, h and every parameter's gradient, added to `gradients` where they are given."""
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()} if gradients is None else gradients
    log_p, dh = layer.gradient(parameters, h, targets, SCALE, Workspace(BACKEND), gradients, n_parts)
    return {"log_p": log_p, "scored": layer.score(parameters, h, targets), "h": dh}, gradients


def output_layer(parameters, backend=BACKEND):
    return SoftmaxOutput("output", parameters["W"].shape[1], len(parameters["b"]), True, False, backend)


def test_more_rows_than_a_block_holds_give_the_same(wide):
    """The whole against rows 100 at a time."""
    parameters, h, targets = large_problem()
    layer = output_layer(parameters)
    whole, gradients = run(layer, parameters, h, targets)
    parts, apart = [], None
    for first in range(0, len(h), 100):
        part, apart = run(layer, parameters, h[first : first + 100], targets[first : first + 100], apart)
        parts.append(part)
    for name, array in whole.items():
        np.testing.assert_allclose(array, np.concatenate([part[name] for part in parts]), rtol=1e-12, atol=1e-13, err_msg=name)
    for name, array in gradients.items():
        np.testing.assert_allclose(array, apart[name], rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_that_share_out_the_vocabulary_change_nothing_but_the_rounding_of_dh(dtype, threads, monkeypatch):
    parameters, h, targets = large_problem(dtype)
    narrow, narrow_gradients = run(output_layer(parameters), parameters, h, targets)
    monkeypatch.setattr(softmax, "WIDE", 600)
    layer = output_layer(parameters, CPU(threads))
    assert layer.is_wide
    wide, gradients = run(layer, parameters, h, targets, n_parts=threads)
    for name in ("log_p", "scored"):
        np.testing.assert_array_equal(wide[name], narrow[name], err_msg=name)
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, narrow_gradients[name], err_msg=name)
    np.testing.assert_allclose(wide["h"], narrow["h"], rtol=0, atol=64 * np.finfo(dtype).eps * np.abs(narrow["h"]).max())


def test_a_vocabulary_is_wide_from_4096_tokens_on():
    assert [SoftmaxOutput("output", H, n_tokens, True, False, BACKEND).is_wide for n_tokens in (4095, 4096)] == [False, True]


def test_a_used_workspace_changes_nothing(layer, parameters, h):
    _, fresh = gradient(layer, parameters, h)
    workspace = Workspace(BACKEND)
    for rows in (h[::-1], h):
        gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
        _, dh = layer.gradient(parameters, np.ascontiguousarray(rows), TARGETS, SCALE, workspace, gradients)
    for name, array in {"h": dh, **gradients}.items():
        np.testing.assert_array_equal(array, fresh[name], err_msg=name)


def test_no_rows_have_no_gradient(layer, parameters):
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    log_p, dh = layer.gradient(parameters, np.empty((0, H)), TARGETS[:0], SCALE, Workspace(BACKEND), gradients)
    assert (log_p.shape, dh.shape, layer.score(parameters, np.empty((0, H)), TARGETS[:0]).shape) == ((0,), (0, H), (0,))
    assert not any(array.any() for array in gradients.values())


def test_a_tied_weight_is_not_a_parameter_of_its_own():
    assert "W" not in SoftmaxOutput("output", H, V, True, True, BACKEND).shapes
    assert SoftmaxOutput("output", H, V, True, False, BACKEND).shapes["W"] == (V, H)


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
