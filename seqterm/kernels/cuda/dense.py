"""Affine maps y = x W + b over rows, their tanh and relu.  x (m, k), W (k, n), b (n,), y (m, n)."""

from numba import cuda

from seqterm.kernels.cuda.activation import relu as relu_of
from seqterm.kernels.cuda.activation import step, tanh
from seqterm.kernels.cuda.blas import add_product, transposed, write_product
from seqterm.kernels.cuda.compile import SIMULATED, device, kernel, launch, scratch
from seqterm.kernels.units.elman import elman_relu_unit, elman_tanh_unit

tanh_forward, tanh_backward = map(device, elman_tanh_unit(tanh))
relu_forward, relu_backward = map(device, elman_relu_unit(relu_of, step))
CHUNKS = 2 if SIMULATED else 128  # pieces of the rows that are summed side by side


@kernel
def _fill_rows(b, y):
    i = cuda.grid(1)
    if i < y.size:
        row, column = i // y.shape[1], i % y.shape[1]
        y[row, column] = b[column] if b.shape[0] else 0


@kernel
def _sum_rows(x, sums):
    """Writes sums (CHUNKS, n): row c that of every CHUNKS-th row of x from c on.  A thread has a column of a chunk."""
    i = cuda.grid(1)
    if i < sums.size:
        chunk, column = i // sums.shape[1], i % sums.shape[1]
        total = sums.dtype.type(0)
        for row in range(chunk, x.shape[0], sums.shape[0]):
            total += x[row, column]
        sums[chunk, column] = total


@kernel
def _add_sums(sums, db):
    j = cuda.grid(1)
    if j < db.shape[0]:
        total = db[j]
        for chunk in range(sums.shape[0]):
            total += sums[chunk, j]
        db[j] = total


@kernel
def _activation_forward(h, relu):
    i = cuda.grid(1)
    if i < h.size:
        row, column = i // h.shape[1], i % h.shape[1]
        a = h[row, column]
        h[row, column] = relu_forward(a) if relu else tanh_forward(a)


@kernel
def _activation_backward(dh, h, relu, da):
    i = cuda.grid(1)
    if i < h.size:
        row, column = i // h.shape[1], i % h.shape[1]
        d, y = dh[row, column], h[row, column]
        da[row, column] = relu_backward(d, y) if relu else tanh_backward(d, y)


def fill_rows(b, y):
    """Writes b (n,) into every row of y (m, n); zeros where b has no elements."""
    launch(_fill_rows, y.size, b, y)


def dense_forward(x, w, b, y):
    """Writes y.  w as `pack` gave it; without a bias, b has no elements."""
    if b.size:
        fill_rows(b, y)
        add_product(x, w, y)
    else:
        write_product(x, w, y)


def dense_input_backward(dy, w, dx):
    """Writes dx = dy W^T."""
    write_product(dy, transposed(w), dx)


def dense_weight_backward(x, dy, dw):
    """Adds x^T dy to dw."""
    add_product(transposed(x), dy, dw)


def dense_bias_backward(dy, db):
    """Adds the sum over rows to db, in a fixed order; nothing where db has no elements."""
    if db.size:
        sums = scratch("sums", (CHUNKS, db.size), db.dtype)
        launch(_sum_rows, sums.size, dy, sums)
        launch(_add_sums, db.size, sums, db)


def dense_activation_forward(h, relu):
    """h (m, n): x W + b on entry, its tanh, or relu, on return."""
    launch(_activation_forward, h.size, h, relu)


def dense_activation_backward(dh, h, relu, da):
    """Writes da (m, n), the gradient of x W + b, from that of h, its tanh or relu."""
    launch(_activation_backward, h.size, dh, h, relu, da)
