"""Rows of a table picked by ids: an embedding, or the product of one-hot rows with a weight matrix."""

from numba import cuda

from seqterm.kernels.cuda.compile import kernel, launch


@kernel
def _forward(ids, table, y):
    i = cuda.grid(1)
    size, width = table.shape[1], y.shape[1]
    if i < y.size:
        row, column = i // width, i % width
        token = ids[row * (width // size) + column // size]
        y[row, column] = table[token, column % size] if token >= 0 else 0


@kernel
def _add(ids, table, y):
    i = cuda.grid(1)
    if i < y.size:
        row, column = i // y.shape[1], i % y.shape[1]
        if ids[row] >= 0:
            y[row, column] += table[ids[row], column]


@kernel
def _backward(ids, dy, dtable):
    i = cuda.grid(1)
    size, width = dtable.shape[1], dy.shape[1]
    if i < dy.size:
        row, column = i // width, i % width
        token = ids[row * (width // size) + column // size]
        if token >= 0:
            cuda.atomic.add(dtable, (token, column % size), dy[row, column])


@kernel
def _add_bias(b, y):
    i = cuda.grid(1)
    if i < y.size:
        y[i // y.shape[1], i % y.shape[1]] += b[i % y.shape[1]]


def embedding_forward(ids, table, y):
    """ids (m*K,), table (V, D) -> writes y (m, K*D), K rows of the table side by side; zeros where an id is below zero."""
    launch(_forward, y.size, ids, table, y)


def embedding_add(ids, table, y):
    """Adds the rows of table (V, D) that ids (m,) name to those of y (m, D); nothing where an id is below zero."""
    launch(_add, y.size, ids, table, y)


def embedding_backward(ids, dy, dtable):
    """Adds the rows of dy (m, K*D) in K pieces to those of dtable (V, D) that ids (m*K,) name; ids below zero name none."""
    launch(_backward, dy.size, ids, dy, dtable)


def add_bias(b, y):
    """Adds b (n,) to every row of y (m, n); nothing where b has no elements."""
    launch(_add_bias, y.size if b.size else 0, b, y)
