import numpy as np
import pytest

from seqterm.kernels.cpu import dense as cpu
from seqterm.kernels.cpu import product as cpu_product
from seqterm.kernels.cuda import dense, product
from tests.kernels.cuda.device import agree, on_device

DTYPES = {np.float32: {"rtol": 1e-5, "atol": 1e-5}, np.float64: {"rtol": 1e-12, "atol": 1e-13}}


@pytest.fixture(params=DTYPES)
def normal(request):
    random = np.random.default_rng(1)
    return lambda *shape: random.normal(size=shape).astype(request.param)


def close(found, expected):
    np.testing.assert_allclose(found.copy_to_host(), expected, **DTYPES[expected.dtype.type])


@pytest.mark.parametrize("is_transposed", [False, True])
@pytest.mark.parametrize("bias", [0, 7])
def test_forward(normal, bias, is_transposed):
    x, b, y = normal(5, 3), normal(bias), normal(5, 7)
    w = normal(7, 3) if is_transposed else normal(3, 7)
    name = "pack_transposed" if is_transposed else "pack"
    ours = on_device(x, w, b, y)
    dense.dense_forward(ours[0], getattr(product, name)(ours[1]), *ours[2:])
    cpu.dense_forward(x, cpu_product.pack(w.T if is_transposed else w), b, y)
    close(ours[3], y)


def test_backward_adds_parameters_gradients_and_writes_the_input_gradient(normal):
    x, w, dy, dx, dw = normal(5, 3), normal(3, 7), normal(5, 7), normal(5, 3), normal(3, 7)
    tolerance = DTYPES[x.dtype.type]
    agree(dense.dense_input_backward, cpu.dense_input_backward, dy, w, dx, **tolerance)
    agree(dense.dense_weight_backward, cpu.dense_weight_backward, x, dy, dw, **tolerance)
    agree(dense.dense_bias_backward, cpu.dense_bias_backward, dy, normal(7), **tolerance)
    agree(dense.dense_bias_backward, cpu.dense_bias_backward, dy, normal(0), **tolerance)


def test_backward_of_some_columns(normal):
    """As a GRU with the reset before the product has it: rows that are wider than what is used of them."""
    x, dy, dw = normal(5, 3), normal(5, 9), normal(3, 9)
    expected = dw.copy()
    cpu.dense_weight_backward(x, dy[:, 2:8], expected[:, 2:8])
    ours = on_device(x, dy, dw)
    dense.dense_weight_backward(ours[0], ours[1][:, 2:8], ours[2][:, 2:8])
    close(ours[2], expected)
    db, theirs = on_device(normal(6))[0], normal(6)
    db.copy_to_device(theirs)
    dense.dense_bias_backward(ours[1][:, 2:8], db)
    cpu.dense_bias_backward(dy[:, 2:8], theirs)
    close(db, theirs)


@pytest.mark.parametrize("bias", [0, 7])
def test_rows_are_filled(normal, bias):
    agree(dense.fill_rows, cpu.fill_rows, normal(bias), normal(5, 7))


@pytest.mark.parametrize("relu", [False, True])
def test_activations(normal, relu):
    h, dh, da = normal(5, 7), normal(5, 7), normal(5, 7)
    agree(dense.dense_activation_forward, cpu.dense_activation_forward, h, relu)
    agree(dense.dense_activation_backward, cpu.dense_activation_backward, dh, h, relu, da)
