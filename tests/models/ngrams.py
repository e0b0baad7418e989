"""n-gram models of little texts, and the same by tests.naive.ngram."""

import random
from collections import Counter

import numpy as np

from seqterm.backends.select import select
from seqterm.models.ngram import NgramModel
from seqterm.models.ngram_counts import Counting, Room
from seqterm.models.ngram_settings import NgramSettings
from seqterm.models.ngram_smoothing import Smoothing
from tests.naive import ngram as naive

SMOOTHING = ("mle", "add-k", "katz", "kneser-ney")
K = 0.3
BACKEND = select(2)


def words_of(seed, n, n_words):
    """A text of n words, some of them rare, that follow one another in no even way."""
    choose = random.Random(seed)
    text = [0]
    while len(text) < n:
        after = (text[-1] * 3 + int(choose.expovariate(0.7))) % n_words
        text.append(after if choose.random() < 0.6 else choose.randrange(n_words))
    return [chr(ord("a") + i) for i in text]


def sentences_of(seed, n, n_words=6, with_unknown=False):
    """n sentences of up to eight words."""
    choose, words = random.Random(seed), words_of(seed, 8 * n, n_words)
    cut = [words[8 * i : 8 * i + choose.randrange(1, 9)] for i in range(n)]
    return [[naive.UNKNOWN if with_unknown and choose.random() < 0.2 else word for word in sentence] for sentence in cut]


class Problem:
    """Texts, bracketed or one stream, as ids and as oracles read them."""

    def __init__(self, texts, is_stream=False):
        self.is_stream = is_stream
        self.texts = [[word for text in texts for word in text]] if is_stream else naive.bracketed(texts)
        marks = [] if is_stream else [naive.START, naive.END]
        words = sorted({word for text in texts for word in text} - {naive.UNKNOWN})
        self.tokens = [naive.UNKNOWN, *marks, *words]
        self.index = {word: i for i, word in enumerate(self.tokens)}
        self.start, self.end = (-1, -1) if is_stream else (1, 2)
        dtype = np.min_scalar_type(len(self.tokens) - 1)
        self.ids = np.array([self.index[word] for text in self.texts for word in text], dtype)
        self.ids.flags.writeable = False

    def counted(self, order, memory=10**9, folder=None, backend=BACKEND):
        """{n-gram of words: count} of all orders."""
        with Room(memory, folder) as room:
            return self.named(self.trie(order, room, backend))

    def trie(self, order, room, backend=BACKEND):
        counting = Counting(self.ids, len(self.tokens), order, self.end, room, backend)
        shares = list(counting.steps())
        assert shares == sorted(shares)
        assert shares[-1:] in ([], [1.0])
        return counting.trie()

    def named(self, trie):
        found, before = {}, [()]
        for level in range(len(trie.firsts) - 1):
            nodes = range(trie.firsts[level], trie.firsts[level + 1])
            if level:
                first = trie.firsts[level - 1]
                parents = np.repeat(np.arange(len(before)), np.diff(trie.children[first : nodes.start + 1].astype(np.int64)))
            else:
                parents = [0] * len(nodes)
            before = [(*before[parent], self.tokens[trie.words[node]]) for parent, node in zip(parents, nodes, strict=True)]
            found |= {ngram: int(trie.counts[node]) for ngram, node in zip(before, nodes, strict=True)}
        return found

    def wanted(self, order):
        """What `counted` has to give, words that do not occur included."""
        counts = Counter({(word,): 0 for word in self.tokens})
        for text in self.texts:
            counts.update(tuple(text[i : i + n]) for n in range(1, order + 1) for i in range(len(text) - n + 1))
        return dict(counts)

    def estimate(self, order, smoothing, prune=(), memory=10**9, folder=None):
        settings = NgramSettings(order=order, smoothing=smoothing, k=K)
        with Room(memory, folder) as room:
            smoother = Smoothing(self.trie(order, room), settings, prune, room, BACKEND)
            estimate = smoother.estimate(self.start, 0)
            model = NgramModel(settings, len(self.tokens), BACKEND, None if self.is_stream else self.start)
            model.take(estimate)
        return model, smoother.orders(estimate)

    def model(self, order, smoothing, **values):
        return self.estimate(order, smoothing, **values)[0]

    def oracle(self, order, smoothing):
        make = {"mle": naive.mle, "katz": naive.katz, "kneser-ney": naive.kneser_ney}
        return naive.add_k(self.texts, order, K) if smoothing == "add-k" else make[smoothing](self.texts, order)

    def contexts(self, seed, n):
        """Beginnings of the texts, and words in any order."""
        choose = random.Random(seed)
        words = [word for word in self.tokens if word not in (naive.START, naive.END)]
        said = (choose.choice(self.texts) for _ in range(n))
        told = [[word for word in text[: choose.randrange(9)] if word != naive.START and word != naive.END] for text in said]
        return [[], *told, *([choose.choice(words) for _ in range(choose.randrange(1, 7))] for _ in range(n))]

    def read(self, model, context):
        """-> state and log_p (V,) after a context."""
        state, log_p = model.start(1)
        for word in context:
            state, log_p = model.advance(state, np.array([self.index[word]]))
        return state, log_p[0]

    def p(self, oracle, context):
        """(V,) by an oracle."""
        before = tuple(context) if self.is_stream else (naive.START, *context)
        return np.array([oracle(word, before) for word in self.tokens])


# From few counts, where discounts fall back, to enough for Good-Turing; where all words follow all; where UNKNOWN occurs.
PROBLEMS = {
    "few": Problem(sentences_of(1, 5)),
    "some": Problem(sentences_of(2, 60, 9)),
    "many": Problem(sentences_of(3, 300, 12)),
    "dense": Problem(sentences_of(4, 400, 3, with_unknown=True)),
    "one word": Problem([["a"]]),
    "short stream": Problem([["a"]], is_stream=True),
    "stream": Problem([words_of(5, 900, 9)], is_stream=True),
    "dense stream": Problem([words_of(6, 2000, 3), [naive.UNKNOWN, "a", naive.UNKNOWN] * 20], is_stream=True),
}
