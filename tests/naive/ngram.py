"""N-gram models by their definitions, in dictionaries: n-grams are tuples of words, probabilities Python floats.

Texts are lists of words: sentences in their marks, see `bracketed`, or one stream.  A model is a function p(word, context) of a
word and the tuple of all words before it, where a sentence begins with <s>.  Words that the texts lack are <unk>; <s> has no
probability.
"""

import math
from collections import Counter, defaultdict
from functools import cache

UNKNOWN, START, END = "<unk>", "<s>", "</s>"
K = 5  # the largest count that Good-Turing discounts


def bracketed(sentences):
    return [[START, *sentence, END] for sentence in sentences]


def count(texts, order):
    """-> {n: {n-gram: how often it occurs}}, <s> alone left out: nothing predicts it"""
    counts = {n: Counter(tuple(t[i : i + n]) for t in texts for i in range(len(t) - n + 1)) for n in range(1, order + 1)}
    del counts[1][(START,)]
    return counts


def vocabulary(texts):
    """The words that have probabilities."""
    return {UNKNOWN, *(word for text in texts for word in text)} - {START}


def followers(counts):
    """{n: {n-gram: count}} -> {context: {word: count}}"""
    found = defaultdict(dict)
    for n in counts:
        for ngram, c in counts[n].items():
            found[ngram[:-1]][ngram[-1]] = c
    return dict(found)


def counts_of_counts(counts):
    """{n-gram: count} -> {r: the number of n-grams that occur r times}"""
    return Counter(counts.values())


def _model(texts, order, p):
    """A function of known words and of a context of at most order - 1 of them becomes one of any words."""
    words = vocabulary(texts)

    def model(word, context):
        context = tuple(w if w in words or w == START else UNKNOWN for w in context)
        if word == START:
            return 0.0
        return p(word if word in words else UNKNOWN, context[max(0, len(context) - order + 1) :])

    return model


def mle(texts, order):
    """c(context w) / c(context) of the longest end of the context that something follows."""
    following = followers(count(texts, order))

    def p(word, context):
        if context not in following:
            return p(word, context[1:])
        return following[context].get(word, 0) / sum(following[context].values())

    return _model(texts, order, p)


def add_k(texts, order, k):
    """(c(context w) + k) / (c(context) + k V) of the whole context."""
    following = followers(count(texts, order))
    size = len(vocabulary(texts))

    def p(word, context):
        seen = following.get(context, {})
        return (seen.get(word, 0) + k) / (sum(seen.values()) + k * size)

    return _model(texts, order, p)


# Katz, S. M. (1987), Estimation of probabilities from sparse data


def good_turing(n):
    """{r: n_r} -> {r: d_r} for r = 1 to K, or None where the recipe fails."""
    if not all(n[r] for r in range(1, K + 2)):
        return None
    beyond = (K + 1) * n[K + 1] / n[1]
    if beyond == 1:
        return None
    d = {r: ((r + 1) * n[r + 1] / n[r] / r - beyond) / (1 - beyond) for r in range(1, K + 1)}
    return d if all(0 < d[r] <= 1 for r in d) else None


def absolute(n):
    """{r: n_r} -> D, what is taken from every count where Good-Turing's recipe fails."""
    if not n[1] + 2 * n[2]:
        return 0.5
    discount = n[1] / (n[1] + 2 * n[2])
    return discount if 0 < discount < 1 else 0.5


def katz_discount(counts):
    """{n-gram: count} -> a function of a count: what is left of it"""
    n = counts_of_counts(counts)
    d = good_turing(n)
    if d is None:
        discount = absolute(n)
        return lambda c: c - discount
    return lambda c: d.get(c, 1) * c


def katz(texts, order):
    """d c(context w) / c(context) where that was seen, else alpha(context) p(w | shorter context).

    Where all counts of a context stay whole, they are divided by c(context) + 1, as SRILM does.  What the unigrams leave is
    UNKNOWN's.  Where every word was seen after a context, nobody is left to give to: its probabilities are scaled to one.
    """
    counts = count(texts, order)
    left_of = {n: katz_discount(counts[n]) for n in counts}
    following = followers(counts)
    size = len(vocabulary(texts))

    @cache
    def seen(context):
        """-> {word: p} of the words seen there"""
        words, left = following[context], left_of[len(context) + 1]
        total = sum(words.values())
        if all(left(c) == c for c in words.values()):
            total += 1
        found = {word: left(c) / total for word, c in words.items()}
        if not context:
            found[UNKNOWN] = found.get(UNKNOWN, 0) + 1 - math.fsum(found.values())
        elif len(found) == size:
            total = math.fsum(found.values())
            found = {word: mass / total for word, mass in found.items()}
        return found

    @cache
    def alpha(context):
        found = seen(context)
        return (1 - math.fsum(found.values())) / (1 - math.fsum(p(word, context[1:]) for word in found))

    def p(word, context):
        if context not in following:
            return p(word, context[1:])
        found = seen(context)
        return found[word] if word in found or not context else alpha(context) * p(word, context[1:])

    return _model(texts, order, p)


# Chen, S. F. and Goodman, J. (1999), An empirical study of smoothing techniques; the details as in KenLM's lmplz


def adjust(counts):
    """{n: {n-gram: count}} -> the same with counts of different words to the left, but of the longest and of those from <s> on.

    Where a text that is no sentence begins, nothing stands to the left: an n-gram that occurs only there counts as one.
    """
    order = max(counts)
    adjusted = {order: counts[order]}
    for n in range(1, order):
        left = Counter(ngram[1:] for ngram in counts[n + 1])
        adjusted[n] = {ngram: c if ngram[0] == START else left[ngram] or 1 for ngram, c in counts[n].items()}
    return adjusted


def kneser_ney_discounts(counts):
    """{n-gram: adjusted count} -> D1, D2, D3+"""
    n = counts_of_counts(counts)
    if not (n[1] and n[2] and n[3]):
        return 0.5, 1.0, 1.5
    y = n[1] / (n[1] + 2 * n[2])
    discounts = tuple(j - (j + 1) * y * n[j + 1] / n[j] for j in (1, 2, 3))
    return discounts if all(0 <= d <= j for j, d in enumerate(discounts, 1)) else (0.5, 1.0, 1.5)


def kneser_ney(texts, order):
    """(a(context w) - D(a)) / a(context) + gamma(context) p(w | shorter context), below the unigrams 1 / V."""
    adjusted = adjust(count(texts, order))
    discounts = {n: kneser_ney_discounts(adjusted[n]) for n in adjusted}
    following = followers(adjusted)
    size = len(vocabulary(texts))

    def discount(n, a):
        return discounts[n][min(a, 3) - 1] if a else 0

    @cache
    def total_and_gamma(context):
        found, n = following[context].values(), len(context) + 1
        return sum(found), sum(discount(n, a) for a in found) / sum(found)

    def p(word, context):
        if context not in following:
            return p(word, context[1:])
        total, gamma = total_and_gamma(context)
        a = following[context].get(word, 0)
        return (a - discount(len(context) + 1, a)) / total + gamma * (p(word, context[1:]) if context else 1 / size)

    return _model(texts, order, p)
