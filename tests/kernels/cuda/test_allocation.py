"""Arrays of the device, and what is said where they have no room."""

from types import SimpleNamespace

import numpy as np
import pytest
from numba import cuda

from seqterm.errors import DeviceMemoryError
from seqterm.kernels.cuda.allocation import to_device, with_room
from seqterm.kernels.cuda.arrays import to_host

NUMBERS = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "item",
    [1, -1, slice(1, None), (slice(None), 1), (0, slice(1, 3), slice(2)), np.s_[:, :, 4:], slice(0, 0)],
    ids=str,
)
def test_slices_are_numpys(item):
    part = to_device(NUMBERS)[item]
    np.testing.assert_array_equal(to_host(part), NUMBERS[item])
    np.testing.assert_array_equal(to_host(part[:1]), NUMBERS[item][:1])
    assert part.shape == NUMBERS[item].shape


def test_an_axis_put_in_does_not_stop_a_copy_from_being_reshaped():
    np.testing.assert_array_equal(to_host(to_device(NUMBERS[0, :, :, None]).reshape(-1, 1)), NUMBERS[0].reshape(-1, 1))


def test_an_empty_array_is_copied():
    assert to_host(to_device(NUMBERS[:, :0])).shape == (2, 0, 4)


def fail(words):
    raise RuntimeError(words)


@pytest.mark.parametrize("words", ["Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY", "NOT_INITIALIZED (1)"])
def test_a_full_memory_is_told_of_whoever_finds_it(monkeypatch, words):
    context = SimpleNamespace(get_memory_info=lambda: (3_000_000, 24_000_000_000))
    monkeypatch.setattr(cuda, "current_context", lambda: context)
    with pytest.raises(DeviceMemoryError, match="no room for cuBLAS, 3 of its 24,000 MB are free"):
        with_room("cuBLAS", lambda: fail(words))
    monkeypatch.setattr(cuda, "current_context", lambda: fail(words))
    with pytest.raises(DeviceMemoryError, match="no room for cuBLAS, nor for anything else: use --device cpu"):
        with_room("cuBLAS", lambda: fail(words))


def test_another_error_stays_what_it_is():
    with pytest.raises(RuntimeError, match="CUDA_ERROR_NOT_INITIALIZED: 3"):
        with_room("cuBLAS", lambda: fail("CUDA_ERROR_NOT_INITIALIZED: 3"))
