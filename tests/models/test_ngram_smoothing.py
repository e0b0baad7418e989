"""Discounts, back-off and interpolation against their definitions."""

import numpy as np
import pytest

from seqterm.errors import UsageError
from seqterm.models.ngram_smoothing import FALLBACK, good_turing, kneser_ney, thresholds
from tests.models.ngrams import PROBLEMS, SMOOTHING, K, Problem
from tests.naive import ngram as naive


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("smoothing", SMOOTHING)
@pytest.mark.parametrize("name", PROBLEMS)
def test_whole_distributions_are_those_of_the_definitions(name, smoothing, order):
    problem = PROBLEMS[name]
    model, oracle = problem.model(order, smoothing), problem.oracle(order, smoothing)
    for context in problem.contexts(order, 12):
        found = np.exp(problem.read(model, context)[1].astype(np.float64))
        np.testing.assert_allclose(found, problem.p(oracle, context), rtol=3e-6, atol=1e-9, err_msg=str(context))
        assert found.sum() == pytest.approx(1, rel=0, abs=1e-6)


def test_little_that_is_left_is_still_right():
    """All words but UNKNOWN followed, and single words leave it very little."""
    words = ["a", "b", "c"]
    text = [word for i in range(3) for j in range(3) for word in [words[i], words[j]] * 20_000]
    problem = Problem([text], is_stream=True)
    model, oracle = problem.model(3, "katz"), problem.oracle(3, "katz")
    for context in ([], ["a"], ["b", "a"], ["c", "c"], [naive.UNKNOWN]):
        found = np.exp(problem.read(model, context)[1].astype(np.float64))
        np.testing.assert_allclose(found, problem.p(oracle, context), rtol=1e-5, atol=0, err_msg=str(context))


def test_discounts_of_kneser_ney():
    discount = kneser_ney(np.array([7, 100, 40, 20, 10, 0, 0, 0]))
    y = 100 / 180
    off = [1 - 2 * y * 40 / 100, 2 - 3 * y * 20 / 40, 3 - 4 * y * 10 / 20]
    np.testing.assert_allclose(discount.off(), off, rtol=1e-12, atol=0)
    np.testing.assert_allclose(discount.table, [0, 1 - off[0], 2 - off[1], 3 - off[2]], rtol=1e-12, atol=1e-15)
    assert (discount.shift, discount.instead) == (pytest.approx(off[2], rel=1e-12), "")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([0, 5, 0, 2, 1], "no count is 2: the discounts 0.5, 1, 1.5 are used"),
        ([0, 5, 0, 0, 1], "no count is 2 or 3: "),
        ([0, 0, 0, 0, 9], "no count is 1 or 2 or 3: "),
        ([0, 100, 10, 100, 5], "the counts of counts give discounts below zero: "),
    ],
)
def test_kneser_ney_falls_back_and_says_why(found, why):
    discount = kneser_ney(np.array([*found, 0, 0, 0]))
    np.testing.assert_allclose(discount.off(), FALLBACK, rtol=1e-12, atol=0)
    assert discount.instead.startswith(why)


def test_discounts_of_good_turing():
    found = np.array([0, 1000, 400, 220, 140, 100, 70, 999])
    discount = good_turing(found)
    d = naive.good_turing(dict(enumerate(found.tolist())))
    np.testing.assert_allclose(discount.table[1:], [r * d[r] for r in range(1, 6)], rtol=1e-12, atol=0)
    assert (discount.shift, discount.instead) == (0.0, "")


@pytest.mark.parametrize(
    ("found", "shift"),
    [([0, 6, 3, 0, 0, 0, 0], 0.5), ([0, 6, 1, 2, 3, 1, 1], 0.75), ([0] * 7, 0.5)],
)
def test_good_turing_falls_back_and_says_why(found, shift):
    discount = good_turing(np.array([*found, 5]))
    assert discount.off() == [shift]
    assert discount.instead == f"the counts of counts allow no Good-Turing estimate: {shift:g} is taken off every count"


