"""A whole network advanced in one call, against its layers, and tokens drawn from it."""

from typing import NamedTuple

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.kernels.cpu import filters, generate
from seqterm.kernels.cpu.random import derive_key, uniform
from seqterm.layers.base import Workspace, flat_size, split
from seqterm.layers.elman import Elman
from seqterm.layers.gru import GRU
from seqterm.layers.lstm import LSTM
from seqterm.layers.recurrent import RecurrentLayer
from tests.kernels.cpu.teams import alone, together
from tests.naive.softmax import log_softmax

SIZES = V, D, H = 11, 4, 6
SEVERAL_PANELS = 53, 12, 40
KEY = 99
CPU_2 = CPU(2)

CELLS = {
    "elman tanh": (Elman, {"relu": False}),
    "elman relu": (Elman, {"relu": True}),
    "lstm": (LSTM, {}),
    "gru after keep": (GRU, {"reset_after": True, "keep": True}),
    "gru after renew": (GRU, {"reset_after": True, "keep": False}),
    "gru before keep": (GRU, {"reset_after": False, "keep": True}),
    "gru before renew": (GRU, {"reset_after": False, "keep": False}),
}


class Network(NamedTuple):
    """Layers with random weights; the output layer is W (H, V), b (V,)."""

    table: np.ndarray
    layers: list[RecurrentLayer]
    parameters: dict[str, dict[str, np.ndarray]]
    output: dict[str, np.ndarray]
    onehot: bool

    def packed(self, rounded=False):
        """The first arguments of the kernels."""
        items = []
        for layer in self.layers:
            arrays = layer.step_arrays(self.parameters[layer.name])
            items.append({getattr(generate, name): array for name, array in arrays.items()})
        if self.onehot:
            del items[0][generate.W_X]
        items.append({generate.W_X: self.output["W"], generate.B: self.output["b"]})
        first = self.layers[0]
        cell = getattr(generate, first.step_cell)
        return cell, first.flag, self.table, *generate.pack_network(items, self.table.dtype, rounded)

    def scratch(self, layout, state):
        """What a kernel should write is NaN."""
        scratch = generate.make_scratch(self.table, layout, self.layers[0].gates, state)
        for array in scratch:
            array[...] = np.nan
        return scratch

    def with_matrices(self, function):
        """The same with every matrix changed, the table apart."""

        def changed(arrays):
            return {name: function(array) if array.ndim == 2 else array for name, array in arrays.items()}

        parameters = {name: changed(arrays) for name, arrays in self.parameters.items()}
        return self._replace(parameters=parameters, output=changed(self.output))

    def by_layers(self, ids, state):
        """ids (T, n) -> log_p (T, n, V) and the final state, one layer after the other over the whole sequence."""
        x, finals = ids if self.onehot else self.table[ids], []
        for i, layer in enumerate(self.layers):
            lengths = np.full(ids.shape[1], len(ids))
            x, final = layer.forward(self.parameters[layer.name], x, Workspace(CPU_2), state[:, i], lengths)
            finals.append(final)
        logits = x @ self.output["W"] + self.output["b"]
        return np.array([[log_softmax(row) for row in step] for step in logits.tolist()]), np.stack(finals, 1)

    def state(self, n):
        shape = (n, len(self.layers), self.layers[0].state_size, self.layers[0].hidden)
        return np.random.default_rng(3).normal(size=shape).astype(self.table.dtype)


def network(cell="lstm", n_layers=2, onehot=False, bias=True, dtype=np.float64, sizes=SIZES):
    (kind, options), (n_tokens, n_inputs, hidden) = CELLS[cell], sizes
    if onehot:
        n_inputs = n_tokens
    layers = [kind(f"{i}", hidden if i else n_inputs, hidden, bias, CPU_2, **options) for i in range(n_layers)]
    random = np.random.default_rng(1)
    parameters = split(random.normal(0, 0.5, flat_size(layers)).astype(dtype), layers)
    table = parameters["0"]["W_x"] if onehot else random.normal(size=(n_tokens, n_inputs)).astype(dtype)
    output = {"W": random.normal(size=(hidden, n_tokens)).astype(dtype), "b": random.normal(size=n_tokens).astype(dtype)}
    return Network(table, layers, parameters, output, onehot)


def step(net, tokens, state, rounded=False):
    state_out, log_p, packed = np.full_like(state, np.nan), np.full((len(tokens), V), np.nan, state.dtype), net.packed(rounded)
    generate.network_step(*packed, tokens, state, state_out, log_p, net.scratch(packed[-1], state), alone())
    return state_out, log_p


def draw(net, state, log_p, first, count, greedy=False, penalty=1.0, rounded=False, workers=1):
    """-> state, log_p, seen, tokens (count, n), chosen (count, n)"""
    state, log_p, packed = state.copy(), log_p.copy(), net.packed(rounded)
    seen, scratch = np.zeros(log_p.shape, np.bool_), net.scratch(packed[-1], state)
    tokens, chosen = np.full((count, len(state)), -1, np.int64), np.full((count, len(state)), np.nan, state.dtype)

    def work(team):
        generate.draw(
            *packed, state, log_p, seen, np.zeros(log_p.shape[1], np.bool_), greedy, 0.9, 8, 0.95, 0.01, penalty, False, KEY,
            first, tokens, chosen, scratch, team,
        )  # fmt: skip

    together(work, workers)
    return state, log_p, seen, tokens, chosen


