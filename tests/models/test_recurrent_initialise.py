"""First weights, after --init, --forget-bias and --tied."""

import numpy as np
import pytest

from tests.models.networks import CELLS, network


def initialised(cell, seed=1, **values):
    model = network(cell, **values)
    model.flat[:] = np.nan
    model.initialise(np.random.default_rng(seed))
    return model


@pytest.mark.parametrize("init", ["uniform", "xavier", "orthogonal"])
@pytest.mark.parametrize("cell", CELLS)
def test_every_parameter_is_set_and_the_seed_decides(cell, init):
    first, same, other = (initialised(cell, seed=seed, init=init) for seed in (1, 1, 2))
    assert np.isfinite(first.flat).all()
    np.testing.assert_array_equal(first.flat, same.flat)
    assert not np.array_equal(first.flat, other.flat)


@pytest.mark.parametrize("init", ["uniform", "xavier", "orthogonal"])
def test_the_output_bias_begins_at_the_log_frequencies(init):
    model = initialised("lstm", init=init)
    _, log_p = model.start(1)
    np.testing.assert_array_equal(model.parameters["output"]["b"], log_p[0])


@pytest.mark.parametrize("init", ["uniform", "xavier", "orthogonal"])
def test_the_forget_gate_begins_at_its_bias_in_every_layer(init):
    model = initialised("lstm", init=init, forget_bias=2.5)
    for layer in ("0", "1"):
        np.testing.assert_array_equal(model.parameters[layer]["b"][3:6], np.float32(2.5))


@pytest.mark.parametrize("cell", CELLS)
def test_orthogonal_recurrent_blocks(cell):
    model = initialised(cell, init="orthogonal", hidden=6)
    for layer in ("0", "1"):
        for block in np.split(model.parameters[layer]["W_h"], model.parameters[layer]["W_h"].shape[1] // 6, axis=1):
            np.testing.assert_allclose(block.T @ block, np.eye(6), rtol=0, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_xavier_bounds_are_those_of_each_gates_matrix(cell):
    model = initialised(cell, init="xavier", hidden=40, embedding=20, layers=1)
    for name, bound in (("W_x", (6 / 60) ** 0.5), ("W_h", (6 / 80) ** 0.5)):
        largest = np.abs(model.parameters["0"][name]).max()
        assert 0.9 * bound < largest <= bound * (1 + 1e-6)


def test_a_tied_table_begins_small():
    table = initialised("lstm", hidden=40, embedding=40, tied=True).parameters["embedding"]["table"]
    assert 0.9 * 40**-0.5 < np.abs(table).max() <= 40**-0.5 * (1 + 1e-6)


def test_without_bias_there_is_no_bias_to_initialise():
    assert {name for name in initialised("gru-after-keep", bias=False).tensors() if ".b" in name} == set()
