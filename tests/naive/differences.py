"""Central differences: the gradient of a scalar function, an element at a time."""

import numpy as np


def central_differences(function, array, step=1e-5):
    """function() is read after each change of an element of `array`, which is left as it was."""
    gradient = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        before = array[place]
        array[place] = before + step
        above = function()
        array[place] = before - step
        below = function()
        array[place] = before
        gradient[place] = (above - below) / (2 * step)
    return gradient


def scalar_derivative(function, x, step=1e-5):
    """d function / dx at x, both numbers."""
    return (function(x + step) - function(x - step)) / (2 * step)
