"""What holds for every recurrent layer."""

import numpy as np
import pytest

from seqterm.layers.base import Workspace
from seqterm.layers.elman import Elman
from seqterm.layers.embedding import Embedding
from seqterm.layers.gru import GRU
from seqterm.layers.lstm import LSTM
from tests.layers.checks import BACKEND, RAGGED, WHOLE, B, D, H, T, problem

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


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_folded_embedding_gives_the_bits_of_one_that_is_looked_up(kind, dtype, bias):
    p = problem(kind[0], bias=bias, lengths=RAGGED, dtype=dtype, **kind[1])
    random, embedding = np.random.default_rng(8), Embedding("embedding", 9, D, BACKEND)
    ids, parameters = random.integers(0, 9, (T, B)), {"table": random.normal(size=(9, D)).astype(dtype)}
    looked_up = p._replace(x=embedding.forward(parameters, ids, Workspace(BACKEND))).forward()
    folded = p._replace(x=ids, parameters=embedding.fold(parameters, p.parameters, Workspace(BACKEND))).forward()
    for one, other in zip(looked_up, folded, strict=True):
        np.testing.assert_array_equal(one, other)


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


def test_after_one_forward_pass_there_may_be_several_backward_ones_with_cuts(kind):
    p, workspace = problem(kind[0], lengths=RAGGED, cuts=np.arange(T) == 1, **kind[1]), Workspace(BACKEND)
    once = p.gradients()[2]
    p.forward(workspace)
    traced = {name: array.copy() for name, array in p.layer.trace(workspace).items()}
    for cuts in (np.arange(T) == 0, p.cuts):
        again = {name: np.zeros_like(array) for name, array in p.parameters.items()}
        dx, dstate = p.layer.backward(p.parameters, p.dh, workspace, again, p.x, p.lengths, cuts)
    for name, gradient in {"x": dx, "state": dstate, **again}.items():
        np.testing.assert_array_equal(gradient, once[name], err_msg=name)
    for name, array in p.layer.trace(workspace).items():
        np.testing.assert_array_equal(array, traced[name], err_msg=name)


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


@pytest.mark.parametrize("onehot", [False, True])
@pytest.mark.parametrize("lengths", [WHOLE, RAGGED])
def test_steps_taken_a_few_at_a_time_change_no_bit(kind, lengths, onehot, monkeypatch):
    p = problem(kind[0], onehot=onehot, lengths=lengths, **kind[1])
    whole = p.gradients()
    width = B * p.layer.gates * H
    for few in (0, width, 3 * width):
        monkeypatch.setattr("seqterm.layers.recurrent.STRETCH", few)
        monkeypatch.setattr("seqterm.layers.recurrent.FEWEST", 1)
        h, final, gradients = p.gradients()
        np.testing.assert_array_equal(h, whole[0])
        np.testing.assert_array_equal(final, whole[1])
        for name, gradient in gradients.items():
            np.testing.assert_array_equal(gradient, whole[2][name], err_msg=name)
