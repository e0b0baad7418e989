"""Passes over the flat parameter vector.  parameters, gradient and moments (P,); the rules follow PyTorch's definitions."""

import math

import numpy as np

from seqterm.kernels.cpu.compile import kernel


@kernel
def sum_slices(gradients):
    """gradients (S, P): leaves the sum over slices, in a fixed tree, in gradients[0]."""
    distance = 1
    while distance < gradients.shape[0]:
        for s in range(0, gradients.shape[0] - distance, 2 * distance):
            target, source = gradients[s], gradients[s + distance]
            for j in range(target.shape[0]):
                target[j] += source[j]
        distance *= 2


@kernel
def norm(gradient):
    """The Euclidean norm, summed in float64."""
    total = 0.0
    for j in range(gradient.shape[0]):
        total += np.float64(gradient[j]) * np.float64(gradient[j])
    return math.sqrt(total)


@kernel
def scale(gradient, factor):
    factor = gradient.dtype.type(factor)
    for j in range(gradient.shape[0]):
        gradient[j] *= factor


@kernel
def clip_values(gradient, limit):
    """Every element into [-limit, limit]; NaN stays."""
    limit = gradient.dtype.type(limit)
    for j in range(gradient.shape[0]):
        value = gradient[j]
        value = limit if value > limit else value
        gradient[j] = -limit if value < -limit else value


@kernel
def sgd(parameters, gradient, velocity, rate, momentum):
    """velocity = momentum*velocity + g;  p -= rate*velocity"""
    rate, momentum = parameters.dtype.type(rate), parameters.dtype.type(momentum)
    for j in range(parameters.shape[0]):
        velocity[j] = momentum * velocity[j] + gradient[j]
        parameters[j] -= rate * velocity[j]


@kernel
def adagrad(parameters, gradient, squares, rate, epsilon):
    """squares += g*g;  p -= rate * g / (sqrt(squares) + epsilon)   (Duchi et al. 2011)"""
    rate, epsilon = parameters.dtype.type(rate), parameters.dtype.type(epsilon)
    for j in range(parameters.shape[0]):
        squares[j] += gradient[j] * gradient[j]
        parameters[j] -= rate * gradient[j] / (math.sqrt(squares[j]) + epsilon)


@kernel
def rmsprop(parameters, gradient, squares, rate, decay, epsilon):
    """squares = decay*squares + (1-decay)*g*g;  p -= rate * g / (sqrt(squares) + epsilon)   (Tieleman & Hinton 2012)"""
    real = parameters.dtype.type
    rate, decay, rest, epsilon = real(rate), real(decay), real(1.0 - decay), real(epsilon)
    for j in range(parameters.shape[0]):
        squares[j] = decay * squares[j] + rest * gradient[j] * gradient[j]
        parameters[j] -= rate * gradient[j] / (math.sqrt(squares[j]) + epsilon)


@kernel
def adam(parameters, gradient, mean, squares, step, rate, decay1, decay2, epsilon, weight_decay):
    """Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019); step counts from 1."""
    real = parameters.dtype.type
    step_size = real(rate / (1.0 - decay1**step))
    correction = real(1.0 / math.sqrt(1.0 - decay2**step))
    shrink = real(1.0 - rate * weight_decay)
    b1, r1, b2, r2, epsilon = real(decay1), real(1.0 - decay1), real(decay2), real(1.0 - decay2), real(epsilon)
    for j in range(parameters.shape[0]):
        mean[j] = b1 * mean[j] + r1 * gradient[j]
        squares[j] = b2 * squares[j] + r2 * gradient[j] * gradient[j]
        parameters[j] = shrink * parameters[j] - step_size * mean[j] / (math.sqrt(squares[j]) * correction + epsilon)
