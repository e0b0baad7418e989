"""The recurrent model behind the language-model protocol: start, advance, score, trace agree with each other."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seqterm.models import recurrent
from tests.models.networks import CELLS, INPUTS, network

EACH_CELL = pytest.mark.parametrize("cell", CELLS)


@settings(deadline=None, max_examples=60)
@given(
    cell=st.sampled_from(list(CELLS)),
    form=st.sampled_from(list(INPUTS)),
    bias=st.booleans(),
    precision=st.sampled_from(["float32", "float64"]),
    scale=st.floats(0.0, 30.0),
    seed=st.integers(0, 2**32 - 1),
)
@example(cell="elman-relu", form="tied", bias=True, precision="float32", scale=5.0, seed=177)  # logits in the thousands
def test_probabilities_sum_to_one_for_any_weights(cell, form, bias, precision, scale, seed):
    model = network(cell, seed, scale, vocabulary_size=11, bias=bias, precision=precision, **INPUTS[form])
    state, log_p = model.start(3)
    for tokens in ([0, 5, 10], [3, 3, 3], [10, 0, 1]):
        np.testing.assert_allclose(np.exp(log_p.astype(np.float64)).sum(axis=1), 1.0, rtol=0, atol=2e-6)
        state, log_p = model.advance(state, np.array(tokens))
    np.testing.assert_allclose(np.exp(log_p.astype(np.float64)).sum(axis=1), 1.0, rtol=0, atol=2e-6)


@EACH_CELL
def test_start_gives_equal_rows_with_the_first_tokens_distribution(cell):
    model = network(cell)
    state, log_p = model.start(4)
    one_state, one_log_p = model.start(1)
    np.testing.assert_array_equal(state, np.repeat(one_state, 4, axis=0))
    np.testing.assert_array_equal(log_p, np.repeat(one_log_p, 4, axis=0))
    expected = np.random.default_rng(3).dirichlet(np.ones(5))
    np.testing.assert_allclose(np.exp(log_p[0]), expected, rtol=1e-5, atol=0)


@EACH_CELL
def test_advance_leaves_the_state_it_was_given(cell):
    model = network(cell)
    state = model.zero_state(2)
    after, _ = model.advance(state, np.array([1, 2]))
    assert not state.any()
    kept = after.copy()
    model.advance(after, np.array([3, 4]))
    np.testing.assert_array_equal(after, kept)


@EACH_CELL
def test_states_gather_by_index(cell):
    model = network(cell)
    state, _ = model.advance(model.zero_state(3), np.array([0, 1, 2]))
    chosen = [2, 0, 0, 1]
    tokens = np.array([4, 3, 1, 0])
    gathered, log_p = model.advance(state[chosen], tokens)
    for row, (source, token) in enumerate(zip(chosen, tokens, strict=True)):
        alone, alone_log_p = model.advance(state[[source]], np.array([token]))
        np.testing.assert_array_equal(gathered[row], alone[0])
        np.testing.assert_array_equal(log_p[row], alone_log_p[0])


@pytest.mark.parametrize("form", INPUTS)
@EACH_CELL
def test_score_equals_stepping(cell, form):
    """Over 130 steps, more than are scored at once."""
    model = network(cell, **INPUTS[form])
    random = np.random.default_rng(1)
    ids, targets = random.integers(0, 5, (130, 3)), random.integers(-1, 5, (130, 3))
    state = first = random.standard_normal(model.zero_state(3).shape).astype(np.float32)
    expected = np.zeros(ids.shape)
    for t in range(len(ids)):
        state, log_p = model.advance(state, ids[t])
        expected[t] = np.where(targets[t] < 0, 0.0, log_p[np.arange(3), targets[t]])
    final, scored = model.score(first, ids, targets)
    np.testing.assert_allclose(scored, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(final, state, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bias", [True, False])
@EACH_CELL
def test_a_step_has_the_same_bits_where_the_embedding_is_not_multiplied_by_the_first_layer(cell, bias, monkeypatch):
    folded = network(cell, bias=bias)
    monkeypatch.setattr(recurrent, "FOLDED", 0)
    looked_up, tokens = network(cell, bias=bias), np.array([4, 0, 2])
    for one, other in zip(*(model.advance(model.zero_state(3) + 0.5, tokens) for model in (folded, looked_up)), strict=True):
        np.testing.assert_array_equal(one, other)


@EACH_CELL
def test_score_carries_its_state_over_a_cut(cell):
    model = network(cell)
    ids, targets = np.random.default_rng(2).integers(0, 5, (2, 20, 2))
    final, whole = model.score(model.zero_state(2), ids, targets)
    state, head = model.score(model.zero_state(2), ids[:7], targets[:7])
    state, tail = model.score(state, ids[7:], targets[7:])
    np.testing.assert_allclose(np.concatenate([head, tail]), whole, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(state, final, rtol=1e-6, atol=1e-6)


def traced_and_stepped(cell):
    model = network(cell)
    ids = np.random.default_rng(4).integers(0, 5, 9)
    state, states = model.zero_state(1), []
    for token in ids:
        state, _ = model.advance(state, np.array([token]))
        states.append(state[0])
    return model.trace(ids), np.array(states)


NAMES = {"elman": "h", "lstm": "hcifog", "gru": "hrzg"}


@EACH_CELL
def test_trace_names_layers_and_units(cell):
    traced, _ = traced_and_stepped(cell)
    assert set(traced) == {f"{layer}.{name}" for layer in (0, 1) for name in NAMES[cell.split("-")[0]]}
    assert {array.shape for array in traced.values()} == {(9, 3)}


@EACH_CELL
def test_trace_holds_the_states_of_stepping(cell):
    traced, states = traced_and_stepped(cell)
    for layer in (0, 1):
        np.testing.assert_allclose(traced[f"{layer}.h"], states[:, layer, 0], rtol=1e-5, atol=1e-6)
        if cell == "lstm":
            np.testing.assert_allclose(traced[f"{layer}.c"], states[:, layer, 1], rtol=1e-5, atol=1e-6)


def before(array):
    """The same a step earlier, from zeros."""
    return np.concatenate([np.zeros_like(array[:1]), array[:-1]])


def test_traced_gates_of_the_lstm_make_its_states():
    traced, _ = traced_and_stepped("lstm")
    for layer in (0, 1):
        h, c, i, f, o, g = (traced[f"{layer}.{name}"] for name in "hcifog")
        np.testing.assert_allclose(c, f * before(c) + i * g, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(h, o * np.tanh(c), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("form", ["after", "before"])
def test_traced_gates_of_the_gru_make_its_states_in_either_sense_of_the_update_gate(form):
    for sense in ("keep", "renew"):
        traced, _ = traced_and_stepped(f"gru-{form}-{sense}")
        for layer in (0, 1):
            h, z, g = (traced[f"{layer}.{name}"] for name in "hzg")
            kept = z if sense == "keep" else 1 - z
            np.testing.assert_allclose(h, kept * before(h) + (1 - kept) * g, rtol=1e-5, atol=1e-6)


@EACH_CELL
def test_changed_weights_are_seen_after_changed(cell):
    model = network(cell)
    state = model.zero_state(1)
    _, old = model.advance(state, np.array([1]))
    model.flat *= 1.5
    model.changed()
    _, new = model.advance(state, np.array([1]))
    _, scored = model.score(state, np.array([[1]]), np.array([[2]]))
    assert np.abs(new - old).max() > 1e-2
    np.testing.assert_allclose(new[0, 2], scored[0, 0], rtol=1e-5, atol=1e-6)
