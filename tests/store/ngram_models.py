"""Small n-gram models, as dictionaries and as levels."""

import math
import random

import numpy as np

from seqterm.store.ngram_levels import Level

SPECIAL = {"UNKNOWN": 0, "SENTENCE_START": 1, "SENTENCE_END": 2}
WORDS = ["a", "b", "c", "d"]
TOKENS = [*SPECIAL, *WORDS]
UNKNOWN, START, END = SPECIAL.values()


def levels_of(model, n_words):
    """{n-gram of ids: (log_p, backoff)}, in which no start of an n-gram is missing -> levels"""
    order = max(map(len, model))
    levels, before = [], [()]
    for n in range(1, order + 1):
        ngrams = sorted((ngram for ngram in model if len(ngram) == n), key=lambda ngram: (before.index(ngram[:-1]), ngram[-1]))
        values = np.array([model[ngram] for ngram in ngrams], np.float32).reshape(-1, 2)
        children = [
            sum(1 for ngram in model if len(ngram) == n + 1 and ngrams.index(ngram[:-1]) < i) for i in range(len(ngrams) + 1)
        ]
        is_top = n == order
        words = np.array([ngram[-1] for ngram in ngrams], np.int32)
        backoff, children = (None, None) if is_top else (values[:, 1].copy(), np.array(children, np.uint32))
        levels.append(Level(words, values[:, 0].copy(), backoff, children))
        before = ngrams
    assert levels[0].words.tolist() == list(range(n_words))
    return levels


def ngrams_of(levels):
    """The inverse."""
    found, before = {}, [()]
    for k, level in enumerate(levels):
        parents = (
            [()] * len(level.words) if k == 0 else np.repeat(np.arange(len(before)), np.diff(levels[k - 1].children.astype(int)))
        )
        ngrams = [(*(before[p] if k else ()), int(word)) for p, word in zip(parents, level.words, strict=True)]
        backoff = [0.0] * len(ngrams) if level.backoff is None else level.backoff.tolist()
        found |= dict(zip(ngrams, zip(level.log_p.tolist(), backoff, strict=True), strict=True))
        before = ngrams
    return found


def random_model(seed, order):
    """All n-grams of a few random sentences, with random numbers: {n-gram of ids: (log_p, backoff)}"""
    choose = random.Random(seed)
    model = {(i,): None for i in range(len(TOKENS))}
    for _ in range(6):
        text = [START, *choose.choices(range(len(SPECIAL), len(TOKENS)), k=choose.randint(1, 8)), END]
        model |= {tuple(text[i : i + n]): None for n in range(1, order + 1) for i in range(len(text) - n + 1)}
    model = {ngram: (-choose.gammavariate(2, 2), choose.gauss(-0.5, 1) * (len(ngram) < order)) for ngram in model}
    return model | {(START,): (-math.inf, model[START,][1])}


def log_p(model, word, context):
    """By backing off, natural logarithm."""
    if (*context, word) in model or not context:
        return model[*context, word][0]
    return model.get(context, (0.0, 0.0))[1] + log_p(model, word, context[1:])
