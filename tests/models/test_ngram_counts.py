"""n-grams of little corpora, counted in memory and on disk, against dictionaries."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from seqterm.backends.select import select
from seqterm.errors import DataError
from seqterm.models import ngram_counts
from seqterm.models.ngram_counts import Counting, Room
from tests.models.ngrams import BACKEND, PROBLEMS, Problem, words_of


@pytest.fixture
def small_ranges(monkeypatch):
    """Many parts, though the corpus is small."""
    monkeypatch.setattr(ngram_counts, "RANGE", 16)


def assert_same(trie, other):
    for name in trie._fields:
        np.testing.assert_array_equal(getattr(trie, name), getattr(other, name), err_msg=name)


@pytest.mark.parametrize("order", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("name", PROBLEMS)
def test_all_ngrams_are_counted(name, order):
    assert PROBLEMS[name].counted(order) == PROBLEMS[name].wanted(order)


@pytest.mark.parametrize("memory", [0, 500, 5000])
@pytest.mark.parametrize("name", ["some", "stream"])
def test_little_memory_gives_the_same_trie_and_leaves_nothing_on_disk(name, memory, small_ranges, tmp_path):
    with Room(10**9, None) as room, Room(memory, tmp_path) as narrow:
        whole, spilled = PROBLEMS[name].trie(3, room), PROBLEMS[name].trie(3, narrow)
        (folder,) = tmp_path.iterdir()
        assert folder.name.startswith("ngrams-")
        assert sum(file.stat().st_size for file in folder.iterdir()) > 0
        assert_same(spilled, whole)
    assert list(tmp_path.iterdir()) == []
    assert PROBLEMS[name].named(spilled) == PROBLEMS[name].wanted(3)  # mapped files stay while they are used


def test_enough_memory_touches_no_disk(tmp_path):
    with Room(10**9, tmp_path) as room:
        PROBLEMS["some"].trie(3, room)
        assert list(tmp_path.iterdir()) == []


def test_the_folder_goes_when_something_goes_wrong(tmp_path):
    def count():
        with Room(0, tmp_path) as room:
            PROBLEMS["few"].trie(2, room)
            assert len(list(tmp_path.iterdir())) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        count()
    assert list(tmp_path.iterdir()) == []


def test_arrays_on_disk_are_zeros_of_their_own(tmp_path):
    with Room(8, tmp_path) as room:
        sizes, dtypes = [1, 3, 0, 5, 9], [np.int64, np.uint32, np.int32, np.float64, np.uint8]
        arrays = [room.zeros(n, dtype) for n, dtype in zip(sizes, dtypes, strict=True)]
        for i, array in enumerate(arrays):
            assert not array.any()
            array[:] = i + 1
        for i, array in enumerate(arrays):
            assert (array == i + 1).all()
        assert [len(array) for array in arrays] == sizes
        assert [array.dtype for array in arrays] == dtypes


def test_few_files_are_open_however_many_parts_there_are(small_ranges, tmp_path):
    with Room(0, tmp_path) as room:
        counting = Counting(PROBLEMS["many"].ids, len(PROBLEMS["many"].tokens), 4, 2, room, BACKEND)
        list(counting.steps())
        n_parts, n_files = len(counting._parts), len(list(tmp_path.rglob("*")))
    assert n_parts > 50
    assert n_files < 20


@pytest.mark.parametrize("name", ["few", "many", "stream"])
@pytest.mark.parametrize("order", [2, 4])
def test_parts_by_two_words_are_those_by_one(name, order, small_ranges, monkeypatch):
    with Room(10**9, None) as room:
        pairs = PROBLEMS[name].trie(order, room)
        monkeypatch.setattr(ngram_counts, "PAIRS", 0)
        assert_same(PROBLEMS[name].trie(order, room), pairs)


def test_one_frequent_word_is_a_range_of_its_own(monkeypatch):
    monkeypatch.setattr(ngram_counts, "RANGE", 4)
    monkeypatch.setattr(ngram_counts, "PAIRS", 0)
    problem = Problem([["a"] * 50, ["b"], ["a"] * 30], is_stream=True)
    assert problem.counted(3, memory=1000) == problem.wanted(3)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_make_no_difference(threads, small_ranges):
    assert PROBLEMS["many"].counted(3, backend=select(threads)) == PROBLEMS["many"].wanted(3)


def test_parts_of_one_first_word_may_end_together(small_ranges, monkeypatch):
    """Both threads add to the same word's number of children."""
    meet = threading.Barrier(2, timeout=20)
    part, first = Counting._part, threading.local()

    def together(self, windows):
        if not hasattr(first, "done"):
            first.done = True
            meet.wait()
        return part(self, windows)

    monkeypatch.setattr(Counting, "_part", together)
    problem = Problem([words_of(7, 3000, 26)], is_stream=True)
    assert problem.counted(2) == problem.wanted(2)


@pytest.mark.parametrize("n_words", [200, 256, 257, 3000])
def test_ids_of_every_size(n_words, small_ranges):
    ids = np.random.default_rng(1).integers(0, n_words, 2000).astype(np.min_scalar_type(n_words - 1))
    ids[:3] = n_words - 1
    with Room(10**9, None) as room:
        counting = Counting(ids, n_words, 2, -1, room, BACKEND)
        list(counting.steps())
        trie = counting.trie()
    pairs, counts = np.unique(np.stack([ids[:-1], ids[1:]], axis=1).astype(int), axis=0, return_counts=True)
    np.testing.assert_array_equal(trie.counts[:n_words], np.bincount(ids, minlength=n_words))
    np.testing.assert_array_equal(trie.counts[n_words:], counts)
    np.testing.assert_array_equal(trie.words[n_words:], pairs[:, 1])
    np.testing.assert_array_equal(np.diff(trie.children.astype(int)), np.bincount(pairs[:, 0], minlength=n_words))


@pytest.mark.parametrize(("name", "says"), [("LONGEST", "has 104 tokens; at most 3"), ("MOST_NODES", "a model can have 3")])
def test_too_large_a_corpus_is_refused(name, says, monkeypatch):
    monkeypatch.setattr(ngram_counts, name, 3)
    problem = Problem([words_of(1, 104, 5)], is_stream=True)
    with pytest.raises(DataError, match=says):
        problem.counted(2)


FULL = """
import resource, sys
from pathlib import Path
from seqterm.models.ngram_counts import Room
from tests.models.ngrams import PROBLEMS
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
try:
    PROBLEMS["many"].counted(4, memory=0, folder=Path(sys.argv[1]))
except OSError as error:
    print(error.strerror)
"""


def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path):
    program = [sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, env=os.environ, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "File too large\n", "")
    assert list(tmp_path.iterdir()) == []
