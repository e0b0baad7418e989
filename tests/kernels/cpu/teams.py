"""Workers for the tests of kernels that a team runs."""

import functools

import numpy as np

from seqterm.backends.cpu import CPU

backend_of = functools.cache(CPU)  # by its number of threads


def alone():
    """A team of one."""
    return 0, 1, np.zeros(2, np.int64)


def together(function, n):
    """function(team) by each worker of a team of n -> how often one has lost patience."""
    return backend_of(n).together(function, n)
