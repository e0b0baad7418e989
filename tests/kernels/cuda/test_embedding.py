import numpy as np
import pytest

from seqterm.kernels.cpu import embedding as cpu
from seqterm.kernels.cuda import embedding as cuda
from tests.kernels.cuda.device import agree

random = np.random.default_rng(1)
IDS = np.array([2, -1, 0, 4, 2, 3])
TABLE = random.standard_normal((5, 3)).astype(np.float32)


@pytest.mark.parametrize("together", [1, 2])
def test_rows_are_picked_and_gradients_added(together):
    y = random.standard_normal((6 // together, 3 * together)).astype(np.float32)
    agree(cuda.embedding_forward, cpu.embedding_forward, IDS, TABLE, y)
    agree(cuda.embedding_backward, cpu.embedding_backward, IDS, y, TABLE)


@pytest.mark.parametrize("bias", [0, 3])
def test_rows_and_biases_are_added(bias):
    y = random.standard_normal((6, 3)).astype(np.float32)
    agree(cuda.embedding_add, cpu.embedding_add, IDS, TABLE, y)
    agree(cuda.add_bias, cpu.add_bias, TABLE[0, :bias], y)
