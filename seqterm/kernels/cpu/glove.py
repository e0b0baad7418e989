"""GloVe (Pennington, Socher & Manning 2014): words' vectors and biases that give the logarithms of the counts X_ij.

  loss = 1/2 sum over ordered pairs of f(X_ij) (input_i . output_j + b_i + b'_j - log X_ij)^2     f(x) = min(1, (x / x_max)^alpha)

By AdaGrad as the original program has it: its sums of squares begin at 1, hold gradients times the learning rate, and take in
each gradient after the step that it leads to.  (Its later versions leave the rate out of what they do to biases, by accident it
seems: as if the biases' sums began at the rate's square.)

A word's row (2, 2, P) is one piece, as both of a pair's visits need all of it: of its input and its output, weights and sums.
Weights are the vector (D,), then (b_i, 1) of an input and (1, b'_j) of an output, then zeros: a bias is the weight of a constant.
"""

import math

import numpy as np

from seqterm.kernels.cpu.compile import inlined, kernel
from seqterm.kernels.cpu.random import derive_key, mix

BESIDE = 2  # weights beside the vector
LANES = 4  # what a register's width leaves over goes four numbers at a time
u32, u64 = np.uint32, np.uint64


def word_rows(n, size, dtype):
    """Rows (n, 2, 2, P) of n words with vectors of `size` numbers: weights zero, sums of squares 1."""
    rows = np.zeros((n, 2, 2, -(-(size + BESIDE) // LANES) * LANES), dtype)
    rows[:, :, 1] = 1
    rows[:, 0, 0, size + 1] = rows[:, 1, 0, size] = 1
    rows[:, 0, 1, size + 1] = rows[:, 1, 1, size] = np.finfo(dtype).max / 4  # the constants never move
    return rows


@inlined
def weight(x, x_max, alpha):
    """f(x); 0 for a pair that was never seen."""
    if x >= x_max:
        return 1.0
    return (x / x_max) ** alpha if x > 0 else 0.0


@kernel
def visit(rows, i, j, log_x, weight, rate):
    """One ordered pair's step, of i's input and j's output -> its loss."""
    real = rows.dtype.type
    # Taken here and not by the caller: a view that is handed over has its references counted, which threads would fight for.
    input_weights, input_sums, output_weights, output_sums = rows[i, 0, 0], rows[i, 0, 1], rows[j, 1, 0], rows[j, 1, 1]
    dot = real(0)
    for k in range(len(input_weights)):
        dot += input_weights[k] * output_weights[k]
    difference = dot - log_x
    step = rate * weight * difference
    for k in range(len(input_weights)):
        input_gradient, output_gradient = step * output_weights[k], step * input_weights[k]
        input_weights[k] -= input_gradient / math.sqrt(input_sums[k])
        output_weights[k] -= output_gradient / math.sqrt(output_sums[k])
        input_sums[k] += input_gradient * input_gradient
        output_sums[k] += output_gradient * output_gradient
    return real(0.5) * weight * difference * difference


@kernel
def shuffle(key, order):
    """Writes the numbers below n in an order drawn by the key to order (n,)   (Fisher & Yates)"""
    for k in range(len(order)):
        other = np.int64((mix(u64(key) + u64(k)) >> u64(32)) * u64(k + 1) >> u64(32))
        order[k] = order[other]
        order[other] = k


@kernel
def train_tiles(tiles, key, i, j, x, x_max, alpha, rate, rows, losses):
    """Visits the pairs of tiles (m, 2) of records i, j, x (n,), in an order of each tile's own, both ways round.

    Writes losses (m,), sums over each tile; -> how many ordered pairs that was.
    """
    real = rows.dtype.type
    x_max, alpha, rate = real(x_max), real(alpha), real(rate)
    visits = 0
    for tile in range(len(tiles)):
        first, end = tiles[tile]
        order = np.empty(end - first, u32)
        shuffle(derive_key(key, first), order)
        loss = 0.0
        for k in order:
            word, other, count = i[first + k], j[first + k], real(x[first + k])
            f = real(weight(count, x_max, alpha))
            if f > 0:
                log_x = real(math.log(count))
                loss += visit(rows, word, other, log_x, f, rate)
                visits += 1
                if word != other:
                    loss += visit(rows, other, word, log_x, f, rate)
                    visits += 1
        losses[tile] = loss
    return visits
