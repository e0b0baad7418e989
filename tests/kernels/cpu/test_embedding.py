"""Rows of a table by ids, and their gradient."""

import numpy as np

from seqterm.kernels.cpu import embedding

IDS = np.array([3, 0, 3, 3, 1])


def test_forward_writes_the_rows_that_ids_name():
    table, y = np.random.default_rng(1).normal(size=(4, 6)), np.full((5, 6), np.nan)
    embedding.embedding_forward(IDS, table, y)
    np.testing.assert_array_equal(y, table[IDS])


def test_backward_adds_up_where_an_id_stands_more_than_once():
    dy, dtable = np.arange(10.0).reshape(5, 2), np.ones((4, 2))
    embedding.embedding_backward(IDS, dy, dtable)
    np.testing.assert_array_equal(dtable, 1 + np.array([dy[1], dy[4], [0, 0], dy[0] + dy[2] + dy[3]]))


def test_ids_below_zero_name_zeros_and_have_no_gradient():
    ids, table, y = np.array([1, -1]), np.ones((4, 3)), np.full((2, 3), np.nan)
    embedding.embedding_forward(ids, table, y)
    np.testing.assert_array_equal(y, [[1, 1, 1], [0, 0, 0]])
    embedding.embedding_backward(ids, np.full((2, 3), 5.0), table)
    np.testing.assert_array_equal(table[:, 0], [1, 6, 1, 1])


def test_several_rows_side_by_side():
    ids, table, y = np.array([3, 0, -1, 1]), np.random.default_rng(1).normal(size=(4, 3)), np.full((2, 9), np.nan)
    embedding.embedding_forward(ids, table, y[:, :6])
    np.testing.assert_array_equal(y[:, :6], [[*table[3], *table[0]], [0, 0, 0, *table[1]]])
    dtable, dy = np.zeros((4, 3)), np.arange(14.0).reshape(2, 7)
    embedding.embedding_backward(ids, dy[:, 1:], dtable)
    np.testing.assert_array_equal(dtable, [[4, 5, 6], [11, 12, 13], [0, 0, 0], [1, 2, 3]])


def test_add_adds_the_rows_that_ids_name():
    ids, table, y = np.array([3, -1, 0]), np.arange(8.0).reshape(4, 2), np.ones((3, 2))
    embedding.embedding_add(ids, table, y)
    np.testing.assert_array_equal(y, [[7, 8], [1, 1], [1, 2]])


def test_add_bias_adds_to_every_row():
    y = np.ones((2, 3))
    embedding.add_bias(np.array([1.0, 2.0, 3.0]), y)
    np.testing.assert_array_equal(y, [[2, 3, 4], [2, 3, 4]])


def test_add_bias_without_a_bias_does_nothing():
    y = np.ones((2, 3))
    embedding.add_bias(np.empty(0), y)
    np.testing.assert_array_equal(y, np.ones((2, 3)))
