"""Update rules of one parameter p with gradient g; they follow PyTorch's.

sgd            p -= rate * g
momentum_sgd   velocity = momentum*velocity + g;  p -= rate*velocity
adagrad        squares += g*g;  p -= rate * g / (sqrt(squares) + epsilon)   (Duchi et al. 2011)
rmsprop        squares = decay*squares + (1-decay)*g*g;  p -= rate * g / (sqrt(squares) + epsilon)   (Tieleman & Hinton 2012)
adam           Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019)
"""

import math


def limited(g, factor, limit):
    """g * factor, into [-limit, limit]; NaN passes through"""
    g = g * factor
    g = limit if g > limit else g
    return -limit if g < -limit else g


def sgd(p, g, rate):
    return p - rate * g


def momentum_sgd(p, g, velocity, rate, momentum):
    """-> p, velocity"""
    velocity = momentum * velocity + g
    return p - rate * velocity, velocity


def adagrad(p, g, squares, rate, epsilon):
    """-> p, squares"""
    squares = squares + g * g
    return p - rate * g / (math.sqrt(squares) + epsilon), squares


def rmsprop(p, g, squares, rate, decay, rest, epsilon):
    """rest: 1 - decay; -> p, squares"""
    squares = decay * squares + rest * g * g
    return p - rate * g / (math.sqrt(squares) + epsilon), squares


def adam_constants(step, rate, decay1, decay2, epsilon, weight_decay):
    """What all parameters share in a step, which counts from 1; float64 numbers."""
    step_size, correction = rate / (1.0 - decay1**step), 1.0 / math.sqrt(1.0 - decay2**step)
    return decay1, 1.0 - decay1, decay2, 1.0 - decay2, step_size, correction, 1.0 - rate * weight_decay, epsilon


def adam(p, g, mean, squares, constants):
    """constants: of p's type; -> p, mean, squares"""
    decay1, rest1, decay2, rest2, step_size, correction, shrink, epsilon = constants
    mean = decay1 * mean + rest1 * g
    squares = decay2 * squares + rest2 * g * g
    return shrink * p - step_size * mean / (math.sqrt(squares) * correction + epsilon), mean, squares