@pytest.mark.parametrize(("smoothing", "off"), [("mle", []), ("add-k", []), ("kneser-ney", list(FALLBACK)), ("katz", [0.5])])
def test_events_tell_ngrams_and_discounts(smoothing, off):
    _, orders = PROBLEMS["one word"].estimate(3, smoothing)
    assert [(event.order, event.ngrams, event.kept) for event in orders] == [(1, 4, 4), (2, 2, 2), (3, 1, 1)]
    for event in orders[1:]:
        np.testing.assert_allclose(event.discounts, off, rtol=1e-12, atol=0)
        assert bool(event.instead) == bool(off)


@pytest.mark.parametrize("memory", [0, 3000])
@pytest.mark.parametrize("smoothing", SMOOTHING)
def test_on_disk_the_model_is_the_same(smoothing, memory, tmp_path):
    model = PROBLEMS["some"].model(3, smoothing)
    spilled = PROBLEMS["some"].model(3, smoothing, memory=memory, folder=tmp_path)
    for name, tensor in model.tensors().items():
        np.testing.assert_array_equal(spilled.tensors()[name], tensor, err_msg=name)
    assert list(tmp_path.iterdir()) == []


# Pruning


@pytest.mark.parametrize("prune", [(0, 1), (0, 0, 2), (0, 1, 1, 3), (0, 0, 0, 10**6)], ids=str)
@pytest.mark.parametrize("smoothing", SMOOTHING)
@pytest.mark.parametrize("name", ["many", "dense", "stream"])
def test_pruned_models_keep_frequent_ngrams_and_sum_to_one(name, smoothing, prune):
    problem = PROBLEMS[name]
    model, orders = problem.estimate(4, smoothing, prune=prune)
    counts, most = problem.wanted(4), [*prune, *[prune[-1]] * (4 - len(prune))]
    kept = [sum(1 for ngram, n in counts.items() if len(ngram) == i and n > most[i - 1]) for i in range(1, 5)]
    kept[0] = len(problem.tokens)
    assert model.sizes == [event.kept for event in orders] == kept
    for context in problem.contexts(1, 15):
        assert np.exp(problem.read(model, context)[1].astype(np.float64)).sum() == pytest.approx(1, rel=0, abs=2e-6)


@pytest.mark.parametrize("smoothing", ["add-k", "kneser-ney"])
def test_pruning_leaves_the_probabilities_of_what_stays(smoothing):
    problem = PROBLEMS["many"]
    whole, pruned = problem.model(2, smoothing), problem.model(2, smoothing, prune=(0, 1))
    counts = problem.wanted(2)
    before, after = (np.exp(problem.read(model, ["a"])[1].astype(np.float64)) for model in (whole, pruned))
    stays = np.array([counts.get(("a", word), 0) > 1 for word in problem.tokens])
    assert stays.any()
    if smoothing == "kneser-ney":
        assert (after[stays] >= before[stays] * (1 - 1e-6)).all()  # what others lose is given to all
    else:
        kept = {word: counts["a", word] for word, stay in zip(problem.tokens, stays, strict=True) if stay}
        total = sum(kept.values()) + K * (len(problem.tokens) - 1)
        np.testing.assert_allclose(after[stays], [(n + K) / total for n in kept.values()], rtol=1e-6, atol=0)


def test_thresholds_go_on_with_the_last():
    np.testing.assert_array_equal(thresholds((0, 1), 4), [0, 1, 1, 1])
    np.testing.assert_array_equal(thresholds((), 2), [0, 0])


@pytest.mark.parametrize("prune", [(0, 2, 1), (0, -1), (-1,), (0, 0, 0, 1)])
def test_thresholds_that_cannot_be(prune):
    with pytest.raises(UsageError, match="--prune takes up to 3 counts, one an order, none below the one before: 0 0 1"):
        thresholds(prune, 3)


def test_single_words_are_not_pruned():
    with pytest.raises(UsageError, match="--prune must begin with 0: rare words are left out by --min-count"):
        thresholds((1, 1), 3)
