"""The oracle of n-gram models, against numbers worked out by hand and NLTK."""

import gzip
import math
import random
from collections import Counter
from fractions import Fraction
from itertools import product

import pytest

from tests.naive.ngram import (
    END,
    START,
    UNKNOWN,
    absolute,
    add_k,
    adjust,
    bracketed,
    count,
    good_turing,
    katz,
    katz_discount,
    kneser_ney,
    kneser_ney_discounts,
    mle,
    vocabulary,
)

# Unigrams: Statistics 3, is 2, fun 1, hard 1, helps 1, </s> 3, together 11.  V = 7: these six and <unk>.
# Bigrams: <s> Statistics 3, Statistics is 2, Statistics helps, is fun, is hard, fun </s>, hard </s>, helps </s> 1.
LESSONS = bracketed([["Statistics", "is", "fun"], ["Statistics", "is", "hard"], ["Statistics", "helps"]])
LETTERS = bracketed([["a", "b"], ["a", "b"], ["a", "c"], ["b", "a"]])
MODELS = {"mle": mle, "add-k": lambda texts, order: add_k(texts, order, 0.3), "katz": katz, "kneser-ney": kneser_ney}


def approx(fraction):
    return pytest.approx(float(fraction), rel=1e-13, abs=0)


def test_mle_by_hand():
    p = mle(LESSONS, 2)
    assert p("is", ("Statistics",)) == approx(Fraction(2, 3))  # n(Statistics is) / n(Statistics)
    assert p("Statistics", (START,)) == 1
    assert p("fun", ("Statistics",)) == 0
    assert p("is", ()) == approx(Fraction(2, 11))
    assert p("is", ("what",)) == approx(Fraction(2, 11))  # nothing followed "what"
    p = mle(LESSONS, 3)
    assert p("is", (START, "Statistics")) == approx(Fraction(2, 3))
    assert p("fun", ("Statistics", "is")) == approx(Fraction(1, 2))
    assert p("fun", ("helps", "is")) == approx(Fraction(1, 2))  # of "is", as "helps is" never was
    assert p("fun", ("far", "away", "Statistics", "is")) == approx(Fraction(1, 2))


def test_the_end_of_a_stream_is_no_context():
    p = mle([["a", "b", "a", "c", "a"]], 2)
    assert p("b", ("a",)) == approx(Fraction(1, 2))  # two of the three a are followed
    assert p("a", ()) == approx(Fraction(3, 5))


def test_add_k_by_hand():
    p = add_k(LESSONS, 2, 0.5)
    assert p("is", ("Statistics",)) == approx(Fraction(5, 13))  # (2 + 1/2) / (3 + 7/2)
    assert p("fun", ("Statistics",)) == approx(Fraction(1, 13))  # (0 + 1/2) / (3 + 7/2)
    assert p("what", ("Statistics",)) == approx(Fraction(1, 13))
    assert p("is", ("what",)) == approx(Fraction(1, 7))  # (0 + 1/2) / (0 + 7/2)
    assert add_k(LESSONS, 1, 0.5)("is", ("Statistics",)) == approx(Fraction(5, 29))  # (2 + 1/2) / (11 + 7/2)
    p = add_k(LESSONS, 3, 0.5)
    assert p("is", (START, "Statistics")) == approx(Fraction(5, 13))
    assert p("is", ("helps", "Statistics")) == approx(Fraction(1, 7))  # of the whole context, no shorter one
    assert p("Statistics", (START,)) == approx(Fraction(7, 13))  # (3 + 1/2) / (3 + 7/2)


# n_r of one-word sentences.  1* = 2 n_2 / n_1 = 2/3, 2* = 3/2, 3* = 12/5, 4* = 10/3, 5* = 9/2; 6 n_6 / n_1 = 3/10
REPEATED = {1: 60, 2: 20, 3: 10, 4: 6, 5: 4, 6: 3}
DISCOUNTS = {
    1: Fraction(11, 21),
    2: Fraction(9, 14),
    3: Fraction(5, 7),
    4: Fraction(16, 21),
    5: Fraction(6, 7),
}  # (r*/r - 3/10) / (7/10)


def repeated():
    """Words "2 0" and so on, which are said twice and so on: 192 words."""
    return [[f"{r} {i}"] for r, n in REPEATED.items() for i in range(n) for _ in range(r)]


def test_good_turing_by_hand():
    d = good_turing(Counter(REPEATED))
    assert d == {r: approx(DISCOUNTS[r]) for r in DISCOUNTS}
    p = katz([[word for sentence in repeated() for word in sentence]], 1)
    for r, fraction in DISCOUNTS.items():
        assert p(f"{r} 0", ()) == approx(fraction * r / 192)
    assert p("6 0", ()) == approx(Fraction(6, 192))
    assert p(UNKNOWN, ()) == approx(Fraction(60, 192))  # n_1 / n, as much as the words that were seen once have had


