"""Checkpoint files: what safetensors' own library makes of them, and mapping."""

import hashlib

import numpy as np
import pytest
import safetensors.numpy

from seqterm.errors import DataError
from seqterm.store.tensors import map_tensors, write_tensors

TENSORS = {
    "flags": np.array([True, False, True]),
    "small": np.arange(5, dtype=np.uint8),
    "wide": np.arange(6.0).reshape(2, 3),
    "empty": np.zeros((0, 4), np.float32),
    "turned": np.arange(6, dtype=np.int32).reshape(2, 3).T,
    "scalar": np.array(2.5, np.float32),
    "ids": np.arange(3, dtype=np.uint32),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def test_the_library_reads_what_is_written(path):
    digest = write_tensors(path, TENSORS, {"counters": "{}"})
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    read = safetensors.numpy.load_file(path)
    assert read.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        np.testing.assert_array_equal(read[name], array, strict=True)
    with safetensors.safe_open(path, framework="np") as file:
        assert file.metadata() == {"counters": "{}"}


@pytest.mark.parametrize("write", [write_tensors, lambda path, *rest: safetensors.numpy.save_file(rest[0], path, rest[1])])
def test_files_are_mapped_whoever_wrote_them(path, write):
    tensors = {name: np.ascontiguousarray(array) for name, array in TENSORS.items()}
    write(path, tensors, {"a": "b"})
    mapped, metadata = map_tensors(path)
    assert metadata == {"a": "b"}
    for name, array in tensors.items():
        np.testing.assert_array_equal(mapped[name], array, strict=True)
        assert mapped[name].flags.aligned
    before = path.read_bytes()
    mapped["wide"][0, 0] = 7
    assert path.read_bytes() == before


def test_a_large_tensor_goes_in_pieces(path):
    array = np.arange(3 << 20, dtype=np.float32)
    write_tensors(path, {"a": array}, {})
    np.testing.assert_array_equal(map_tensors(path)[0]["a"], array)


@pytest.mark.parametrize("damage", [lambda raw: raw[:-8], lambda raw: b"", lambda raw: b"\xff" * 16 + raw, lambda raw: raw[:20]])
def test_a_damaged_file_is_an_error(path, damage):
    write_tensors(path, TENSORS, {})
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match="damaged"):
        map_tensors(path)


def test_a_file_that_is_not_there_is_an_error(path):
    with pytest.raises(DataError, match="missing or damaged"):
        map_tensors(path)
