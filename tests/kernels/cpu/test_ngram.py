"""Queries of the trie of a few n-grams, by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest

from seqterm.kernels.cpu import ngram
from seqterm.kernels.cpu.ngram import NOT_YET, UNSEEN
from tests.kernels.cpu.test_ngram_counts import CHILDREN, FIRSTS, WORDS

A, B, C = range(3)
LOG_P = -np.arange(1, 11).astype(np.float32)
BACKOFF = -np.arange(1, 8).astype(np.float32) / 16


def model(n_indexed):
    """With the children of so many nodes in a full hash table, which is as small as it may be."""
    index = np.zeros(2 * (int(CHILDREN[n_indexed]) - int(CHILDREN[0]) + 1), np.uint32)
    ngram.fill_index(WORDS, CHILDREN, n_indexed, index)
    return WORDS, LOG_P, BACKOFF, CHILDREN, index, n_indexed


MODELS = [model(n_indexed) for n_indexed in FIRSTS[:3]]
MODEL = MODELS[1]
# A state of two words -> that after one more, its log-probability, and the length of the n-gram that gave it.
STEPS = [
    ((NOT_YET, NOT_YET), A, (A, NOT_YET), LOG_P[0], 1),
    ((A, NOT_YET), B, (B, 4), LOG_P[4], 2),
    ((A, NOT_YET), C, (C, UNSEEN), LOG_P[2] + BACKOFF[A], 1),
    ((A, 3), B, (B, 4), LOG_P[7], 3),  # a a, then b
    ((A, 3), A, (A, 3), LOG_P[3] + BACKOFF[3], 2),
    ((A, 3), C, (C, UNSEEN), LOG_P[2] + BACKOFF[A] + BACKOFF[3], 1),
    ((C, UNSEEN), A, (A, 6), LOG_P[6], 2),
    ((C, UNSEEN), B, (B, UNSEEN), LOG_P[1] + BACKOFF[C], 1),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"indexed {model[-1]}")
@pytest.mark.parametrize(("state", "word", "after", "log_p", "length"), STEPS, ids=str)
def test_a_step(model, state, word, after, log_p, length):
    states, found = np.array([state]), np.zeros((1, 2), np.int64)
    ngram.advance(*model, 0, states, np.array([word]), found)
    assert tuple(found[0]) == after
    assert tuple(states[0]) == state
    out, lengths = np.empty((1, 3), np.float32), np.empty((1, 3), np.int8)
    ngram.distribution(*model, 0, states, out, lengths)
    assert out[0, word] == pytest.approx(log_p, rel=1e-6)
    assert lengths[0, word] == length


@pytest.mark.parametrize(
    ("state", "word", "log_p", "length"),
    [
        ((NOT_YET, NOT_YET), A, LOG_P[0], 1),
        ((A, NOT_YET), B, LOG_P[4], 2),
        ((A, NOT_YET), C, BACKOFF[A], 0),
        ((A, 3), B, LOG_P[7], 3),
        ((A, 3), A, BACKOFF[3], 0),  # a a is there, but what counts is the whole context
        ((C, UNSEEN), A, -math.log(3), 0),
    ],
    ids=str,
)
def test_where_weights_stand_for_words_that_never_followed(state, word, log_p, length):
    out, lengths = np.empty((1, 3), np.float32), np.empty((1, 3), np.int8)
    ngram.distribution(*MODEL, 3, np.array([state]), out, lengths)
    assert out[0, word] == pytest.approx(log_p, rel=1e-6)
    assert lengths[0, word] == length


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"indexed {model[-1]}")
@pytest.mark.parametrize("n_kinds", [0, 3])
@pytest.mark.parametrize("given", [False, True])
def test_texts_are_scored_as_steps_are(n_kinds, given, model):
    choose = np.random.default_rng(1)
    cuts = np.concatenate([[0], np.cumsum(choose.integers(1, 9, 400))])
    ids = choose.integers(0, 3, cuts[-1]).astype(np.int32)
    out, lengths = np.empty(len(ids), np.float32), np.empty(len(ids), np.int8)
    ngram.score_texts(*model, n_kinds, 3, ids, cuts[:-1], cuts[1:], given, np.empty(len(ids), np.int64), out, lengths)
    for begin, end in pairwise(cuts[:41]):
        state = np.full((1, 2), NOT_YET)
        for i in range(begin, end):
            each, each_length = np.empty((1, 3), np.float32), np.empty((1, 3), np.int8)
            ngram.distribution(*model, n_kinds, state, each, each_length)
            if given and i == begin:
                each[:], each_length[:] = 0, 0
            assert out[i] == pytest.approx(each[0, ids[i]], rel=1e-6)
            assert lengths[i] == each_length[0, ids[i]]
            after = np.empty_like(state)
            ngram.advance(*model, n_kinds, state, ids[i : i + 1], after)
            state = after
    whole = (out.copy(), lengths.copy())
    for begin, end in zip(cuts[:-1:50], cuts[1::50], strict=True):  # each alone
        one = np.array([begin]), np.array([end])
        ngram.score_texts(*model, n_kinds, 3, ids, *one, given, np.empty(len(ids), np.int64), out, lengths)
    np.testing.assert_array_equal(out, whole[0])
    np.testing.assert_array_equal(lengths, whole[1])


def test_a_damaged_index_leads_out_of_no_array():
    """Whatever stands in a slot, only a child of the node is found."""
    numbers = np.random.default_rng(2)
    for _ in range(20):
        index = numbers.integers(0, 12, len(MODEL[4])).astype(np.uint32)
        after = np.zeros((1, 2), np.int64)
        ngram.advance(*MODEL[:4], index, 3, 0, np.array([[A, NOT_YET]]), np.array([B]), after)
        assert after[0, 1] == UNSEEN or CHILDREN[A] <= after[0, 1] < CHILDREN[A + 1]


def test_a_trie_is_one():
    assert ngram.is_trie(WORDS, CHILDREN, FIRSTS)


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("words", 4, 0),
        ("words", 9, 3),
        ("words", 9, -1),
        ("children", 0, 4),
        ("children", 1, 2),
        ("children", 2, 8),
        ("children", 7, 9),
    ],
)
def test_what_is_no_trie(name, place, value):
    arrays = {"words": WORDS.copy(), "children": CHILDREN.copy()}
    arrays[name][place] = value
    assert not ngram.is_trie(**arrays, firsts=FIRSTS)
