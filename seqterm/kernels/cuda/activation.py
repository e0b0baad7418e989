"""tanh, sigmoid, relu, step and exp by type: of the device's fast exponential for float32, exact for float64.

`tanh.approx` would be one instruction and wrong by 5e-4; the exponential and a quick division are right to 2e-7.
In the simulator, as plain Python, all compute in float64.  NaN passes through.
"""

import math

import numpy as np
from numba import types
from numba.cuda.extending import overload

from seqterm.kernels.cuda.compile import SIMULATED, device

ZERO, HALF, ONE, TWO = map(np.float32, (0, 0.5, 1, 2))


def exp(x):
    return math.exp(x)


def tanh(x):
    return math.tanh(x)


def sigmoid(x):
    """1 / (1 + exp(-x)), written so that it cannot overflow."""
    return 0.5 + 0.5 * math.tanh(0.5 * x)


def relu(x):
    return 0.0 if x < 0.0 else x


def step(x):
    """The derivative of relu, as a function of its input or of its output."""
    return 1.0 if x > 0.0 else 0.0


def _by_type(function, float32, float64):
    @overload(function)
    def choose(x):
        if x == types.float32:
            return lambda x: float32(x)
        return lambda x: float64(x)


if not SIMULATED:
    from numba.cuda.libdevice import fast_expf, fast_fdividef

    @device
    def tanh_float32(x):
        return ONE - fast_fdividef(TWO, ONE + fast_expf(x + x))

    @device
    def sigmoid_float32(x):
        return fast_fdividef(ONE, ONE + fast_expf(-x))

    @device
    def relu_float32(x):
        return ZERO if x < ZERO else x

    @device
    def step_float32(x):
        return ONE if x > ZERO else ZERO

    _by_type(exp, fast_expf, device(exp))
    _by_type(tanh, tanh_float32, device(tanh))
    _by_type(sigmoid, sigmoid_float32, device(sigmoid))
    _by_type(relu, relu_float32, device(relu))
    _by_type(step, step_float32, device(step))