def first_log_p(n, dtype=np.float64, n_tokens=V):
    return np.log(np.random.default_rng(4).dirichlet(np.ones(n_tokens), n)).astype(dtype)


@pytest.mark.parametrize("onehot", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_steps_agree_with_the_layers(cell, n_layers, onehot):
    net = network(cell, n_layers, onehot)
    ids, state = np.random.default_rng(2).integers(0, V, (3, 5)), net.state(5)
    wanted, final = net.by_layers(ids, state)
    for tokens, wanted_log_p in zip(ids, wanted, strict=True):
        state, log_p = step(net, tokens, state)
        np.testing.assert_allclose(log_p, wanted_log_p, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(state, final, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("cell", ["elman tanh", "lstm", "gru after keep", "gru before keep"])
def test_steps_agree_with_the_layers_without_biases(cell):
    net = network(cell, bias=False)
    ids, state = np.random.default_rng(2).integers(0, V, (1, 5)), net.state(5)
    wanted, final = net.by_layers(ids, state)
    state, log_p = step(net, ids[0], state)
    np.testing.assert_allclose(log_p, wanted[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(state, final, rtol=1e-10, atol=1e-12)


def rounded_by_columns(matrix):
    """Each column in 127ths of its largest element."""
    steps = np.abs(matrix).max(0) / 127
    return np.rint(matrix / steps) * steps


@pytest.mark.parametrize("onehot", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_steps_with_rounded_weights_are_those_of_a_network_that_has_these_weights(cell, onehot):
    net = network(cell, onehot=onehot)
    ids, state = np.random.default_rng(2).integers(0, V, 5), net.state(5)
    found, wanted = step(net, ids, state, rounded=True), step(net.with_matrices(rounded_by_columns), ids, state)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-3)  # rows are rounded too, to a 2^14th of their largest
    assert np.abs(found[1] - step(net, ids, state)[1]).max() > 5e-3


def test_a_step_leaves_the_state_before_it_as_it_was():
    net = network()
    state = net.state(3)
    before = state.copy()
    step(net, np.array([1, 2, 3]), state)
    np.testing.assert_array_equal(state, before)


def test_draw_takes_the_tokens_that_the_filters_give_and_advances_by_them():
    net = network()
    state, log_p = net.state(3), first_log_p(3)
    drawn_state, drawn_log_p, seen, tokens, chosen = draw(net, state, log_p, 20, 6)
    unseen = np.zeros(V, np.bool_)
    for i in range(6):
        for row in range(3):
            u = uniform(derive_key(KEY, row), 20 + i)
            assert tokens[i, row] == filters.draw_token(log_p[row], unseen, unseen, False, 0.9, 8, 0.95, 0.01, 1.0, False, u)
            assert chosen[i, row] == log_p[row, tokens[i, row]]
        state, log_p = step(net, tokens[i], state)
    np.testing.assert_array_equal(drawn_state, state)
    np.testing.assert_array_equal(drawn_log_p, log_p)
    np.testing.assert_array_equal(seen, [[token in tokens[:, row] for token in range(V)] for row in range(3)])


def test_the_penalty_works_on_what_has_been_drawn():
    """So large that no token comes twice."""
    net = network()
    tokens = draw(net, net.state(2), first_log_p(2), 0, 6, greedy=True, penalty=1e6)[3]
    assert [len(set(column)) for column in tokens.T.tolist()] == [6, 6]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cut", [1, 4, 9])
def test_the_text_does_not_depend_on_the_chunks(cut, dtype):
    net = network(dtype=dtype)
    state, log_p = net.state(2), first_log_p(2, dtype)
    whole = draw(net, state, log_p, 0, 10)
    state, log_p, _, start, _ = draw(net, state, log_p, 0, cut)
    end = draw(net, state, log_p, cut, 10 - cut)
    np.testing.assert_array_equal(np.concatenate([start, end[3]]), whole[3])
    np.testing.assert_array_equal(end[0], whole[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 3, 8])
def test_the_text_does_not_depend_on_the_number_of_samples(n, dtype):
    net = network(dtype=dtype)
    state, log_p = net.state(9), first_log_p(9, dtype)
    all_rows, some = draw(net, state, log_p, 0, 12), draw(net, state[:n], log_p[:n], 0, 12)
    np.testing.assert_array_equal(some[3], all_rows[3][:, :n])
    np.testing.assert_array_equal(some[4], all_rows[4][:, :n])


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("onehot", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_the_text_does_not_depend_on_the_number_of_workers(cell, n_layers, onehot, rounded):
    """Of few rows and many, fewer than workers too; each has several panels, and the last panel fewer columns."""
    net = network(cell, n_layers, onehot, dtype=np.float32, sizes=SEVERAL_PANELS)
    for n in (1, 3, 8):
        state, log_p = net.state(n), first_log_p(n, np.float32, SEVERAL_PANELS[0])
        wanted = draw(net, state, log_p, 0, 4, rounded=rounded)
        for workers in (2, 3):
            found = draw(net, state, log_p, 0, 4, rounded=rounded, workers=workers)
            for one, other in zip(found, wanted, strict=True):
                np.testing.assert_array_equal(one, other)
