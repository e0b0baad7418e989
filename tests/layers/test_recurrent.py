"""What holds for every recurrent layer."""

import numpy as np
import pytest

from seqterm.layers.base import Workspace
from seqterm.layers.elman import Elman
from seqterm.layers.gru import GRU
from seqterm.layers.lstm import LSTM
from tests.layers.checks import BACKEND, RAGGED, B, D, H, T, problem

KINDS = {
    "elman": (Elman, {}),
    "lstm": (LSTM, {"forget_bias": 0.0}),
    "gru after": (GRU, {"reset_after": True}),
    "gru before": (GRU, {"reset_after": False}),
}


@pytest.fixture(params=KINDS)
def kind(request):
    """(class, options)"""
    return KINDS[request.param]


def initialised(kind, scheme, n_inputs=D, hidden=H, seed=1):
    layer = kind[0]("layer", n_inputs, hidden, True, BACKEND, **kind[1])
    parameters = {name: np.full(shape, np.nan) for name, shape in layer.shapes.items()}
    layer.initialise(parameters, scheme, np.random.default_rng(seed))
    return layer, parameters


def test_ids_are_one_hot_rows(kind):
    by_ids = problem(kind[0], onehot=True, lengths=RAGGED, **kind[1])
    by_rows = by_ids._replace(x=np.eye(D)[by_ids.x])
    h, final, gradients = by_ids.gradients()
    wanted_h, wanted_final, wanted = by_rows.gradients()
    np.testing.assert_allclose(h, wanted_h, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(final, wanted_final, rtol=1e-12, atol=1e-14)
    assert "x" not in gradients  # ids have no gradient
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, wanted[name], rtol=1e-12, atol=1e-14, err_msg=name)


def test_gradients_are_added_to_what_is_there(kind):
    p, workspace = problem(kind[0], **kind[1]), Workspace(BACKEND)
    once = p.gradients()[2]
    p.forward(workspace)
    twice = {name: once[name].copy() for name in p.parameters}
    p.layer.backward(p.parameters, p.dh, workspace, twice, p.x, p.lengths, p.cuts)
    for name, gradient in twice.items():
        np.testing.assert_allclose(gradient, 2 * once[name], rtol=1e-12, atol=1e-14, err_msg=name)


def test_a_workspace_used_before_gives_the_same(kind):
    """Whatever it holds: of this problem, or of one of another size."""
    p, workspace = problem(kind[0], lengths=RAGGED, **kind[1]), Workspace(BACKEND)
    shorter = p._replace(x=p.x[:2], dh=p.dh[:2], cuts=p.cuts[:2])
    results = []
    for each in (p, p, shorter, p):
        h, final, gradients = each.gradients(workspace)
        results.append({"h": h, "final": final, **gradients})
    for again in (results[1], results[3]):
        for name, array in results[0].items():
            np.testing.assert_array_equal(again[name], array, err_msg=name)


def test_a_row_past_its_length_keeps_its_state(kind):
    p = problem(kind[0], lengths=RAGGED, **kind[1])
    h, final = p.forward()
    for row, length in enumerate(RAGGED):
        last = h[length - 1, row] if length else p.state[row, 0]
        np.testing.assert_array_equal(h[length:, row], np.tile(last, (T - length, 1)))
        np.testing.assert_array_equal(final[row, 0], last)


def test_two_stretches_with_carried_state_are_one_sequence(kind):
    p = problem(kind[0], **kind[1])
    whole, whole_final = p.forward()
    whole = whole.copy()
    half = np.full(B, T // 2)
    first, carried = p._replace(x=p.x[: T // 2], lengths=half).forward()
    second, final = p._replace(x=p.x[T // 2 :], lengths=half, state=carried).forward()
    np.testing.assert_allclose(np.concatenate([first, second]), whole, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(final, whole_final, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("scheme", ["uniform", "xavier", "orthogonal"])
def test_every_parameter_is_filled_and_the_seed_decides(kind, scheme):
    _, parameters = initialised(kind, scheme)
    _, again = initialised(kind, scheme)
    _, other = initialised(kind, scheme, seed=2)
    for name, array in parameters.items():
        assert np.isfinite(array).all(), name
        np.testing.assert_array_equal(again[name], array)
    assert (other["W_x"] != parameters["W_x"]).all()
    assert (other["W_h"] != parameters["W_h"]).all()


def test_uniform_weights_lie_within_one_over_the_root_of_hidden(kind):
    for name, array in initialised(kind, "uniform", 40, 25)[1].items():
        if name in ("W_x", "W_h"):
            assert 0.95 / 5 < np.abs(array).max() <= 1 / 5


@pytest.mark.parametrize("scheme", ["xavier", "orthogonal"])
def test_xavier_input_weights_have_the_bound_of_one_gate(kind, scheme):
    """sqrt(6 / (fan_in + fan_out)), where the fan out is that of one gate: Glorot & Bengio 2010."""
    w_x = initialised(kind, scheme, 29, 25)[1]["W_x"]
    bound = (6 / (29 + 25)) ** 0.5
    assert 0.98 * bound < np.abs(w_x).max() <= bound


def test_xavier_recurrent_weights_have_the_bound_of_one_gate(kind):
    w_h = initialised(kind, "xavier", 29, 25)[1]["W_h"]
    bound = (6 / (25 + 25)) ** 0.5
    assert 0.98 * bound < np.abs(w_h).max() <= bound


def test_orthogonal_recurrent_weights_are_orthogonal_gate_by_gate(kind):
    layer, parameters = initialised(kind, "orthogonal")
    blocks = np.split(parameters["W_h"], layer.gates, axis=1)
    for block in blocks:
        np.testing.assert_allclose(block @ block.T, np.eye(H), rtol=0, atol=1e-12)
    assert len({block.tobytes() for block in blocks}) == layer.gates


@pytest.mark.parametrize("scheme", ["xavier", "orthogonal"])
def test_biases_begin_at_zero(kind, scheme):
    parameters = initialised(kind, scheme)[1]
    for name in parameters.keys() & {"b", "b_h"}:
        np.testing.assert_array_equal(parameters[name], 0)
