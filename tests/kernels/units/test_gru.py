"""The GRU units, a number at a time."""

import math

import pytest

from seqterm.kernels.units.gru import gru_after_unit, gru_candidate_unit, gru_gates_unit, gru_mix_unit
from tests.naive.differences import scalar_derivative


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


mix_forward, mix_backward = gru_mix_unit()
after_forward, after_backward = gru_after_unit(sigmoid, math.tanh)
gates_forward, gates_backward = gru_gates_unit(sigmoid)
candidate_forward, candidate_backward = gru_candidate_unit(math.tanh)

MIX = {"z": 0.3, "g": -0.6, "h_prev": 0.9}
AFTER = {"a_r": 0.3, "a_z": -0.8, "a_g": 1.1, "s_r": -0.2, "s_z": 0.5, "s_g": 0.7}
GATES = {"a_r": 0.3, "a_z": -0.8, "h_prev": 0.9}


@pytest.mark.parametrize(("keep", "wanted"), [(True, 0.3 * 0.9 + 0.7 * -0.6), (False, 0.3 * -0.6 + 0.7 * 0.9)])
def test_the_update_gate_keeps_or_renews(keep, wanted):
    assert mix_forward(**MIX, keep=keep) == pytest.approx(wanted, rel=1e-14)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(("place", "name"), list(enumerate(MIX)))
def test_mix_backward_is_the_derivative_of_forward(place, name, keep):
    def loss(value):
        return 1.3 * mix_forward(**{**MIX, name: value}, keep=keep)

    found = mix_backward(1.3, **MIX, keep=keep)[place]
    assert found == pytest.approx(scalar_derivative(loss, MIX[name]), rel=1e-8, abs=1e-10)


def test_reset_after_resets_the_recurrent_part_of_the_candidate_alone():
    r, z, g = after_forward(**AFTER)
    assert (r, z) == (sigmoid(0.3 - 0.2), sigmoid(-0.8 + 0.5))
    assert g == pytest.approx(math.tanh(1.1 + r * 0.7), rel=1e-14)


@pytest.mark.parametrize("name", AFTER)
def test_after_backward_is_the_derivative_of_forward(name):
    def loss(value):
        _, z, g = after_forward(**{**AFTER, name: value})
        return 0.7 * z - 1.3 * g

    da_r, da_z, da_g, ds_g = after_backward(0.7, -1.3, *after_forward(**AFTER), AFTER["s_g"])
    found = {"a_r": da_r, "a_z": da_z, "a_g": da_g, "s_r": da_r, "s_z": da_z, "s_g": ds_g}[name]
    assert found == pytest.approx(scalar_derivative(loss, AFTER[name]), rel=1e-8, abs=1e-10)


def test_reset_before_resets_the_state():
    assert gates_forward(**GATES) == (sigmoid(0.3), sigmoid(-0.8), sigmoid(0.3) * 0.9)


@pytest.mark.parametrize(("place", "name"), list(enumerate(GATES)))
def test_gates_backward_is_the_derivative_of_forward(place, name):
    def loss(value):
        _, z, reset = gates_forward(**{**GATES, name: value})
        return 0.7 * z - 1.3 * reset

    r, z, _ = gates_forward(**GATES)
    found = gates_backward(0.7, -1.3, r, z, GATES["h_prev"])[place]
    assert found == pytest.approx(scalar_derivative(loss, GATES[name]), rel=1e-8, abs=1e-10)


def test_candidate_backward_is_the_derivative_of_forward():
    found = candidate_backward(1.3, candidate_forward(0.6))
    assert found == pytest.approx(1.3 * scalar_derivative(candidate_forward, 0.6), rel=1e-8)
