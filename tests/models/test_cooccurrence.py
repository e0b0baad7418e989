"""Counting of pairs of words: in memory, through files, by any number of threads."""

import itertools

import numpy as np
import pytest

from seqterm.backends.cpu import CPU
from seqterm.errors import DataError, UsageError
from seqterm.models import cooccurrence
from seqterm.models.cooccurrence import count_pairs, n_bands
from tests.naive import cooccurrence as naive

SIZE = 60
ROOMY = 1 << 30
each_weighting = pytest.mark.parametrize("weighting", ["plain", "inverse-distance"])


def text(n, size=SIZE):
    """(n,) ids, some words far more frequent than others, with sentences' ends."""
    random = np.random.default_rng(n)
    ids = (size * random.random(n) ** 3).astype(np.int32)
    ids[random.integers(0, n, n // 15)] = -1
    return ids


@pytest.fixture
def small_bands(monkeypatch):
    """Several bands of a small vocabulary."""
    monkeypatch.setattr(cooccurrence, "BAND", 8)


def counted(ids, weighting="plain", memory=ROOMY, window=5, folder=None, threads=2, size=SIZE):
    return count_pairs(ids, size, window, weighting, memory, folder, CPU(threads))


def as_dictionary(pairs):
    found = {(i, j): x for i, j, x in pairs.records.tolist()}
    assert len(found) == len(pairs.records)
    return found | {(j, i): x for (i, j), x in found.items()}


def least_memory(size=SIZE, **options):
    """The fewest bytes that counting says it needs."""
    low, high = 0, 1 << 30
    while low < high:
        middle = (low + high) // 2
        try:
            counted(np.array([0, 1], np.int32), memory=middle, size=size, **options)
            high = middle
        except UsageError:
            low = middle + 1
    return low


@pytest.mark.parametrize("memory", [None, ROOMY], ids=["spilled", "in memory"])
@each_weighting
@pytest.mark.parametrize("window", [1, 5, 40])
@pytest.mark.usefixtures("small_bands")
def test_counts_are_those_of_a_dictionary(weighting, memory, window, tmp_path):
    ids = text(1500)
    pairs = counted(ids, weighting, memory or least_memory(window=window), window, tmp_path)
    assert as_dictionary(pairs) == pytest.approx(naive.pairs(ids, window, weighting), rel=1e-6)
    assert pairs.records.dtype == cooccurrence.PAIR


def test_counts_by_hand():
    """Sentences 0 1 0 and 1 1, within two words."""
    pairs = counted(np.array([0, 1, 0, -1, 1, 1], np.int32), "inverse-distance", window=2)
    assert as_dictionary(pairs) == {(0, 1): 2, (1, 0): 2, (0, 0): 1, (1, 1): 2}


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.usefixtures("small_bands")
def test_neither_memory_nor_threads_change_the_records(threads, tmp_path):
    ids = text(1500)
    wanted = counted(ids)
    found = counted(ids, memory=least_memory(threads=threads), folder=tmp_path, threads=threads)
    np.testing.assert_array_equal(found.records, wanted.records)
    np.testing.assert_array_equal(found.starts, wanted.starts)


@pytest.mark.parametrize("memory", [1 << 22, ROOMY], ids=["spilled", "in memory"])
def test_ones_are_added_up_beyond_where_float32_stops(memory, tmp_path):
    n, window = 90_000, 100
    pairs = counted(np.zeros(n, np.int32), memory=memory, window=window, folder=tmp_path, threads=1, size=1)
    wanted = 2 * sum(n - distance for distance in range(1, window + 1))
    assert wanted > 2**24
    assert as_dictionary(pairs) == {(0, 0): wanted}


@pytest.mark.usefixtures("small_bands")
def test_no_two_tiles_of_a_round_share_a_word_and_all_tiles_are_in_one():
    pairs = counted(text(1500))
    assert pairs.bands == 7
    seen = []
    for r in range(pairs.bands):
        tiles = [pairs.records[first:end] for first, end in pairs.round(r)]
        words = [set(tile["i"]) | set(tile["j"]) for tile in tiles]
        for one, other in itertools.combinations(words, 2):
            assert not one & other
        seen += [(i, j) for tile in tiles for i, j in zip(tile["i"], tile["j"], strict=True)]
    assert sorted(seen) == sorted(zip(pairs.records["i"], pairs.records["j"], strict=True))


@pytest.mark.parametrize(("size", "wanted"), [(1, 1), (1023, 1), (2048, 3), (64_178, 63), (10**7, 127)])
def test_bands_are_odd_and_not_too_many(size, wanted):
    assert n_bands(size) == wanted


def test_too_little_memory_is_a_usage_error():
    with pytest.raises(UsageError, match=r"--memory is too little for 60 words: give it 1M or more"):
        counted(text(100), memory=100)


@pytest.mark.parametrize("ids", [[], [-1], [0, -1, 1, -1, 2]], ids=str)
def test_words_that_all_stand_alone_are_a_data_error(ids):
    with pytest.raises(DataError, match="No two words of the corpus stand in one sentence"):
        counted(np.array(ids, np.int32))


def test_files_are_nameless_from_the_first(tmp_path):
    pairs = counted(text(1500), memory=least_memory(), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(pairs.records)


@pytest.mark.parametrize("after", [1, 5])
def test_an_interrupted_count_leaves_no_files(after, tmp_path, monkeypatch):
    """In the first part, before anything is written, and in a later one; nor are there any that a killed process would leave."""
    kernels, calls = CPU(1).kernels("cooccurrence"), itertools.count(1)
    count = kernels.count_band

    def interrupted(*arguments):
        if next(calls) == after:
            assert list(tmp_path.iterdir()) == []
            raise KeyboardInterrupt
        return count(*arguments)

    monkeypatch.setattr(kernels, "count_band", interrupted)
    with pytest.raises(KeyboardInterrupt):
        counted(text(1500), memory=1 << 16, folder=tmp_path, threads=1)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_data_error(tmp_path):
    resource = pytest.importorskip("resource")
    ids, (soft, hard) = text(20_000, 1000), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    try:
        with pytest.raises(DataError, match=f"Cannot keep the counts of pairs of words in {tmp_path}: File too large"):
            counted(ids, folder=tmp_path, size=1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        counted(text(100), folder=tmp_path / "none")
