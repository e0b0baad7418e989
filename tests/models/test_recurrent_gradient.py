"""The gradients of whole models in float64 against central differences of their loss."""

import numpy as np
import pytest

from seqterm.layers import softmax
from seqterm.layers.dropout import DropoutKey
from seqterm.layers.embedding import Embedding
from tests.models.networks import CELLS, INPUTS, add_gradients, gradients, network, ragged_window

SCALE = 0.37
STEP = 1e-4


def central_differences(loss, x):
    """The gradient of loss() with respect to x, changed in place; five-point formula, error of order STEP**4."""
    found = np.empty_like(x)
    for place in np.ndindex(x.shape):
        kept, values = x[place], []
        for k in (-2, -1, 1, 2):
            x[place] = kept + k * STEP
            values.append(loss())
        x[place] = kept
        found[place] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * STEP)
    return found


# Steps of three rows, and whether five tokens are a wide vocabulary: each of them is multiplied by W_x, or those of the window.
PATHS = {"folded": (4, False), "looked up": (3, False), "wide": (4, True)}


@pytest.fixture(params=PATHS)
def n_steps(request, monkeypatch):
    steps, wide = PATHS[request.param]
    if wide:
        monkeypatch.setattr(softmax, "WIDE", 5)
    return steps


def check_model(model, n_steps=4, **options):
    window = ragged_window(model, n_steps, [n_steps, 2, 3])
    scratch, workspace = np.zeros_like(model.flat), model.workspace()

    def loss():
        return -SCALE * add_gradients(model, window, scratch, workspace, SCALE, **options)[0]

    _, flat, dstate, _, _ = gradients(model, window, SCALE, **options)
    np.testing.assert_allclose(flat, central_differences(loss, model.flat), rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(dstate, central_differences(loss, window.state), rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("form", INPUTS)
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_of_every_parameter_and_first_state(cell, form, bias):
    check_model(network(cell, precision="float64", bias=bias, **INPUTS[form]))


@pytest.mark.parametrize(("n_steps", "n_tokens", "folds"), [(4, 5, 1), (4, 6, 1), (4, 7, 0), (3, 5, 0)])
def test_the_vocabulary_is_multiplied_where_a_window_has_twice_as_many_ids(n_steps, n_tokens, folds, monkeypatch):
    fold, calls = Embedding.fold, []
    monkeypatch.setattr(Embedding, "fold", lambda *arguments: calls.append(1) or fold(*arguments))
    model = network("lstm", vocabulary_size=n_tokens)
    gradients(model, ragged_window(model, n_steps, [n_steps, 2, 3]))
    assert len(calls) == folds


@pytest.mark.parametrize("form", INPUTS)
@pytest.mark.parametrize("cell", ["elman-tanh", "lstm", "gru-after-keep", "gru-before-renew"])
def test_gradient_by_every_path(cell, form, n_steps):
    check_model(network(cell, precision="float64", **INPUTS[form]), n_steps)


@pytest.mark.parametrize("cell", CELLS)
def test_gradient_through_dropout_of_a_fixed_mask(cell):
    check_model(network(cell, precision="float64", dropout=0.4), dropout=DropoutKey(7, 2))


def test_gradient_through_dropout_by_every_path(n_steps):
    check_model(network("lstm", precision="float64", dropout=0.4), n_steps, dropout=DropoutKey(7, 2))


def test_a_tied_table_sums_the_gradients_of_both_its_uses():
    tied = network("lstm", precision="float64", **INPUTS["tied"])
    apart = network("lstm", precision="float64", embedding=3)
    for layer, tensors in apart.parameters.items():
        for name, tensor in tensors.items():
            tensor[...] = tied.parameters[layer][name]
    window = ragged_window(tied, 4, [4, 2, 3])
    both, _, _, log_p, _ = gradients(tied, window)
    each, _, _, log_p_apart, _ = gradients(apart, window)
    assert log_p == pytest.approx(log_p_apart, rel=1e-12)
    summed = each["embedding"]["table"] + each["output"]["W"]
    np.testing.assert_allclose(both["embedding"]["table"], summed, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_added_to_what_is_there(cell):
    model = network(cell)
    window = ragged_window(model, 3, [3, 2])
    _, once, _, _, _ = gradients(model, window)
    flat = once.copy()
    add_gradients(model, window, flat)
    np.testing.assert_allclose(flat, 2 * once, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_a_used_workspace_changes_nothing(cell, n_steps):
    """Whatever path went through it before."""
    model = network(cell)
    window = ragged_window(model, n_steps, [2, n_steps, 3])
    _, fresh, dstate, log_p, final = gradients(model, window)
    workspace, flat = model.workspace(), np.zeros_like(model.flat)
    add_gradients(model, ragged_window(model, 4, [4, 4, 4], seed=9), flat, workspace)
    flat[:] = 0
    again = add_gradients(model, window, flat, workspace)
    assert again[0] == log_p
    np.testing.assert_array_equal(flat, fresh)
    np.testing.assert_array_equal(again[1], final)
    np.testing.assert_array_equal(again[2], dstate)


@pytest.mark.parametrize("cell", CELLS)
def test_the_final_state_of_a_short_row_is_that_of_its_last_token(cell):
    model = network(cell)
    window = ragged_window(model, 4, [4, 1, 2])
    final = gradients(model, window)[4]
    state = window.state
    for t in range(4):
        stepped, _ = model.advance(state, window.ids[t])
        state = np.where((t < window.lengths)[:, None, None, None], stepped, state)
    np.testing.assert_allclose(final, state, rtol=1e-5, atol=1e-6)
