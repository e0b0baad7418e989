"""A corpus as a file of ids, and as batches."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqterm.errors import DataError
from seqterm.text import stream
from seqterm.text.format import TextFormat
from seqterm.text.stream import LONGEST, Batches, SentenceBatches, open_ids, ragged, sentence_bounds, write_ids
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


# Sentences

START = 7  # the mark in these streams; the numbers from 10 up are words


def sentence(number, length):
    """A sentence of so many ids, mark included, in which each word names the sentence."""
    return [START, *[number + 10] * (length - 1)]


def stream_of(lengths):
    return np.array([token for number, length in enumerate(lengths) for token in sentence(number, length)])


def epoch_of(batches, epoch=0):
    return [batches.window(epoch, index) for index in range(batches.windows)]


def numbers(batches, epoch=0):
    """The sentences of an epoch, in its order."""
    return [int(number) - 10 for batch in epoch_of(batches, epoch) for number in batch.targets[0]]


several = st.lists(st.integers(2, 9), min_size=1, max_size=60)


@given(several, st.integers(1, 20))
def test_sentences_begin_at_each_mark_and_the_last_ends_with_the_stream(lengths, scan):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "SCAN", scan)
        assert list(sentence_bounds(stream_of(lengths), START)) == list(np.cumsum([0, *lengths]))


def test_sentences_side_by_side_have_no_targets_behind_their_ends():
    batch = ragged([np.array(ids) for ids in ([7, 1, 2, 3], [7, 4], [7, 5, 6])])
    np.testing.assert_array_equal(batch.ids[batch.targets >= 0], [7, 7, 7, 1, 5, 2])
    np.testing.assert_array_equal(batch.targets, [[1, 4, 5], [2, -1, 6], [3, -1, -1]])
    np.testing.assert_array_equal(batch.lengths, [3, 1, 2])
    assert batch.first


@given(several, st.integers(1, 7), st.integers(0, 3))
def test_each_sentence_comes_at_most_once_an_epoch_and_whole(lengths, n_batch, epoch):
    if len(lengths) < n_batch:
        return
    batches = SentenceBatches(stream_of(lengths), START, n_batch, seed=3)
    assert batches.windows == len(lengths) // n_batch
    found = numbers(batches, epoch)
    assert len(found) == len(set(found)) == batches.windows * n_batch
    for batch in epoch_of(batches, epoch):
        for ids, targets, length in zip(batch.ids.T, batch.targets.T, batch.lengths, strict=True):
            whole = sentence(targets[0] - 10, lengths[targets[0] - 10])
            assert [*ids[:length], targets[length - 1]] == whole
            assert list(targets[:length]) == whole[1:]
            assert set(targets[length:]) <= {-1}


def test_each_batch_begins_with_a_zero_state():
    assert all(batch.first for batch in epoch_of(SentenceBatches(stream_of([3] * 9), START, 2, seed=1)))


def test_the_order_is_another_in_each_epoch_and_with_each_seed_and_else_the_same():
    ids = stream_of([3, 5, 4] * 20)
    orders = [numbers(SentenceBatches(ids, START, 4, seed), epoch) for seed, epoch in [(1, 0), (1, 1), (2, 0), (1, 0)]]
    assert orders[0] == orders[3]
    assert len({tuple(order) for order in orders}) == 3
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(60))


def test_the_order_of_an_epoch_does_not_depend_on_what_was_asked_before():
    ids = stream_of([3, 5, 4] * 20)
    fresh, used = (SentenceBatches(ids, START, 4, seed=1) for _ in range(2))
    for epoch in (0, 2, 0):
        numbers(used, epoch)
    np.testing.assert_array_equal(used.window(1, 7).ids, fresh.window(1, 7).ids)


def test_sentences_left_out_of_one_epoch_come_in_others():
    batches = SentenceBatches(stream_of([4] * 7), START, 4, seed=1)
    assert set().union(*(numbers(batches, epoch) for epoch in range(20))) == set(range(7))


def test_little_is_padding():
    lengths = np.random.default_rng(1).integers(2, 60, 2000)
    batches = epoch_of(SentenceBatches(stream_of(lengths), START, 16, seed=1))
    padding = sum(np.count_nonzero(batch.targets < 0) for batch in batches)
    assert padding < 0.1 * sum(batch.targets.size for batch in batches)


def test_batches_of_like_length_do_not_come_in_order_of_length():
    batches = epoch_of(SentenceBatches(stream_of(list(range(2, 42)) * 4), START, 4, seed=1))
    heights = [len(batch.ids) for batch in batches]
    assert heights not in (sorted(heights), sorted(heights, reverse=True))


def test_a_sentence_that_is_too_long_loses_its_end():
    ids = np.concatenate([[START], np.arange(LONGEST + 50) + 10])
    batch = SentenceBatches(ids, START, 1, seed=1).window(0, 0)
    np.testing.assert_array_equal(batch.ids[:, 0], ids[: LONGEST - 1])
    np.testing.assert_array_equal(batch.targets[:, 0], ids[1:LONGEST])


@pytest.mark.parametrize("lengths", [[], [3, 4]])
def test_too_few_sentences_for_a_batch_are_an_error(lengths):
    with pytest.raises(
        DataError, match=f"too short: {len(lengths)} sentences to train on, 3 needed for one batch; lower --batch"
    ):
        SentenceBatches(stream_of(lengths), START, 3, seed=1)
