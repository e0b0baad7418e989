import numpy as np
import pytest

from seqterm.kernels.cpu import dropout as cpu
from seqterm.kernels.cuda import dropout as cuda
from tests.kernels.cuda.device import agree

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")  # the simulator multiplies in numpy


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("rate", "first_row"), [(0.0, 0), (0.3, 0), (0.5, 7)])
def test_masks_have_the_same_bits(dtype, rate, first_row):
    x = np.random.default_rng(1).normal(size=(2, 3, 37)).astype(dtype)
    agree(cuda.dropout, cpu.dropout, x, rate, 17, first_row, np.full_like(x, np.nan), rtol=0, atol=0)
