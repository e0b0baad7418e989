"""A corpus as a file of ids, and as batches."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqterm.errors import DataError
from seqterm.text.format import TextFormat
from seqterm.text.stream import Batches, open_ids, write_ids
from seqterm.text.vocabulary import Vocabulary

LETTERS = Vocabulary(TextFormat("char"), list("abc"), [3, 2, 1])


def windows(n_tokens, n_batch, n_steps):
    """All (ids, targets) of an epoch over the stream 0, 1, 2, ..."""
    batches = Batches(np.arange(n_tokens), n_batch, n_steps)
    return [(lambda b: (b.ids, b.targets))(batches.window(0, i)) for i in range(batches.windows)]


shapes = st.tuples(st.integers(1, 5), st.integers(1, 7)).flatmap(
    lambda shape: st.tuples(st.integers(shape[0] * shape[1] + 1, 200), st.just(shape[0]), st.just(shape[1]))
)


# The file of ids


@pytest.mark.parametrize("size", [3, 300, 70_000])
def test_ids_come_back_from_their_file(tmp_path, size):
    vocabulary = Vocabulary(TextFormat("space"), [str(i) for i in range(size)], [1] * size)
    pieces = [f"0 {size - 1} ", "1 2"]
    assert write_ids(pieces, vocabulary, tmp_path / "ids") == (4, 0)
    ids = open_ids(tmp_path / "ids", vocabulary, 4)
    assert (list(ids), ids.dtype) == ([0, size - 1, 1, 2], vocabulary.id_dtype)


def test_unknown_tokens_are_left_out_and_counted(tmp_path):
    assert write_ids(["axb", "x", "yc"], LETTERS, tmp_path / "ids") == (3, 3)
    assert list(open_ids(tmp_path / "ids", LETTERS, 3)) == [0, 1, 2]


@given(st.lists(st.text("abc")))
def test_pieces_make_one_stream(pieces):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ids"
        written, _ = write_ids(pieces, LETTERS, path)
        assert LETTERS.decode(open_ids(path, LETTERS, written)) == "".join(pieces)


def test_ids_are_mapped_into_memory_and_cannot_be_changed(tmp_path):
    write_ids(["abc"], LETTERS, tmp_path / "ids")
    ids = open_ids(tmp_path / "ids", LETTERS, 3)
    assert isinstance(ids, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        ids[0] = 1


@pytest.mark.parametrize("n_tokens", [2, 4])
def test_a_file_of_another_size_is_refused(tmp_path, n_tokens):
    write_ids(["abc"], LETTERS, tmp_path / "ids")
    with pytest.raises(DataError, match=f"ids has 3 bytes where {n_tokens} tokens were written"):
        open_ids(tmp_path / "ids", LETTERS, n_tokens)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"Cannot read .*ids: No such file"):
        open_ids(tmp_path / "ids", LETTERS, 3)


# Batches


def test_rows_are_stretches_of_the_stream_side_by_side():
    (ids, targets), (more, _) = windows(13, 3, 2)
    np.testing.assert_array_equal(ids, [[0, 4, 8], [1, 5, 9]])
    np.testing.assert_array_equal(targets, [[1, 5, 9], [2, 6, 10]])
    np.testing.assert_array_equal(more, [[2, 6, 10], [3, 7, 11]])


@given(shapes)
def test_a_target_is_the_token_after_its_id(shape):
    for ids, targets in windows(*shape):
        np.testing.assert_array_equal(targets, ids + 1)


@given(shapes)
def test_windows_go_on_where_the_last_one_ended(shape):
    epoch = windows(*shape)
    for (_, targets), (ids, _) in pairwise(epoch):
        np.testing.assert_array_equal(ids[0], targets[-1])


@given(shapes)
def test_no_token_is_a_target_twice(shape):
    targets = np.concatenate([targets.ravel() for _, targets in windows(*shape)])
    assert len(set(targets)) == len(targets)


@given(shapes)
def test_less_than_a_window_is_left_unused(shape):
    n_tokens, n_batch, n_steps = shape
    used = sum(targets.size for _, targets in windows(*shape))
    assert n_tokens - 1 - used < n_batch * n_steps


def test_one_window_needs_one_token_more_than_it_reads():
    assert len(windows(13, 3, 4)) == 1
    with pytest.raises(DataError, match=r"too short: 12 tokens to train on, 13 needed .*--batch 3 and --steps 4"):
        windows(12, 3, 4)


@pytest.mark.parametrize("n_tokens", [0, 1])
def test_next_to_no_text_is_too_short(n_tokens):
    with pytest.raises(DataError, match=f"{n_tokens} tokens to train on, 2 needed"):
        windows(n_tokens, 1, 1)
