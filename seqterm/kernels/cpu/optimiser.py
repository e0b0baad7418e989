"""Passes over stretches of the flat parameter vector.  parameters, gradient and moments (n,).

A rule takes each element of the gradient times `factor`, into [-limit, limit], and leaves zero in its place, so that the next
gradient is added to zeros without a pass of its own.
"""

import numpy as np

from seqterm.kernels.cpu.compile import inlined, kernel
from seqterm.kernels.units import optimiser as units

_limited, _sgd, _momentum_sgd, _adagrad, _rmsprop, _adam_constants, _adam = map(
    inlined,
    (units.limited, units.sgd, units.momentum_sgd, units.adagrad, units.rmsprop, units.adam_constants, units.adam),
)


@kernel
def add_slice(gradient, source):
    """Adds source (n,) to gradient (n,) and leaves zeros in it."""
    for j in range(gradient.shape[0]):
        gradient[j] += source[j]
        source[j] = 0


@kernel
def squared_norm(gradient):
    """The sum of squares, in float64."""
    total = 0.0
    for j in range(gradient.shape[0]):
        total += np.float64(gradient[j]) * np.float64(gradient[j])
    return total


@kernel
def sgd(parameters, gradient, factor, limit, rate):
    real = parameters.dtype.type
    factor, limit, rate = real(factor), real(limit), real(rate)
    for j in range(parameters.shape[0]):
        parameters[j] = _sgd(parameters[j], _limited(gradient[j], factor, limit), rate)
        gradient[j] = 0


@kernel
def momentum_sgd(parameters, gradient, velocity, factor, limit, rate, momentum):
    real = parameters.dtype.type
    factor, limit, rate, momentum = real(factor), real(limit), real(rate), real(momentum)
    for j in range(parameters.shape[0]):
        g = _limited(gradient[j], factor, limit)
        parameters[j], velocity[j] = _momentum_sgd(parameters[j], g, velocity[j], rate, momentum)
        gradient[j] = 0


@kernel
def adagrad(parameters, gradient, squares, factor, limit, rate, epsilon):
    real = parameters.dtype.type
    factor, limit, rate, epsilon = real(factor), real(limit), real(rate), real(epsilon)
    for j in range(parameters.shape[0]):
        g = _limited(gradient[j], factor, limit)
        parameters[j], squares[j] = _adagrad(parameters[j], g, squares[j], rate, epsilon)
        gradient[j] = 0


@kernel
def rmsprop(parameters, gradient, squares, factor, limit, rate, decay, epsilon):
    real = parameters.dtype.type
    factor, limit, rate, epsilon = real(factor), real(limit), real(rate), real(epsilon)
    decay, rest = real(decay), real(1.0 - decay)
    for j in range(parameters.shape[0]):
        g = _limited(gradient[j], factor, limit)
        parameters[j], squares[j] = _rmsprop(parameters[j], g, squares[j], rate, decay, rest, epsilon)
        gradient[j] = 0


@kernel
def adam(parameters, gradient, mean, squares, factor, limit, step, rate, decay1, decay2, epsilon, weight_decay):
    """step counts from 1."""
    real = parameters.dtype.type
    factor, limit = real(factor), real(limit)
    c = _adam_constants(step, rate, decay1, decay2, epsilon, weight_decay)
    constants = real(c[0]), real(c[1]), real(c[2]), real(c[3]), real(c[4]), real(c[5]), real(c[6]), real(c[7])
    for j in range(parameters.shape[0]):
        g = _limited(gradient[j], factor, limit)
        parameters[j], mean[j], squares[j] = _adam(parameters[j], g, mean[j], squares[j], constants)
        gradient[j] = 0
