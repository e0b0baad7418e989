import numpy as np
import pytest
from numba import cuda

from seqterm.kernels.cpu import random as cpu
from seqterm.kernels.cuda import random
from seqterm.kernels.cuda.compile import kernel, launch

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")  # the simulator multiplies in numpy

KEYS, COUNTERS = [0, 1, 2**40, 2**63 - 1], [0, 1, 999, 2**62]


@kernel
def draw(key, counters, keys, numbers):
    i = cuda.grid(1)
    if i < keys.size:
        keys[i] = random.derived(key, counters[i])
        numbers[i] = random.to_unit(keys[i])


@pytest.mark.parametrize("key", KEYS)
def test_keys_and_uniform_numbers_have_the_same_bits_on_host_device_and_processor(key):
    keys, numbers = cuda.device_array(4, np.int64), cuda.device_array(4, np.float64)
    launch(draw, 4, key, cuda.to_device(np.array(COUNTERS)), keys, numbers)
    assert (
        keys.copy_to_host().tolist()
        == [random.derive_key(key, i) for i in COUNTERS]
        == [cpu.derive_key(key, i) for i in COUNTERS]
    )
    assert (
        numbers.copy_to_host().tolist() == [random.uniform(key, i) for i in COUNTERS] == [cpu.uniform(key, i) for i in COUNTERS]
    )