def test_katz_by_hand():
    """Each word is one of 192 sentences, half of the 384 predicted words are </s>; bigrams have twice the n_r."""
    p = katz(bracketed(repeated()), 2)
    assert p("3 0", (START,)) == approx(Fraction(5, 7) * Fraction(3, 192))
    assert p(END, ("2 0",)) == approx(Fraction(9, 14))
    # alpha(2 0) = (1 - 9/14) / (1 - p(</s>)) = 5/14 / (1/2) = 5/7
    assert p("3 0", ("2 0",)) == approx(Fraction(5, 7) * Fraction(5, 7) * Fraction(3, 384))
    assert p(END, ("6 0",)) == approx(Fraction(6, 7))  # all counts are above 5: 6 / (6 + 1)
    # alpha(6 0) = 1/7 / (1/2) = 2/7
    assert p("3 0", ("6 0",)) == approx(Fraction(2, 7) * Fraction(5, 7) * Fraction(3, 384))
    assert p(UNKNOWN, ("6 0",)) == approx(Fraction(2, 7) * Fraction(60, 384))


def test_katz_without_good_turing_by_hand():
    """n_1 = 3, n_2 = 1 of the unigrams: D = 3/5.  n_1 = 6, n_2 = 1 of the bigrams: D = 3/4."""
    p = katz(LESSONS, 2)
    assert p("Statistics", ()) == approx(Fraction(12, 55))  # (3 - 3/5) / 11
    assert p("is", ()) == approx(Fraction(7, 55))
    assert p("fun", ()) == approx(Fraction(2, 55))
    assert p(UNKNOWN, ()) == approx(Fraction(18, 55))  # 6 D / 11
    assert p("is", ("Statistics",)) == approx(Fraction(5, 12))  # (2 - 3/4) / 3
    assert p("helps", ("Statistics",)) == approx(Fraction(1, 12))
    # alpha = (1 - 5/12 - 1/12) / (1 - 7/55 - 2/55) = 55/92
    assert p("fun", ("Statistics",)) == approx(Fraction(1, 46))
    assert p("what", ("Statistics",)) == approx(Fraction(55, 92) * Fraction(18, 55))
    assert p("fun", ("what",)) == approx(Fraction(2, 55))


def test_katz_where_every_word_was_seen():
    """<unk> is in the text, and no other word is there to get what is left.  n_1 = n_2 = 2 of the bigrams: D = 1/3."""
    p = katz([[UNKNOWN, UNKNOWN, "a", "a", UNKNOWN, "a", UNKNOWN]], 2)
    assert p("a", (UNKNOWN,)) == approx(Fraction(5, 7))  # 2 - 1/3 beside 1 - 1/3
    assert p(UNKNOWN, (UNKNOWN,)) == approx(Fraction(2, 7))


@pytest.mark.parametrize(
    ("n", "discount"),
    [
        ({1: 3, 2: 1}, 3 / 5),
        ({2: 4}, 0.5),  # 0, which takes nothing
        ({1: 7, 5: 1}, 0.5),  # 1, which leaves nothing
        ({9: 2}, 0.5),  # 0 / 0
    ],
)
def test_absolute_discount(n, discount):
    assert good_turing(Counter(n)) is None
    assert absolute(Counter(n)) == discount


@pytest.mark.parametrize(
    "n",
    [
        {**REPEATED, 1: 18},  # 6 n_6 / n_1 = 1
        {**REPEATED, 2: 2},  # d_1 = (1/15 - 3/10) / (7/10) < 0
        {**REPEATED, 3: 14},  # 2* = 2.1, d_2 > 1
        *({**REPEATED, r: 0} for r in REPEATED),
    ],
)
def test_good_turing_fails(n):
    assert good_turing(Counter(n)) is None


def test_counts_above_five_stay_whole():
    left = katz_discount({(f"{r} {i}",): r for r, n in REPEATED.items() for i in range(n)})
    assert [left(c) for c in (2, 6, 100)] == [approx(Fraction(9, 7)), 6, 100]


def test_adjusted_counts_by_hand():
    adjusted = adjust(count(LETTERS, 3))
    assert adjusted[1] == {("a",): 2, ("b",): 2, ("c",): 1, (END,): 3}  # after <s> b, <s> a, a, b c a
    assert adjusted[2][START, "a"] == 3  # raw, though nothing stands before it
    assert adjusted[2]["a", "b"] == 1  # twice, but both times after <s>
    assert adjusted[3][START, "a", "b"] == 2


def test_an_n_gram_at_the_start_of_a_stream_alone_counts_as_one():
    assert adjust(count([["x", "a", "b", "a"]], 2))[1] == {("x",): 1, ("a",): 2, ("b",): 1}


def test_kneser_ney_discounts_by_hand():
    counts = {(i,): r for i, r in enumerate([1] * 6 + [2] * 2 + [3] + [4])}
    # Y = 6 / (6 + 2 * 2) = 3/5; 1 - 2 Y 2/6, 2 - 3 Y 1/2, 3 - 4 Y 1/1
    assert kneser_ney_discounts(counts) == (approx(Fraction(3, 5)), approx(Fraction(11, 10)), approx(Fraction(3, 5)))
    counts[6,] = 5  # one fewer of 2: Y = 6/8, 2 - 3 Y 1/1 < 0
    assert kneser_ney_discounts(counts) == (0.5, 1.0, 1.5)
    assert kneser_ney_discounts({("a",): 1, ("b",): 2}) == (0.5, 1.0, 1.5)


