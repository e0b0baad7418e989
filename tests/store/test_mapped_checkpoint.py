"""Checkpoints that are mapped, not read: the same tensors, and one sentence for damage that a look at the header shows."""

import numpy as np
import orjson
import pytest

from seqterm.errors import DataError
from seqterm.store.run_folder import RunFolder

TENSORS = {
    "a": np.arange(5, dtype=np.int32),
    "b": np.linspace(0, 1, 6).astype(np.float32).reshape(2, 3),
    "c": np.array([2**40], np.int64),
    "d": np.zeros(0, np.uint32),
    "e": np.array([0.5]),
}


@pytest.fixture
def folder(tmp_path):
    made = RunFolder.create(tmp_path / "run")
    made.write_description({}, None)
    made.save_checkpoint(1, TENSORS, {"step": 1, "note": "x"}, best=True, complete=True)
    return made


@pytest.fixture
def checkpoint(folder):
    return folder.path / "checkpoints" / "1.safetensors"


@pytest.mark.parametrize("which", ["last", "best"])
def test_mapped_tensors_are_those_that_are_read(folder, which):
    tensors, counters = folder.map_checkpoint(which)
    read, read_counters = folder.load_checkpoint(which)
    assert counters == read_counters
    assert tensors.keys() == read.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], tensor)
        assert tensors[name].dtype == tensor.dtype


def test_the_file_stays_as_it_is(folder, checkpoint):
    before = checkpoint.read_bytes()
    tensors, _ = folder.map_checkpoint("last")
    tensors["a"][:] = 7
    assert checkpoint.read_bytes() == before


def with_header(change):
    """A file with another header."""

    def damaged(data):
        n = 8 + int.from_bytes(data[:8], "little")
        header = orjson.dumps(change(orjson.loads(data[8:n])))
        return len(header).to_bytes(8, "little") + header + data[n:]

    return damaged


def with_entry(**values):
    return with_header(lambda header: {**header, "c": {**header["c"], **values}})


DAMAGES = {
    "nothing": lambda data: b"",
    "a few bytes": lambda data: data[:5],
    "half a header": lambda data: data[:60],
    "no tensors": lambda data: data[: 8 + int.from_bytes(data[:8], "little")],
    "cut off": lambda data: data[:-4],
    "a header of any size": lambda data: b"\xff" * 8 + data[8:],
    "a large header": lambda data: (2**45).to_bytes(8, "little") + data[8:],
    "no json": lambda data: data[:8] + b"x" + data[9:],
    "a number": with_header(lambda header: 5),
    "a list": with_header(lambda header: [header]),
    "no counters": with_header(lambda header: {name: header[name] for name in TENSORS}),
    "an entry that is none": with_header(lambda header: {**header, "a": 3}),
    "an unknown type": with_entry(dtype="F8"),
    "another shape": with_entry(shape=[3]),
    "no place": with_entry(data_offsets=[]),
    "a place that is none": with_entry(data_offsets=["0", "8"]),
    "a place beyond the end": with_entry(data_offsets=[10**6, 10**6 + 8]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_one_sentence(folder, checkpoint, damage):
    checkpoint.write_bytes(DAMAGES[damage](checkpoint.read_bytes()))
    with pytest.raises(DataError, match=r"1\.safetensors is missing or damaged: it is no checkpoint of seqterm"):
        folder.map_checkpoint("last")


def test_a_file_that_is_gone(folder, checkpoint):
    checkpoint.unlink()
    with pytest.raises(DataError, match=r"1\.safetensors is missing or damaged"):
        folder.map_checkpoint("last")
