"""GloVe's steps against plain ones, central differences and numbers worked out by hand."""

import math

import numpy as np
import pytest

from seqterm.kernels.cpu import glove
from seqterm.models.cooccurrence import PAIR
from tests.naive import glove as naive
from tests.naive.differences import central_differences

SIZES = [1, 2, 5, 50]
TOLERANCE = {np.float32: {"rtol": 2e-5, "atol": 2e-6}, np.float64: {"rtol": 1e-13, "atol": 1e-15}}
NAMES = ("input_vectors", "output_vectors", "input_bias", "output_bias")
X_MAX, ALPHA = 10.0, 0.75
PAIRS = {(0, 1): 0.125, (0, 2): 3.0, (1, 1): 10.0, (2, 2): 9.75, (2, 3): 500.0}  # unordered


def parts(rows, size, kind):
    """{name: view} of weights (0) or sums of squares (1) of rows (V, 2, 2, P)."""
    views = rows[:, 0, kind, :size], rows[:, 1, kind, :size], rows[:, 0, kind, size], rows[:, 1, kind, size + 1]
    return dict(zip(NAMES, views, strict=True))


def some_rows(size, dtype, n=4):
    random = np.random.default_rng(size)
    rows = glove.word_rows(n, size, np.dtype(dtype))
    for view in parts(rows, size, 0).values():
        view[...] = random.normal(size=view.shape)
    for view in parts(rows, size, 1).values():
        view[...] = 1 + random.random(view.shape)
    return rows


def copied(rows, size):
    """{name: float64 array} of weights and of sums of squares."""
    return tuple({name: view.astype(np.float64) for name, view in parts(rows, size, kind).items()} for kind in (0, 1))


def both_ways(pairs):
    return pairs | {(j, i): x for (i, j), x in pairs.items()}


def trained(rows, pairs, rate, key=1, tiles=None):
    """-> losses of the tiles, visits"""
    records = np.array([(i, j, x) for (i, j), x in pairs.items()], PAIR)
    records.setflags(write=False)  # as files are mapped
    tiles = np.array([(0, len(pairs))] if tiles is None else tiles, np.int64)
    losses = np.full(len(tiles), np.nan)
    fields = records["i"], records["j"], records["x"]
    return losses, glove.train_tiles(tiles, key, *fields, X_MAX, ALPHA, rate, rows, losses)


def gradients(rows, size, pairs):
    """{name: array}, by central differences of the plain loss over ordered pairs."""
    model, _ = copied(rows, size)

    def loss():
        return naive.loss(model, both_ways(pairs), X_MAX, ALPHA)

    return {name: central_differences(loss, array) for name, array in model.items()}


def downhill(rows, size, pairs, rate):
    """{name: array}: what training takes away from each weight, divided by the rate; rows' sums of squares are made 1."""
    for view in parts(rows, size, 1).values():
        view[...] = 1
    before, _ = copied(rows, size)
    trained(rows, pairs, rate)
    return {name: (before[name] - after) / rate for name, after in copied(rows, size)[0].items()}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("size", SIZES)
def test_a_visit_equals_a_plain_step(size, dtype):
    rows = some_rows(size, dtype)
    model, squares = copied(rows, size)
    for i, j, x in ((0, 1, 0.5), (1, 0, 40.0), (2, 2, 7.0), (0, 3, 12.0)):
        real, f = dtype, naive.weight(x, X_MAX, ALPHA)
        loss = glove.visit(rows, i, j, real(math.log(x)), real(f), real(0.05))
        assert loss == pytest.approx(naive.step(model, squares, i, j, x, X_MAX, ALPHA, 0.05), rel=TOLERANCE[dtype]["rtol"])
    for kind, wanted in enumerate((model, squares)):
        for name, view in parts(rows, size, kind).items():
            np.testing.assert_allclose(view, wanted[name], **TOLERANCE[dtype], err_msg=name)


def test_a_visit_by_hand():
    """x = e, whose logarithm is 1, and f = (1/16)^(3/4) = 1/8: a difference of 2*3 + 1 + 2 - 1 = 8, a loss of 1/2 * 1/8 * 64 = 4.

    At a rate of 1/2 a bias goes down by 1/2 * 1/8 * 8 = 1/2, by half of that if its sum of squares is 4.
    """
    rows = glove.word_rows(2, 1, np.dtype(np.float64))
    weights, squares = parts(rows, 1, 0), parts(rows, 1, 1)
    weights["input_vectors"][0], weights["output_vectors"][1] = 2, 3
    weights["input_bias"][0], weights["output_bias"][1], squares["output_bias"][1] = 1, 2, 4
    f = glove.weight(math.e, 16 * math.e, 0.75)
    assert f == pytest.approx(1 / 8, rel=1e-15)
    assert glove.visit(rows, 0, 1, 1.0, f, 0.5) == pytest.approx(4, rel=1e-14)
    assert weights["input_vectors"].ravel() == pytest.approx([2 - 0.5 * 3, 0], rel=1e-14)
    assert weights["output_vectors"].ravel() == pytest.approx([0, 3 - 0.5 * 2], rel=1e-14)
    assert (weights["input_bias"][0], weights["output_bias"][1]) == pytest.approx((0.5, 1.75), rel=1e-14)
    assert (squares["input_vectors"][0, 0], squares["output_vectors"][1, 0]) == pytest.approx((3.25, 2), rel=1e-14)
    assert (squares["input_bias"][0], squares["output_bias"][1]) == pytest.approx((1.25, 4.25), rel=1e-14)


