"""Rows of a table picked by ids: an embedding, or the product of one-hot rows with a weight matrix."""

from seqterm.kernels.cpu.compile import kernel


@kernel
def embedding_forward(ids, table, y):
    """ids (m*K,), table (V, D) -> writes y (m, K*D), K rows of the table side by side; zeros where an id is below zero."""
    size = table.shape[1]
    n = y.shape[1] // size
    for row in range(y.shape[0]):
        for k in range(n):
            target, token = y[row, k * size : (k + 1) * size], ids[row * n + k]
            if token < 0:
                target[:] = 0
            else:
                target[:] = table[token]


@kernel
def embedding_add(ids, table, y):
    """Adds the rows of table (V, D) that ids (m,) name to those of y (m, D); nothing where an id is below zero."""
    for row in range(ids.shape[0]):
        if ids[row] >= 0:
            source, target = table[ids[row]], y[row]
            for j in range(target.shape[0]):
                target[j] += source[j]


@kernel
def embedding_backward(ids, dy, dtable):
    """Adds the rows of dy (m, K*D) in K pieces to those of dtable (V, D) that ids (m*K,) name; ids below zero name none."""
    size = dtable.shape[1]
    n = dy.shape[1] // size
    for row in range(dy.shape[0]):
        for k in range(n):
            token = ids[row * n + k]
            if token >= 0:
                source, target = dy[row, k * size : (k + 1) * size], dtable[token]
                for j in range(size):
                    target[j] += source[j]


@kernel
def add_bias(b, y):
    """Adds b (n,) to every row of y (m, n); nothing where b has no elements."""
    if b.shape[0]:
        for row in range(y.shape[0]):
            target = y[row]
            for j in range(b.shape[0]):
                target[j] += b[j]
