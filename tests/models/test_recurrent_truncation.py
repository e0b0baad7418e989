"""--bptt-truncate: each output's error goes back at most K steps, as the plain loop of tests/naive/bptt.py has it."""

from functools import partial

import numpy as np
import pytest

from seqterm.layers import softmax
from seqterm.layers.dropout import DropoutKey
from tests.models.networks import CELLS, gradients, network, ragged_window
from tests.naive import bptt

T, LENGTHS = 7, [7, 4, 6]


def cell_functions(cell):
    kind, *form = cell.split("-")
    if kind == "lstm":
        return bptt.lstm_step, bptt.lstm_back
    if kind == "elman":
        options = {"relu": form == ["relu"]}
        return partial(bptt.elman_step, **options), partial(bptt.elman_back, **options)
    options = {"reset_after": form[0] == "after", "keep": form[1] == "keep"}
    return partial(bptt.gru_step, **options), partial(bptt.gru_back, **options)


def naive_gradients(cell, model, window, truncate):
    """Summed over rows, each read up to its length."""
    grads, dstates, total = {}, [], 0.0
    for row, length in enumerate(window.lengths):
        ids, targets = window.ids[:length, row], window.targets[:length, row]
        found, dstate, log_p = bptt.truncated_gradient(
            *cell_functions(cell), model.parameters, ids, targets, window.state[row], truncate
        )
        for layer, tensors in found.items():
            for name, tensor in tensors.items():
                grads[layer, name] = grads.get((layer, name), 0.0) + tensor
        dstates.append(dstate)
        total += log_p
    return grads, np.stack(dstates), total


# Tokens, and from how many on a vocabulary is wide: every token is multiplied by W_x, or only those of the window.
PATHS = {"folded": (5, 4096), "looked up": (11, 4096), "wide": (5, 5)}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("truncate", [0, 1, 2, 5, T - 1, T, T + 3])
@pytest.mark.parametrize("cell", CELLS)
def test_truncated_gradient_equals_the_plain_loop(cell, truncate, path, monkeypatch):
    n_tokens, wide = PATHS[path]
    monkeypatch.setattr(softmax, "WIDE", wide)
    model = network(cell, precision="float64", vocabulary_size=n_tokens)
    window = ragged_window(model, T, LENGTHS)
    views, _, dstate, log_p, _ = gradients(model, window, truncate=truncate)
    expected, expected_dstate, total = naive_gradients(cell, model, window, truncate)
    for (layer, name), tensor in expected.items():
        np.testing.assert_allclose(views[layer][name], tensor, rtol=1e-9, atol=1e-12, err_msg=f"{layer}.{name}")
    np.testing.assert_allclose(dstate, expected_dstate, rtol=1e-9, atol=1e-12)
    assert log_p == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("truncate", [T, T + 1, 100])
@pytest.mark.parametrize("cell", CELLS)
def test_a_reach_of_the_whole_window_is_the_full_gradient(cell, truncate):
    model = network(cell)
    window = ragged_window(model, T, LENGTHS)
    _, full, dstate, log_p, _ = gradients(model, window)
    _, truncated, dstate_truncated, log_p_truncated, _ = gradients(model, window, truncate=truncate)
    np.testing.assert_array_equal(truncated, full)
    np.testing.assert_array_equal(dstate_truncated, dstate)
    assert log_p_truncated == log_p


@pytest.mark.parametrize("cell", CELLS)
def test_a_short_reach_is_another_gradient(cell):
    model = network(cell)
    window = ragged_window(model, T, LENGTHS)
    full, short = gradients(model, window)[1], gradients(model, window, truncate=1)[1]
    assert np.abs(full - short).max() > 1e-3


def test_every_pass_of_a_truncated_gradient_sees_the_same_dropout_mask():
    """Only the last output's error could go T - 1 steps back: without it, a reach of T - 2 steps is the full gradient."""
    model = network("lstm", precision="float64", dropout=0.5)
    window = ragged_window(model, T, LENGTHS)
    window.targets[T - 1] = -1
    short, full = (gradients(model, window, dropout=DropoutKey(3, 0), truncate=k)[1] for k in (T - 2, None))
    np.testing.assert_allclose(short, full, rtol=1e-10, atol=1e-13)
