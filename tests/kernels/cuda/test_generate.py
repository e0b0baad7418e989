"""Whole networks advanced, and tokens drawn from them, against the processor's."""

import numpy as np
import pytest
from numba import cuda

from seqterm.errors import UsageError
from seqterm.kernels.cpu import generate as cpu
from seqterm.kernels.cuda import generate
from tests.kernels.cpu.test_generate import CELLS, first_log_p, network
from tests.kernels.cuda.device import slow_in_the_simulator

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")  # the simulator multiplies in numpy
V, N, COUNT, KEY = 11, 3, 5, 99
TEAM = 0, 1, np.zeros(2, np.int64)
# greedy, temperature, top_k, top_p, min_p, penalty, equal_weights
SETTINGS = {  # what filters leave is compared in test_filters
    "temperature": (False, 0.9, 0, 1.0, 0.0, 1.0, False),
    "greedy without repeats": (True, 1.0, 0, 1.0, 0.0, 1e6, False),
    "all filters": (False, 1.3, 8, 0.95, 0.01, 1.2, False),
}


def packed(kernels, net, rounded=False):
    """The first arguments of the kernels of a device."""
    items = []
    for layer in net.layers:
        arrays = layer.step_arrays(net.parameters[layer.name])
        items.append({getattr(kernels, name): array for name, array in arrays.items()})
    if net.onehot:
        del items[0][kernels.W_X]
    items.append({kernels.W_X: net.output["W"], kernels.B: net.output["b"]})
    table = cuda.to_device(net.table) if kernels is generate else net.table
    first = net.layers[0]
    cell = getattr(kernels, first.step_cell)
    return cell, first.flag, table, *kernels.pack_network(items, net.table.dtype, rounded)


def drawn(kernels, net, state, log_p, banned, settings, first, count):
    """-> state, log_p, seen, tokens (count, n), chosen (count, n)"""
    arrays = [state, log_p, np.zeros(log_p.shape, np.bool_), banned]
    outs = [np.full((count, len(state)), -1, np.int64), np.full((count, len(state)), np.nan, state.dtype)]
    if kernels is generate:
        arrays, outs = [[cuda.to_device(x) for x in group] for group in (arrays, outs)]
    else:
        arrays = [x.copy() for x in arrays]
    network_arguments = packed(kernels, net)
    scratch = kernels.make_scratch(network_arguments[2], network_arguments[-1], net.layers[0].gates, arrays[0])
    kernels.draw(*network_arguments, *arrays, *settings, KEY, first, *outs, scratch, TEAM)
    found = [*arrays[:3], *outs]
    return [x.copy_to_host() for x in found] if kernels is generate else found


def check(net, settings, count=COUNT, n=N, banned=()):
    """Tokens are the same, numbers almost."""
    dtype, is_banned = net.table.dtype, np.isin(np.arange(V), banned)
    state, log_p = net.state(n), first_log_p(n, dtype)
    found, wanted = (drawn(kernels, net, state, log_p, is_banned, settings, 20, count) for kernels in (generate, cpu))
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    assert not np.isin(found[3], banned).any()


@pytest.mark.parametrize(("n_layers", "onehot"), [(1, True), (2, False)])
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_draws_the_processors_tokens(cell, n_layers, onehot):
    check(network(cell, n_layers, onehot), SETTINGS["temperature"], count=2)


@slow_in_the_simulator
@pytest.mark.parametrize("cell", ["elman tanh", "lstm", "gru after keep", "gru before keep"])
def test_networks_without_biases(cell):
    net = network(cell, bias=False)
    check(net, SETTINGS["temperature"], count=2)


@slow_in_the_simulator
@pytest.mark.parametrize("settings", SETTINGS)
def test_every_setting_draws_the_processors_tokens(settings):
    check(network("lstm", 1, dtype=np.float32), SETTINGS[settings], count=2, banned=(0, 4))


@pytest.mark.parametrize("n", [1, 17])
def test_streams_fill_tiles_or_do_not(n):
    check(network("gru after keep", 1), SETTINGS["temperature"], count=1, n=n)


def test_a_launch_goes_on_where_the_one_before_ended(monkeypatch):
    monkeypatch.setattr(generate, "STEPS", 1)
    check(network("lstm", 1, dtype=np.float32), SETTINGS["temperature"], count=2)


def test_a_step_with_given_tokens_leaves_the_state_before_it():
    net = network("lstm")
    state, tokens = net.state(N), np.array([1, 5, 1])
    before = cuda.to_device(state)
    found = [cuda.device_array(state.shape, state.dtype), cuda.device_array((N, V), state.dtype)]
    wanted = [np.empty_like(state), np.empty((N, V))]
    for kernels, arrays, outs in ((generate, (cuda.to_device(tokens), before), found), (cpu, (tokens, state), wanted)):
        arguments = packed(kernels, net)
        scratch = kernels.make_scratch(arguments[2], arguments[-1], net.layers[0].gates, arrays[1])
        kernels.network_step(*arguments, *arrays, *outs, scratch, TEAM)
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours.copy_to_host(), theirs, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(before.copy_to_host(), state)


def test_weights_of_eight_bits_are_refused():
    with pytest.raises(UsageError, match="8-bit weights are for the processor"):
        packed(generate, network("lstm", 1), rounded=True)
