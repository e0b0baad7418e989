"""Questions to word vectors, in Python's numbers, one candidate after the other."""

import math


def dot(x, y):
    return sum(float(a) * float(b) for a, b in zip(x, y, strict=True))


def cosine(x, y):
    lengths = math.sqrt(dot(x, x)) * math.sqrt(dot(y, y))
    return dot(x, y) / lengths if lengths else 0.0


def squared_distance(x, y):
    return sum((float(a) - float(b)) ** 2 for a, b in zip(x, y, strict=True))


def best(scores, excluded, n, smallest=False):
    """[(id, score)] of the n best scores, of equals the lower id."""
    sign = 1 if smallest else -1
    return sorted(((i, s) for i, s in enumerate(scores) if i not in excluded), key=lambda pair: (sign * pair[1], pair[0]))[:n]


def neighbours(matrix, vector, n, metric, excluded=()):
    if metric == "euclid":
        return best([squared_distance(vector, row) for row in matrix], excluded, n, smallest=True)
    return best([cosine(vector, row) for row in matrix], excluded, n)


def analogy(matrix, question, n, method, restrict=None):
    """ "a is to b as c is to ?" -> [(id, score)]"""
    a, b, c = (matrix[word] for word in question)
    candidates = matrix[:restrict]
    if method == "mul":
        shifted = [[(cosine(word, row) + 1) / 2 for word in (a, b, c)] for row in candidates]
        return best([to_b * to_c / (to_a + 0.001) for to_a, to_b, to_c in shifted], question, n)
    if method == "add":
        a, b, c = ([x / (math.sqrt(dot(row, row)) or 1.0) for x in row] for row in (a, b, c))
    aim = [float(y) - float(x) + float(z) for x, y, z in zip(a, b, c, strict=True)]
    return neighbours(candidates, aim, n, "euclid" if method == "euclid" else "cosine", question)


def gensim_answers(words, matrix, question, restrict):
    """Whether the answer is right, as KeyedVectors.evaluate_word_analogies of gensim 4 finds it; None where a word is unknown."""
    known = {}
    for i, word in reversed(list(enumerate(words[:restrict]))):
        known[word.upper()] = i
    *given, expected = (word.upper() for word in question)
    if any(word not in known for word in (*given, expected)):
        return None
    predicted = None
    for i, _ in analogy(matrix, [known[word] for word in given], 5, "add", restrict):
        predicted = words[i].upper()
        if predicted not in given:
            break
    return predicted == expected


def word2vec_answers(words, matrix, question, restrict):
    """The same as word2vec's compute-accuracy.c finds it."""

    def upper(word):
        return "".join(chr(ord(letter) - 32) if "a" <= letter <= "z" else letter for letter in word)

    words = [upper(word) for word in words[:restrict]]
    question = [upper(word) for word in question]
    if any(word not in words for word in question):
        return None
    found = analogy(matrix, [words.index(word) for word in question[:3]], 1, "add", restrict)
    return any(score > 0 and words[i] == question[3] for i, score in found)


def spearman(x, y):
    """By the definition: the correlation of ranks, a rank being half the count of smaller ones and of those not larger."""

    def centred_ranks(values):
        ranks = [(sum(v < value for v in values) + sum(v <= value for v in values) + 1) / 2 for value in values]
        return [rank - sum(ranks) / len(ranks) for rank in ranks]

    a, b = centred_ranks(x), centred_ranks(y)
    spread = math.sqrt(dot(a, a) * dot(b, b))
    return dot(a, b) / spread if spread else math.nan
