"""The Elman units, a number at a time."""

import math

import pytest

from seqterm.kernels.units.elman import elman_relu_unit, elman_tanh_unit
from tests.naive.differences import scalar_derivative

UNITS = {
    "tanh": elman_tanh_unit(math.tanh),
    "relu": elman_relu_unit(lambda x: max(0.0, x), lambda x: float(x > 0)),
}


@pytest.mark.parametrize("a", [-2.0, -0.3, 0.4, 1.7])
@pytest.mark.parametrize("name", UNITS)
def test_backward_is_the_derivative_of_forward(name, a):
    forward, backward = UNITS[name]
    assert backward(1.5, forward(a)) == pytest.approx(1.5 * scalar_derivative(forward, a), rel=1e-8, abs=1e-10)


def test_the_tanh_unit_is_tanh():
    assert UNITS["tanh"][0](0.2) == math.tanh(0.2)


def test_the_relu_unit_passes_the_positive_part():
    assert [UNITS["relu"][0](a) for a in (-3.0, 0.0, 2.5)] == [0.0, 0.0, 2.5]
