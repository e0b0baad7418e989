"""Passes over the flat parameter vector.  parameters, gradient and moments (n,).

A rule takes each element of the gradient times `factor`, into [-limit, limit], and leaves zero in its place, so that the next
gradient is added to zeros without a pass of its own.
"""

import numpy as np
from numba import cuda

from seqterm.kernels.cuda.compile import SIMULATED, THREADS, device, kernel, launch, scratch
from seqterm.kernels.cuda.groups import sum_of
from seqterm.kernels.units import optimiser as units

SUMS = 2 if SIMULATED else 1024  # blocks that add up squares: a few for each multiprocessor

limited, sgd_unit, momentum_sgd_unit, adagrad_unit, rmsprop_unit, adam_unit = map(
    device, (units.limited, units.sgd, units.momentum_sgd, units.adagrad, units.rmsprop, units.adam)
)


@kernel
def _add_slice(gradient, source):
    j = cuda.grid(1)
    if j < gradient.shape[0]:
        gradient[j] += source[j]
        source[j] = 0


@kernel
def _squared_norm(gradient, sums):
    """Writes sums (blocks,): each block's part."""
    shared, total = cuda.shared.array(THREADS, np.float64), 0.0
    for j in range(cuda.grid(1), gradient.shape[0], cuda.gridsize(1)):
        total += np.float64(gradient[j]) * np.float64(gradient[j])
    total = sum_of(total, shared, cuda.threadIdx.x, THREADS)
    if cuda.threadIdx.x == 0:
        sums[cuda.blockIdx.x] = total


@kernel
def _sgd(parameters, gradient, factor, limit, rate):
    j = cuda.grid(1)
    if j < parameters.shape[0]:
        parameters[j] = sgd_unit(parameters[j], limited(gradient[j], factor, limit), rate)
        gradient[j] = 0


@kernel
def _momentum_sgd(parameters, gradient, velocity, factor, limit, rate, momentum):
    j = cuda.grid(1)
    if j < parameters.shape[0]:
        g = limited(gradient[j], factor, limit)
        parameters[j], velocity[j] = momentum_sgd_unit(parameters[j], g, velocity[j], rate, momentum)
        gradient[j] = 0


@kernel
def _adagrad(parameters, gradient, squares, factor, limit, rate, epsilon):
    j = cuda.grid(1)
    if j < parameters.shape[0]:
        g = limited(gradient[j], factor, limit)
        parameters[j], squares[j] = adagrad_unit(parameters[j], g, squares[j], rate, epsilon)
        gradient[j] = 0


@kernel
def _rmsprop(parameters, gradient, squares, factor, limit, rate, decay, rest, epsilon):
    j = cuda.grid(1)
    if j < parameters.shape[0]:
        g = limited(gradient[j], factor, limit)
        parameters[j], squares[j] = rmsprop_unit(parameters[j], g, squares[j], rate, decay, rest, epsilon)
        gradient[j] = 0


@kernel
def _adam(parameters, gradient, mean, squares, factor, limit, constants):
    j = cuda.grid(1)
    if j < parameters.shape[0]:
        g = limited(gradient[j], factor, limit)
        parameters[j], mean[j], squares[j] = adam_unit(parameters[j], g, mean[j], squares[j], constants)
        gradient[j] = 0


def _apply(rule, arrays, *constants):
    """Launch a rule, its constants in the type of the parameters."""
    launch(rule, arrays[0].size, *arrays, *map(arrays[0].dtype.type, constants))


def add_slice(gradient, source):
    """Adds source (n,) to gradient (n,) and leaves zeros in it."""
    launch(_add_slice, gradient.size, gradient, source)


def squared_norm(gradient):
    """The sum of squares, in float64; waits for the device."""
    sums = scratch("squares", (SUMS,), np.float64)
    launch(_squared_norm, SUMS * THREADS, gradient, sums)
    return float(sums.copy_to_host().sum())


def sgd(parameters, gradient, factor, limit, rate):
    _apply(_sgd, (parameters, gradient), factor, limit, rate)


def momentum_sgd(parameters, gradient, velocity, factor, limit, rate, momentum):
    _apply(_momentum_sgd, (parameters, gradient, velocity), factor, limit, rate, momentum)


def adagrad(parameters, gradient, squares, factor, limit, rate, epsilon):
    _apply(_adagrad, (parameters, gradient, squares), factor, limit, rate, epsilon)


def rmsprop(parameters, gradient, squares, factor, limit, rate, decay, epsilon):
    _apply(_rmsprop, (parameters, gradient, squares), factor, limit, rate, decay, 1.0 - decay, epsilon)


def adam(parameters, gradient, mean, squares, factor, limit, step, rate, decay1, decay2, epsilon, weight_decay):
    """step counts from 1."""
    real = parameters.dtype.type
    constants = tuple(map(real, units.adam_constants(step, rate, decay1, decay2, epsilon, weight_decay)))
    arrays = parameters, gradient, mean, squares
    launch(_adam, parameters.size, *arrays, real(factor), real(limit), constants)
