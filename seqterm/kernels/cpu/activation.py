"""tanh, sigmoid, relu and exp by type: fast approximations that vectorise for float32, the exact functions for float64.

Without a vector math library `math.tanh` costs about 19 ns an element in a loop, the rational form 0.3 ns.  The
coefficients are minimax fits made for this file: tanh(x) = x P(x*x)/Q(x*x) on |x| <= 8 (error 4e-7 in float32),
exp(r) on |r| <= log(2)/2 (relative error 1e-7).  The clamps are plain conditionals that let NaN through.
"""

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from seqterm.kernels.cpu.compile import inlined

f32 = np.float32
TANH_LIMIT = f32(8.0)
P = tuple(map(f32, (1.0, 0.1344454288482666, 0.0035716521088033915, 2.1895559257245623e-05, 1.5231682581884343e-08)))
Q = tuple(map(f32, (1.0, 0.4677787125110626, 0.026164649054408073, 0.0003411380748730153, 8.522959547008213e-07)))
P0, P1, P2, P3, P4 = P
Q0, Q1, Q2, Q3, Q4 = Q
EXP_LOW, EXP_HIGH = f32(-87.0), f32(88.0)
LOG2_E, LN2_HIGH, LN2_LOW = f32(1.4426950408889634), f32(0.693359375), f32(-2.12194440e-4)
E2, E3, E4, E5, E6 = map(
    f32, (0.4999999403953552, 0.1666652113199234, 0.04166838899254799, 0.008368710055947304, 0.0013814608100801706)
)
ZERO, HALF, ONE = f32(0.0), f32(0.5), f32(1.0)


@intrinsic
def power_of_two(typingctx, n):
    """2**n as float32, for an int32 -126 <= n <= 127: the exponent bits, without a table."""

    def codegen(context, builder, signature, args):
        i32 = ir.IntType(32)
        bits = builder.shl(builder.add(args[0], i32(127)), i32(23))
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(types.int32), codegen


@inlined
def exp_float32(x):
    x = EXP_LOW if x < EXP_LOW else x
    x = EXP_HIGH if x > EXP_HIGH else x
    n = np.floor(x * LOG2_E + HALF)  # of one type: `math.floor` would go through int64
    r = x - n * LN2_HIGH - n * LN2_LOW
    p = ONE + r + r * r * (E2 + r * (E3 + r * (E4 + r * (E5 + r * E6))))
    return p * power_of_two(np.int32(n))


@inlined
def tanh_float32(x):
    x = -TANH_LIMIT if x < -TANH_LIMIT else x
    x = TANH_LIMIT if x > TANH_LIMIT else x
    y = x * x
    return x * (P0 + y * (P1 + y * (P2 + y * (P3 + y * P4)))) / (Q0 + y * (Q1 + y * (Q2 + y * (Q3 + y * Q4))))


@inlined
def sigmoid_float32(x):
    return HALF + HALF * tanh_float32(HALF * x)


@inlined
def relu_float32(x):
    return ZERO if x < ZERO else x


@inlined
def step_float32(x):
    return ONE if x > ZERO else ZERO


@inlined
def exp_float64(x):
    return math.exp(x)


@inlined
def tanh_float64(x):
    return math.tanh(x)


@inlined
def sigmoid_float64(x):
    return 0.5 + 0.5 * math.tanh(0.5 * x)


@inlined
def relu_float64(x):
    return 0.0 if x < 0.0 else x


@inlined
def step_float64(x):
    return 1.0 if x > 0.0 else 0.0


# What the units are given: as plain Python they compute in float64, compiled they dispatch on the type.


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


_by_type(exp, exp_float32, exp_float64)
_by_type(tanh, tanh_float32, tanh_float64)
_by_type(sigmoid, sigmoid_float32, sigmoid_float64)
_by_type(relu, relu_float32, relu_float64)
_by_type(step, step_float32, step_float64)
