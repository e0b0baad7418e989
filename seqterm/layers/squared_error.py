"""The squared error of predictions, forward beside backward."""

from seqterm.backends.base import Array


def squared_error(y: Array, targets: Array) -> float:
    """y, targets (...) -> the sum of (y - target)^2"""
    difference = (y - targets).ravel()
    return float(difference @ difference)


def squared_error_backward(y: Array, targets: Array, scale: float) -> Array:
    """dy of scale * squared_error"""
    return 2 * scale * (y - targets)
