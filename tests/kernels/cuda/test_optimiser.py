import math

import numpy as np
import pytest
from numba import cuda

from seqterm.kernels.cpu import optimiser as cpu
from seqterm.kernels.cuda import optimiser
from tests.kernels.cuda.device import agree

N = 37
# name: vectors beside parameters and gradient, constants after them
RULES = {
    "sgd": (0, (0.5, 0.4, 0.1)),
    "momentum_sgd": (1, (0.5, 0.4, 0.1, 0.9)),
    "adagrad": (1, (0.5, 0.4, 0.1, 1e-3)),
    "rmsprop": (1, (0.5, 0.4, 0.1, 0.9, 1e-3)),
    "adam": (2, (0.5, 0.4, 3, 0.1, 0.9, 0.99, 1e-3, 0.1)),
}


def vectors(count, dtype=np.float32):
    return np.abs(np.random.default_rng(1).normal(size=(count, N))).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", RULES)
def test_rules_agree(rule, dtype):
    n_kept, constants = RULES[rule]
    rtol = 1e-5 if dtype == np.float32 else 1e-14
    parameters, gradient, *kept = vectors(2 + n_kept, dtype)
    gradient -= gradient.dtype.type(1)
    agree(getattr(optimiser, rule), getattr(cpu, rule), parameters, gradient, *kept, *constants, rtol=rtol, atol=rtol)


def test_slices_are_added_and_left_zero():
    agree(optimiser.add_slice, cpu.add_slice, *vectors(2), rtol=0, atol=0)


@pytest.mark.parametrize("first", [0, 5, N])
def test_the_squared_norm_of_a_stretch_is_a_number_of_the_host(first):
    stretch = vectors(1)[0, first:] * np.float32(1e30)
    found = optimiser.squared_norm(cuda.to_device(stretch))
    assert isinstance(found, float)
    assert found == pytest.approx(cpu.squared_norm(stretch), rel=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_squared_norm_shows_what_is_not_finite(bad):
    gradient = vectors(1)[0]
    gradient[20] = bad
    assert not math.isfinite(optimiser.squared_norm(cuda.to_device(gradient)))
