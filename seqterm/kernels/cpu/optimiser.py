"""Passes over stretches of the flat parameter vector.  parameters, gradient and moments (n,); the rules follow PyTorch's.

A rule takes each element of the gradient times `factor`, into [-limit, limit], and leaves zero in its place, so that the next
gradient is added to zeros without a pass of its own.
"""

import math

import numpy as np

from seqterm.kernels.cpu.compile import inlined, kernel


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


@inlined
def _limited(g, factor, limit):
    g = g * factor
    g = limit if g > limit else g
    return -limit if g < -limit else g


@kernel
def sgd(parameters, gradient, factor, limit, rate):
    """p -= rate * g"""
    real = parameters.dtype.type
    factor, limit, rate = real(factor), real(limit), real(rate)
    for j in range(parameters.shape[0]):
        parameters[j] -= rate * _limited(gradient[j], factor, limit)
        gradient[j] = 0


@kernel
def momentum_sgd(parameters, gradient, velocity, factor, limit, rate, momentum):
    """velocity = momentum*velocity + g;  p -= rate*velocity"""
    real = parameters.dtype.type
    factor, limit, rate, momentum = real(factor), real(limit), real(rate), real(momentum)
    for j in range(parameters.shape[0]):
        velocity[j] = momentum * velocity[j] + _limited(gradient[j], factor, limit)
        parameters[j] -= rate * velocity[j]
        gradient[j] = 0


@kernel
def adagrad(parameters, gradient, squares, factor, limit, rate, epsilon):
    """squares += g*g;  p -= rate * g / (sqrt(squares) + epsilon)   (Duchi et al. 2011)"""
    real = parameters.dtype.type
    factor, limit, rate, epsilon = real(factor), real(limit), real(rate), real(epsilon)
    for j in range(parameters.shape[0]):
        g = _limited(gradient[j], factor, limit)
        squares[j] += g * g
        parameters[j] -= rate * g / (math.sqrt(squares[j]) + epsilon)
        gradient[j] = 0


@kernel
def rmsprop(parameters, gradient, squares, factor, limit, rate, decay, epsilon):
    """squares = decay*squares + (1-decay)*g*g;  p -= rate * g / (sqrt(squares) + epsilon)   (Tieleman & Hinton 2012)"""
    real = parameters.dtype.type
    factor, limit, rate, epsilon = real(factor), real(limit), real(rate), real(epsilon)
    decay, rest = real(decay), real(1.0 - decay)
    for j in range(parameters.shape[0]):
        g = _limited(gradient[j], factor, limit)
        squares[j] = decay * squares[j] + rest * g * g
        parameters[j] -= rate * g / (math.sqrt(squares[j]) + epsilon)
        gradient[j] = 0


@kernel
def adam(parameters, gradient, mean, squares, factor, limit, step, rate, decay1, decay2, epsilon, weight_decay):
    """Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019); step counts from 1."""
    real = parameters.dtype.type
    factor, limit = real(factor), real(limit)
    step_size = real(rate / (1.0 - decay1**step))
    correction = real(1.0 / math.sqrt(1.0 - decay2**step))
    shrink = real(1.0 - rate * weight_decay)
    b1, r1, b2, r2, epsilon = real(decay1), real(1.0 - decay1), real(decay2), real(1.0 - decay2), real(epsilon)
    for j in range(parameters.shape[0]):
        g = _limited(gradient[j], factor, limit)
        mean[j] = b1 * mean[j] + r1 * g
        squares[j] = b2 * squares[j] + r2 * g * g
        parameters[j] = shrink * parameters[j] - step_size * mean[j] / (math.sqrt(squares[j]) * correction + epsilon)
        gradient[j] = 0
