"""The output layer with softmax and cross-entropy, against the oracle."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.kernels.cpu import output
from seqterm.kernels.cpu.product import pack
from tests.kernels.cpu import teams
from tests.naive import softmax as naive

TOLERANCE = {np.float32: {"rtol": 2e-5, "atol": 2e-6}, np.float64: {"rtol": 1e-12, "atol": 1e-14}}
DTYPES = list(TOLERANCE)
SCALE = 0.3
HIGH = 1 << 13  # hidden units, so that a stretch has 8 tokens
REACHING = 50  # of them reach the logits, whose rounding is then that of few terms
# (m, H, V): the least, rows and tokens beside whole panels, three stretches
SHAPES = [(1, 1, 1), (6, 5, 9), (70, 3, 33), (33, 8, 64), (35, HIGH, 19)]


class Problem(NamedTuple):
    """W (V, H), b (V,) or (0,), h (m, H), targets (m,), masked below zero."""

    w: np.ndarray
    b: np.ndarray
    h: np.ndarray
    targets: np.ndarray

    def rows(self, place):
        return self._replace(h=self.h[place], targets=self.targets[place])

    @property
    def n_stretches(self):
        return -(-len(self.w) // output.stretch_of(self.w))


def problem(shape, dtype=np.float64, bias=True, masked=0.3, seed=1):
    (m, n_hidden, n_tokens), random = shape, np.random.default_rng(seed)
    targets = random.integers(0, n_tokens, m)
    targets[random.uniform(size=m) < masked] = -1
    w = random.normal(0, 2 * min(n_hidden, REACHING) ** -0.5, (n_tokens, n_hidden))
    w[:, REACHING:] = 0
    return Problem(
        w=w.astype(dtype),
        b=random.normal(size=n_tokens if bias else 0).astype(dtype),
        h=random.normal(size=(m, n_hidden)).astype(dtype),
        targets=targets,
    )


def oracle(p):
    """-> log_p, and the gradients of -SCALE * sum(log_p), in float64"""
    w, h = p.w.astype(np.float64), p.h.astype(np.float64)
    logits = h @ w.T + (p.b.astype(np.float64) if len(p.b) else 0)
    log_p, dlogits = naive.cross_entropy(logits, p.targets, SCALE)
    return {"log_p": log_p, "w": dlogits.T @ h, "b": dlogits.sum(0)[: len(p.b)], "h": dlogits @ w}


def forward(p, parts):
    """-> log_p, what is left for `backward`"""
    h_panels = pack(p.h.T)
    room = h_panels.shape[0] * h_panels.shape[2] + 1
    logits = np.full((len(p.w), room), np.nan, p.h.dtype)
    tops, totals = np.full((2, p.n_stretches, room), np.nan, p.h.dtype)
    wanted, log_p = np.zeros(room, p.h.dtype), np.full(len(p.h), np.nan, p.h.dtype)
    for first, last in parts:
        output.output_forward(p.w, p.b, h_panels, p.targets, first, last, logits, tops, totals, wanted)
    top, total = output.combine_stretches(p.targets, tops, totals, wanted, log_p)
    return log_p, (tops, top, total, logits)


def backward(p, parts, left, gradients):
    tops, top, total, logits = left
    for first, last in parts:
        output.output_backward(
            p.w, p.h, p.targets, tops, top, total, SCALE, first, last, logits, gradients["w"], gradients["b"], gradients["h"]
        )


def zeros(p):
    return {"w": np.zeros_like(p.w), "b": np.zeros_like(p.b), "h": np.zeros_like(p.h)}


def parts_of(p, *cuts):
    """(first, last) tokens between these stretches."""
    bounds = [0, *(cut * output.stretch_of(p.w) for cut in cuts), len(p.w)]
    return list(pairwise(bounds))


def run(p, parts=None, gradients=None):
    """-> log_p, and gradients added to those that are given"""
    parts, gradients = parts or parts_of(p), gradients or zeros(p)
    log_p, left = forward(p, parts)
    backward(p, parts, left, gradients)
    return {"log_p": log_p, **gradients}


def score(p):
    log_p = np.full(len(p.h), np.nan, p.h.dtype)
    output.output_score(p.w, p.b, p.h, p.targets, log_p)
    return log_p


def agree(found, wanted, rtol, atol):
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=rtol, atol=atol, err_msg=name)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_log_probabilities_and_gradients_agree_with_the_oracle(dtype, shape, bias):
    p = problem(shape, dtype, bias)
    agree(run(p), oracle(p), **TOLERANCE[dtype])
    np.testing.assert_allclose(score(p), oracle(p)["log_p"], **TOLERANCE[dtype])


@given(
    shape=st.tuples(st.integers(1, 80), st.integers(1, 9), st.integers(1, 40)),
    dtype=st.sampled_from(DTYPES),
    bias=st.booleans(),
    masked=st.sampled_from([0.0, 0.5, 1.0]),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=60)
def test_any_shape_and_mask(shape, dtype, bias, masked, seed):
    p = problem(shape, dtype, bias, masked, seed)
    agree(run(p), oracle(p), **TOLERANCE[dtype])
    np.testing.assert_allclose(score(p), oracle(p)["log_p"], **TOLERANCE[dtype])


def test_a_stretch_is_a_token_at_least():
    assert output.stretch_of(np.empty((3, HIGH))) == 8
    assert output.stretch_of(np.empty((3, output.STRETCH + 1))) == 1


@pytest.mark.parametrize("shape", [(6, 5, 9), (35, HIGH, 19)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_masked_target_has_neither_loss_nor_gradient(dtype, shape):
    """Whatever its row holds: the others have the gradients that they have without it."""
    p = problem(shape, dtype)
    p.targets[[0, 4]] = -1
    p.h[4] = 1e3
    found, kept = run(p), p.targets >= 0
    for name in ("log_p", "h"):
        np.testing.assert_array_equal(found[name][~kept], 0)
    np.testing.assert_array_equal(score(p)[~kept], 0)
    without = oracle(p.rows(kept))
    for name in ("w", "b"):
        np.testing.assert_allclose(found[name], without[name], **TOLERANCE[dtype], err_msg=name)


@pytest.mark.parametrize("cuts", [(1,), (2,), (1, 2), (2, 3, 4)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_parts_of_the_vocabulary_give_what_the_whole_gives(dtype, cuts):
    """In any order; only the sums over tokens of dh may be rounded otherwise."""
    p = problem((35, HIGH, 35), dtype)
    whole, parts = run(p), run(p, parts_of(p, *cuts)[::-1])
    for name in ("log_p", "w", "b"):
        np.testing.assert_array_equal(parts[name], whole[name], err_msg=name)
    np.testing.assert_allclose(parts["h"], whole["h"], **TOLERANCE[dtype])


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("together", [32, 64, 128])
@pytest.mark.parametrize("dtype", DTYPES)
def test_workers_and_blocks_of_rows_give_what_one_pass_gives(dtype, together, workers):
    """Only sums over rows, or over tokens that workers share out, may be rounded otherwise."""
    p = problem((75, HIGH, 35), dtype)
    whole, found = run(p), {"log_p": np.full(75, np.nan, dtype), **zeros(p)}
    found["h"][:] = np.nan
    of_stretches = p.n_stretches, together
    shapes = (len(p.w), together), of_stretches, of_stretches, (together,), (workers - 1, together, HIGH)
    scratch = tuple(np.full(shape, np.nan, dtype) for shape in shapes)
    gradients = found["log_p"], found["w"], found["b"], found["h"]
    teams.together(lambda team: output.output_gradient(p.w, p.b, p.h, p.targets, SCALE, *gradients, scratch, team), workers)
    for name in ("log_p", "w"):
        np.testing.assert_array_equal(found[name], whole[name], err_msg=name)
    for name in ("b", "h"):
        np.testing.assert_allclose(found[name], whole[name], **TOLERANCE[dtype], err_msg=name)


def test_a_part_writes_its_own_tokens_alone():
    p, gradients = problem((35, HIGH, 35)), {}
    parts = parts_of(p, 1, 3)
    _, left = forward(p, parts)
    logits, gradients = left[-1].copy(), zeros(p)
    backward(p, parts[1:2], left, gradients)
    others = np.delete(np.arange(35), np.s_[slice(*parts[1])])
    np.testing.assert_array_equal(left[-1][others], logits[others])
    assert not gradients["w"][others].any()
    assert not gradients["b"][others].any()
    assert gradients["w"].any(1).sum() == parts[1][1] - parts[1][0]


@pytest.mark.parametrize("shape", [(6, 5, 9), (35, HIGH, 19)])
def test_gradients_are_added_to_what_is_there(shape):
    p = problem(shape)
    once = run(p)
    twice = run(p, gradients={name: once[name].copy() for name in zeros(p)})
    for name in zeros(p):
        np.testing.assert_allclose(twice[name], 2 * once[name], rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("shape", [(40, 5, 9), (40, HIGH, 19)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_score_gives_the_bits_of_forward(dtype, shape):
    p = problem(shape, dtype)
    np.testing.assert_array_equal(score(p), run(p)["log_p"])


@pytest.mark.parametrize("n_hidden", [5, HIGH])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_has_the_same_bits_however_many_rows_there_are_and_wherever_it_stands(dtype, n_hidden):
    p = problem((70, n_hidden, 21), dtype)
    whole = run(p)
    for n_rows in (1, 2, 3, 7, 8, 9, 31, 32, 33, 64, 65):
        for place in (slice(0, n_rows), slice(70 - n_rows, 70)):
            some = run(p.rows(place))
            for name in ("log_p", "h"):
                np.testing.assert_array_equal(some[name], whole[name][place], err_msg=name)
            np.testing.assert_array_equal(score(p.rows(place)), whole["log_p"][place])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
@pytest.mark.parametrize("n_hidden", [1, output.STRETCH], ids=["one stretch", "a stretch a token"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_large_logits_do_not_overflow(dtype, n_hidden, order):
    """Logits 30000, -30000, 29000: the second and third probability are exp(-60000) and exp(-1000)."""
    w = np.zeros((3, n_hidden), dtype)
    w[:, 0] = np.array([3e4, -3e4, 2.9e4])[list(order)]
    h = np.zeros((1, n_hidden), dtype)
    h[0, 0] = 1
    p = Problem(w, np.empty(0, dtype), h, np.array([order.index(2)]))
    found = run(p)
    assert found["log_p"][0] == score(p)[0] == -1000
    np.testing.assert_allclose(found["w"][:, 0], SCALE * np.array([1, 0, -1])[list(order)], rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("n_hidden", [5, HIGH])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_not_finite_is_seen_in_its_row_and_no_other(dtype, bad, n_hidden):
    p = problem((40, n_hidden, 19), dtype, masked=0)
    p.h[3, 2] = bad
    found = run(p)
    for name, values in {"log_p": found["log_p"], "scored": score(p), "h": found["h"].sum(1)}.items():
        assert np.flatnonzero(~np.isfinite(values)).tolist() == [3], name
    for name in ("w", "b"):
        assert not np.isfinite(found[name]).all(), name


@pytest.mark.parametrize("token", [0, 18])
@pytest.mark.parametrize("n_hidden", [5, HIGH])
def test_nan_in_the_weight_of_any_token_is_seen_in_every_row(n_hidden, token):
    p = problem((40, n_hidden, 19), np.float32, masked=0)
    p.w[token, 2] = np.nan
    assert np.isnan(run(p)["log_p"]).all()
    assert np.isnan(score(p)).all()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_log_p_of_every_token(shape, dtype, bias):
    p = problem(shape, dtype, bias)
    found = np.full((len(p.h), len(p.w)), np.nan, dtype)
    output.output_log_p(pack(p.w.T), p.b, p.h, found)
    logits = p.h.astype(np.float64) @ p.w.T.astype(np.float64) + (p.b.astype(np.float64) if bias else 0)
    wanted = [naive.log_softmax(row) for row in logits]
    np.testing.assert_allclose(found, wanted, **TOLERANCE[dtype])


@pytest.mark.parametrize("low", [-8.0, -10.0, -12.0])
def test_of_many_tokens_probabilities_sum_to_one_beside_a_large_one(low):
    """In float32 every term would lose the same part of itself."""
    b, found = np.full(50_000, low, np.float32), np.empty((1, 50_000), np.float32)
    b[0] = 0
    output.output_log_p(pack(np.zeros((1, 50_000), np.float32)), b, np.ones((1, 1), np.float32), found)
    assert np.exp(found.astype(np.float64)).sum() == pytest.approx(1, rel=0, abs=2e-6)
