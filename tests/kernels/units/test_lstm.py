"""The LSTM unit, a number at a time."""

import math

import pytest

from seqterm.kernels.units.lstm import lstm_unit
from tests.naive.differences import scalar_derivative


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


forward, backward = lstm_unit(sigmoid, math.tanh)
AT = {"a_i": 0.3, "a_f": -0.8, "a_o": 1.1, "a_g": 0.6, "c_prev": -0.4}


def test_forward_follows_the_equations():
    i, f, o, g, c, h = forward(**AT)
    assert (i, f, o, g) == (sigmoid(0.3), sigmoid(-0.8), sigmoid(1.1), math.tanh(0.6))
    assert c == pytest.approx(f * -0.4 + i * g, rel=1e-14)
    assert h == pytest.approx(o * math.tanh(c), rel=1e-14)


@pytest.mark.parametrize(("place", "name"), list(enumerate(AT)))
@pytest.mark.parametrize(("dh", "dc"), [(1.0, 0.0), (0.0, 1.0), (0.7, -1.3)])
def test_backward_is_the_derivative_of_forward(place, name, dh, dc):
    def loss(value):
        *_, c, h = forward(**{**AT, name: value})
        return dh * h + dc * c

    i, f, o, g, c, _ = forward(**AT)
    found = backward(dh, dc, i, f, o, g, c, AT["c_prev"])[place]
    assert found == pytest.approx(scalar_derivative(loss, AT[name]), rel=1e-8, abs=1e-10)
