"""The activations on the device against numpy in float64."""

import numpy as np
import pytest
from numba import cuda

from seqterm.kernels.cuda import activation
from seqterm.kernels.cuda.compile import kernel, launch

X = np.concatenate([np.linspace(-20, 20, 41), [-1e4, 1e4, np.nan]])
EXACT = {
    "exp": np.exp,
    "tanh": np.tanh,
    "sigmoid": lambda x: 0.5 + 0.5 * np.tanh(0.5 * x),
    "relu": lambda x: np.where(x < 0, 0, x),
    "step": lambda x: np.where(x > 0, 1.0, 0.0),
}
exp, tanh, sigmoid, relu, step = map(activation.__dict__.get, EXACT)


@kernel
def all_of(x, y):
    i = cuda.grid(1)
    if i < x.size:
        y[0, i], y[1, i], y[2, i], y[3, i], y[4, i] = (
            exp(x.dtype.type(80) if x[i] > 80 else x[i]),  # the device's `min` would drop NaN
            tanh(x[i]),
            sigmoid(x[i]),
            relu(x[i]),
            step(x[i]),
        )


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-14)])
def test_activations_are_right_and_let_nan_through(dtype, tolerance):
    x = X.astype(dtype)
    y = cuda.to_device(np.empty((len(EXACT), x.size), dtype))
    launch(all_of, x.size, cuda.to_device(x), y)
    for found, (name, exact) in zip(y.copy_to_host(), EXACT.items(), strict=True):
        expected = exact(np.minimum(X, 80) if name == "exp" else X)
        np.testing.assert_allclose(found, expected, rtol=5 * tolerance if name == "exp" else 0, atol=tolerance, err_msg=name)
