"""Gradients for the oracles, by reverse-mode differentiation: no derivative of a cell is written down anywhere in this folder.

A Value is a float64 vector or matrix that remembers how it was made.
"""

import math
from itertools import count

import numpy as np

_serial = count()


class Value:
    """parents: (value, function from the gradient of this Value to that value's share of it)"""

    def __init__(self, data, parents=()):
        self.data = np.array(data, np.float64)
        self.gradient = np.zeros_like(self.data)
        self.parents = parents
        self.serial = next(_serial)

    def __len__(self):
        return len(self.data)

    def __add__(self, other):
        return Value(self.data + other.data, [(self, lambda d: d), (other, lambda d: d)])

    def __rsub__(self, number):
        return Value(number - self.data, [(self, lambda d: -d)])

    def __mul__(self, other):
        return Value(self.data * other.data, [(self, lambda d: d * other.data), (other, lambda d: d * self.data)])

    def __matmul__(self, other):
        """vector (k,) @ matrix (k, n)"""
        return Value(self.data @ other.data, [(self, lambda d: other.data @ d), (other, lambda d: np.outer(self.data, d))])

    def __getitem__(self, place):
        def back(d):
            whole = np.zeros_like(self.data)
            whole[place] = d
            return whole

        return Value(self.data[place], [(self, back)])

    def detached(self):
        """The same numbers, through which no gradient passes."""
        return Value(self.data)


def _elementwise(x, function, derivative):
    data = np.array([function(number) for number in x.data])
    return Value(data, [(x, lambda d: d * np.array([derivative(number) for number in x.data]))])


def tanh(x):
    return _elementwise(x, math.tanh, lambda number: 1 / math.cosh(number) ** 2)


def sigmoid(x):
    return _elementwise(x, lambda number: 1 / (1 + math.exp(-number)), lambda number: 1 / (2 + 2 * math.cosh(number)))


def relu(x):
    return _elementwise(x, lambda number: max(0.0, number), lambda number: float(number > 0))


def backward(outputs):
    """outputs: (value, gradient of the loss that reaches it directly); leaves the gradient in everything they were made from."""
    reached, waiting = {}, []
    for value, d in outputs:
        value.gradient = value.gradient + d
        waiting.append(value)
    while waiting:
        value = waiting.pop()
        if value.serial not in reached:
            reached[value.serial] = value
            waiting.extend(parent for parent, _ in value.parents)
    for serial in sorted(reached, reverse=True):
        for parent, share in reached[serial].parents:
            parent.gradient = parent.gradient + share(reached[serial].gradient)
