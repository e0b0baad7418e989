from types import SimpleNamespace

import numpy as np
import pytest
from numba import cuda
from numba.cuda.cudadrv import driver

from seqterm.kernels.cuda.compile import SIMULATED, THREADS, _together, kernel, launch, scratch


@kernel
def _mark(x):
    i = cuda.grid(1)
    if i < x.size:
        x[i] += 1


def test_a_launch_reaches_every_element_once_and_none_where_there_is_none():
    x = cuda.to_device(np.zeros(2 * THREADS + 1))
    launch(_mark, x.size, x)
    np.testing.assert_array_equal(x.copy_to_host(), np.ones(x.size))
    launch(_mark, 0, x)
    np.testing.assert_array_equal(x.copy_to_host(), np.ones(x.size))


def test_scratch_is_kept_by_name_and_type_and_grows():
    first = scratch("test", (2, 3), np.float32)
    launch(_mark, 6, first.reshape(6))
    kept = first.copy_to_host()
    np.testing.assert_array_equal(scratch("test", (3, 2), np.float32).copy_to_host().ravel(), kept.ravel())
    assert scratch("test", (4, 5), np.float64).shape == (4, 5)
    assert scratch("test", (4, 5), np.float32).shape == (4, 5)
    np.testing.assert_array_equal(first.copy_to_host(), kept)


@pytest.mark.skipif(SIMULATED, reason="the simulator's memory has no limits")
def test_a_kernel_gets_the_shared_memory_that_it_does_not_have_already(monkeypatch):
    allowed = []
    device = SimpleNamespace(MAX_SHARED_MEMORY_PER_BLOCK_OPTIN=1000, id=0)
    function = SimpleNamespace(device=device, attrs=SimpleNamespace(shared=256), handle=7)
    library = SimpleNamespace(get_cufunc=lambda: function)
    compiled = SimpleNamespace(_codelibrary=library)
    kernel = SimpleNamespace(compile=lambda types: compiled)
    monkeypatch.setattr(driver, "driver", SimpleNamespace(cuKernelSetAttribute=lambda *given: allowed.append(given[1:])))
    assert _together.__wrapped__(kernel, ()) is compiled
    assert allowed == [(744, 7, 0)]