def test_kneser_ney_by_hand():
    """Unigrams: n_1 = 1, n_2 = 2, n_3 = 1: Y = 1/5, D = 1/5, 17/10, 3.  Bigrams and trigrams: 1/2, 1, 3/2.  V = 5."""
    p = kneser_ney(LETTERS, 3)
    # gamma() = (1/5 + 2 * 17/10 + 3) / 8 = 33/40
    assert p("a", ()) == approx(Fraction(81, 400))  # (2 - 17/10) / 8 + 33/40 / 5
    assert p("c", ()) == approx(Fraction(53, 200))  # (1 - 1/5) / 8 + 33/200
    assert p(END, ()) == approx(Fraction(33, 200))  # (3 - 3) / 8 + 33/200
    assert p(UNKNOWN, ()) == approx(Fraction(33, 200))
    assert p("a", (START,)) == approx(Fraction(381, 800))  # (3 - 3/2) / 4 + (3/2 + 1/2) / 4 * 81/400
    assert p("b", ("a",)) == approx(Fraction(643, 2400))  # (1 - 1/2) / 3 + 3/2 / 3 * 81/400
    assert p("b", (START, "a")) == approx(Fraction(2243, 4800))  # (2 - 1) / 3 + (1 + 1/2) / 3 * 643/2400
    assert p("b", ("c", "a")) == p("b", ("a",))
    assert p(START, ("a",)) == 0


def test_kneser_ney_without_discounts_by_hand():
    """Too few counts of counts: 1/2, 1, 3/2 at both orders.  Words follow 1 other each, </s> 3."""
    p = kneser_ney(LESSONS, 2)
    assert p("is", ()) == approx(Fraction(15, 112))  # (1 - 1/2) / 8 + (5/2 + 3/2) / 8 / 7
    assert p("is", ("Statistics",)) == approx(Fraction(269, 672))  # (2 - 1) / 3 + (1 + 1/2) / 3 * 15/112


def random_texts(seed, marks):
    choose = random.Random(seed)
    words = [*"abcdef", UNKNOWN][: choose.randint(1, 7)]
    sentences = [choose.choices(words, k=choose.randint(1, 6)) for _ in range(choose.randint(1, 60))]
    return bracketed(sentences) if marks else [[word for sentence in sentences for word in sentence]]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("marks", [True, False])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_sums_are_one_in_every_context(name, marks, order):
    for seed in range(8):
        texts = random_texts(seed, marks)
        p, words = MODELS[name](texts, order), vocabulary(texts)
        for context in product([*words, START], repeat=order - 1):
            assert math.fsum(p(word, context) for word in words) == pytest.approx(1, rel=1e-12, abs=0)


def test_sums_are_one_of_the_models_worked_by_hand():
    for texts, model in product((LESSONS, LETTERS, bracketed(repeated())), MODELS.values()):
        p, words = model(texts, 2), vocabulary(texts)
        for context in [(word,) for word in [*words, START]]:
            assert math.fsum(p(word, context) for word in words) == pytest.approx(1, rel=1e-12, abs=0)


def test_kneser_ney_of_real_text_sums_to_one(real_data):
    with gzip.open(real_data / "wikitext-2" / "wiki.train.tokens.gz", "rt", encoding="utf-8") as file:
        sentences = [line.split() for line, _ in zip(file, range(500), strict=False) if line.strip()]
    texts = bracketed(sentences)
    p, words = kneser_ney(texts, 3), vocabulary(texts)
    for context in [(), (START,), (START, "="), ("of", "the"), ("the", "unheard-of"), ("unheard-of", "the")]:
        assert math.fsum(p(word, context) for word in words) == pytest.approx(1, rel=1e-12, abs=0)
    discounts = kneser_ney_discounts(adjust(count(texts, 3))[3])
    assert all(0 < d < j for j, d in enumerate(discounts, 1))
    assert discounts != (0.5, 1.0, 1.5)


@pytest.mark.parametrize("name", ["MLE", "Lidstone"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_nltk_finds_the_same(name, order):
    models = pytest.importorskip("nltk.lm")
    for seed in range(4):
        texts = random_texts(seed, marks=True)
        words = sorted(vocabulary(texts))
        peer = models.MLE(order) if name == "MLE" else models.Lidstone(0.3, order)
        peer.vocab.update(word for word in words if word != UNKNOWN)  # NLTK counts an unknown word of its own
        peer.counts.update([[ngram for found in count(texts, order).values() for ngram in found.elements()]])
        p = MODELS["mle" if name == "MLE" else "add-k"](texts, order)
        for context in product([*words, START], repeat=order - 1):
            if name == "Lidstone" or not context or peer.counts[context]:  # NLTK's MLE does not go to shorter contexts
                for word in words:
                    assert p(word, context) == pytest.approx(peer.unmasked_score(word, context), rel=1e-13, abs=0)
