"""GloVe's loss and its steps, a number at a time."""

import math


def weight(x, x_max, alpha):
    return 0.0 if x == 0 else min(1.0, (x / x_max) ** alpha)


def difference(model, i, j, x):
    """model: input_vectors, output_vectors (V, D), input_bias, output_bias (V,)"""
    dot = sum(a * b for a, b in zip(model["input_vectors"][i], model["output_vectors"][j], strict=True))
    return dot + model["input_bias"][i] + model["output_bias"][j] - math.log(x)


def loss(model, pairs, x_max, alpha):
    """pairs {(i, j): x}, ordered"""
    return sum(0.5 * weight(x, x_max, alpha) * difference(model, i, j, x) ** 2 for (i, j), x in pairs.items())


def step(model, squares, i, j, x, x_max, alpha, rate):
    """One pair's step, in place: model and sums of squares; -> the pair's loss before it."""
    d = difference(model, i, j, x)
    g = rate * weight(x, x_max, alpha) * d
    n = len(model["input_vectors"][i])
    changes = [("input_vectors", (i, k), g * model["output_vectors"][j, k]) for k in range(n)]
    changes += [("output_vectors", (j, k), g * model["input_vectors"][i, k]) for k in range(n)]
    changes += [("input_bias", i, g), ("output_bias", j, g)]
    for name, place, change in changes:
        model[name][place] -= change / math.sqrt(squares[name][place])
        squares[name][place] += change**2
    return 0.5 * weight(x, x_max, alpha) * d**2