@pytest.mark.parametrize(
    ("x", "wanted"), [(0.0, 0.0), (10.0, 1.0), (11.0, 1.0), (1e9, 1.0), (5.0, 0.5**0.75), (1e-3, 1e-4**0.75)]
)
def test_weight_of_a_count(x, wanted):
    assert glove.weight(x, X_MAX, ALPHA) == pytest.approx(wanted, rel=1e-15)


def test_a_power_of_nothing_is_the_same_weight_for_all_that_was_seen():
    assert [glove.weight(x, X_MAX, 0.0) for x in (0.0, 0.5, 20.0)] == [0, 1, 1]


def test_a_pair_that_was_never_seen_is_passed_over():
    rows = some_rows(5, np.float64)
    before = rows.copy()
    losses, visits = trained(rows, {(0, 1): 0.0}, 0.05)
    assert (losses.tolist(), visits) == ([0.0], 0)
    np.testing.assert_array_equal(rows, before)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_step_is_the_gradient_that_central_differences_give(pair):
    rows, pairs = some_rows(3, np.float64), {pair: PAIRS[pair]}
    wanted = gradients(rows, 3, pairs)
    for name, found in downhill(rows, 3, pairs, 1e-3).items():
        np.testing.assert_allclose(found, wanted[name], rtol=1e-7, atol=1e-8, err_msg=name)


def test_small_steps_through_all_pairs_add_up_to_the_gradient():
    rows = some_rows(3, np.float64)
    wanted = gradients(rows, 3, PAIRS)
    for name, found in downhill(rows, 3, PAIRS, 1e-8).items():
        np.testing.assert_allclose(found, wanted[name], rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_constants_and_padding_stay_as_they_are(dtype):
    rows = some_rows(5, dtype)
    for key in range(100):
        trained(rows, PAIRS, 0.05, key)
    assert (rows[:, 0, 0, 6] == 1).all()
    assert (rows[:, 1, 0, 5] == 1).all()
    assert (rows[:, :, 0, 7:] == 0).all()


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_losses_are_those_of_each_tile(dtype):
    rows, whole = some_rows(5, dtype), some_rows(5, dtype)
    losses, visits = trained(rows, PAIRS, 0.0, tiles=[(0, 2), (2, 2), (2, 5)])
    assert visits == trained(whole, PAIRS, 0.0)[1] == 8
    assert losses[1] == 0
    halves = dict(list(PAIRS.items())[:2]), dict(list(PAIRS.items())[2:])
    wanted = [naive.loss(copied(rows, 5)[0], both_ways(half), X_MAX, ALPHA) for half in halves]
    np.testing.assert_allclose(losses[[0, 2]], wanted, rtol=1e-5 if dtype == np.float32 else 1e-13)


def test_an_order_is_a_permutation_that_depends_on_its_key():
    orders = np.empty((500, 12), np.uint32)
    for key, order in enumerate(orders):
        glove.shuffle(key, order)
    np.testing.assert_array_equal(np.sort(orders), np.broadcast_to(np.arange(12), orders.shape))
    assert len(np.unique(orders, axis=0)) == 500
    first = np.empty(12, np.uint32)
    glove.shuffle(0, first)
    np.testing.assert_array_equal(first, orders[0])


def test_orders_put_each_number_everywhere_alike():
    orders = np.empty((6000, 6), np.uint32)
    for key, order in enumerate(orders):
        glove.shuffle(key, order)
    counts = np.array([np.bincount(orders[:, place], minlength=6) for place in range(6)])
    squares = ((counts - 1000) ** 2 / 1000).sum()
    assert squares < 60  # chi-squared, 25 degrees of freedom: beyond that once in ten thousand keys


def test_the_order_changes_what_is_learned_and_the_key_alone_changes_the_order():
    one, same, other = (some_rows(5, np.float64) for _ in range(3))
    for rows, key in ((one, 1), (same, 1), (other, 2)):
        trained(rows, PAIRS, 0.5, key)
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_loss_that_is_not_a_number_is_seen(dtype):
    rows = some_rows(5, dtype)
    rows[0, 0, 0, 2] = np.nan
    losses, _ = trained(rows, PAIRS, 0.05)
    assert not np.isfinite(losses).any()
