"""Affine maps y = x W + b over rows, their tanh and relu.  x (m, k), W (k, n), b (n,), y (m, n)."""

from seqterm.kernels.cpu.activation import relu as relu_of
from seqterm.kernels.cpu.activation import step, tanh
from seqterm.kernels.cpu.compile import inlined, kernel
from seqterm.kernels.cpu.product import add_product, add_product_unpacked
from seqterm.kernels.units.elman import elman_relu_unit, elman_tanh_unit

tanh_forward, tanh_backward = map(inlined, elman_tanh_unit(tanh))
relu_forward, relu_backward = map(inlined, elman_relu_unit(relu_of, step))


@kernel
def fill_rows(b, y):
    """Writes b (n,) into every row of y (m, n); zeros where b has no elements."""
    for row in range(y.shape[0]):
        target = y[row]
        for j in range(target.shape[0]):
            target[j] = b[j] if b.shape[0] else 0


@kernel
def dense_forward(x, w, b, y):
    """Writes y.  w is packed; without a bias, b has no elements."""
    fill_rows(b, y)
    add_product(x, w, y)


@kernel
def dense_input_backward(dy, w, dx):
    """Writes dx = dy W^T."""
    dx[:] = 0
    add_product_unpacked(dy, w.T, dx)


@kernel
def dense_weight_backward(x, dy, dw):
    """Adds x^T dy to dw."""
    add_product_unpacked(x.T, dy, dw)


@kernel
def dense_bias_backward(dy, db):
    """Adds the sum over rows to db; nothing where db has no elements."""
    if db.shape[0]:
        for row in range(dy.shape[0]):
            for j in range(db.shape[0]):
                db[j] += dy[row, j]


@kernel
def dense_activation_forward(h, relu):
    """h (m, n): x W + b on entry, its tanh, or relu, on return."""
    for row in range(h.shape[0]):
        target = h[row]
        if relu:
            for j in range(target.shape[0]):
                target[j] = relu_forward(target[j])
        else:
            for j in range(target.shape[0]):
                target[j] = tanh_forward(target[j])


@kernel
def dense_activation_backward(dh, h, relu, da):
    """Writes da (m, n), the gradient of x W + b, from that of h, its tanh or relu."""
    for row in range(h.shape[0]):
        source, output, target = dh[row], h[row], da[row]
        if relu:
            for j in range(target.shape[0]):
                target[j] = relu_backward(source[j], output[j])
        else:
            for j in range(target.shape[0]):
                target[j] = tanh_backward(source[j], output[j])
