"""The rows of a table that answer questions best, a block of the table at a time, so that no (questions x table) is ever held.

Many questions ask about few things: the 19,544 analogies of Google's set are made of 905 words.  What is asked is multiplied
with the block first, (U, block) products that stay in the second-level cache; a question then only combines rows of them.
"""

import numpy as np

from seqterm.kernels.cpu.compile import kernel
from seqterm.kernels.cpu.product import add_product, pack, pack_into

BLOCK = 128  # rows of the table at a time
EPSILON = 1e-3  # of Levy & Goldberg (2014), in 3CosMul


@kernel
def _insert(score, candidate, question, ids, scores):
    """In the place of the last, behind those that are as good."""
    place = scores.shape[1] - 1
    while place > 0 and score > scores[question, place - 1]:
        scores[question, place], ids[question, place] = scores[question, place - 1], ids[question, place - 1]
        place -= 1
    scores[question, place], ids[question, place] = score, candidate


@kernel
def _keep_best(row, first, question, excluded, ids, scores):
    """row (c,): the scores of the candidates from `first` on."""
    for i in range(excluded.shape[1]):
        if first <= excluded[question, i] < first + row.shape[0]:
            row[excluded[question, i] - first] = -np.inf
    last = scores.shape[1] - 1
    for j in range(row.shape[0]):
        if row[j] > scores[question, last]:
            _insert(row[j], first + j, question, ids, scores)


@kernel
def _answer(products, first, offset, terms, multiply, excluded, row, ids, scores):
    """What `nearest` says, for the candidates from `first` on; products (U, c), offset (c,); row (c,) is room to work in.

    Rows are indexed where they stand: to take a view of one costs more than what is done with it.
    """
    half, epsilon = row.dtype.type(0.5), row.dtype.type(EPSILON)
    for question in range(terms.shape[0]):
        worst, is_better = scores[question, scores.shape[1] - 1], False
        a = np.uint64(terms[question, 0])  # unsigned: no index from the end to look out for
        if terms.shape[1] == 1:
            for j in range(row.shape[0]):
                row[j] = products[a, j] + offset[j]
                is_better = is_better | (row[j] > worst)
        else:
            b, c = np.uint64(terms[question, 1]), np.uint64(terms[question, 2])
            if multiply:
                for j in range(row.shape[0]):
                    row[j] = (half + half * products[b, j]) * (half + half * products[c, j])
                    row[j] /= half + half * products[a, j] + epsilon
                    is_better = is_better | (row[j] > worst)
            else:
                for j in range(row.shape[0]):
                    row[j] = products[b, j] - products[a, j] + products[c, j] + offset[j]
                    is_better = is_better | (row[j] > worst)
        if is_better:
            _keep_best(row, first, question, excluded, ids, scores)


@kernel
def nearest(table, first, offset, asked, terms, multiply, excluded, ids, scores):
    """table (c, D): the candidates first, first + 1, ...; offset (c,); asked (U, D); terms (m, 1) or (m, 3): rows of asked.

    With p = asked @ candidate, the candidate's score is, for a question (a,), p[a] + offset; for (a, b, c), p[b] - p[a] + p[c] +
    offset, or, where `multiply`, (p[b] + 1)/2 (p[c] + 1)/2 / ((p[a] + 1)/2 + EPSILON).  excluded (m, k): ids that answer nothing.
    Takes better ones into ids (m, n) and scores (m, n), at first -1 and -inf: the largest first, of equals the lower id.
    """
    panels = pack(asked.T)
    by_candidate = np.empty((BLOCK, asked.shape[0]), table.dtype)
    products = np.empty((1, asked.shape[0], BLOCK), table.dtype)
    room = np.empty(BLOCK, table.dtype)
    for top in range(0, table.shape[0], BLOCK):
        count = min(BLOCK, table.shape[0] - top)
        by_candidate[:] = 0
        add_product(table[top : top + count], panels, by_candidate[:count])
        pack_into(by_candidate.T, products)
        part, row = offset[top : top + count], room[:count]
        _answer(products[0], first + top, part, terms, multiply, excluded, row, ids, scores)


@kernel
def squared_distances(table, asked, ids, distances):
    """table (V, D), asked (m, D), ids (m, n) -> writes distances (m, n): infinite where an id is below zero."""
    for row in range(ids.shape[0]):
        for place in range(ids.shape[1]):
            total = np.float64(0) if ids[row, place] >= 0 else np.inf
            if ids[row, place] >= 0:
                one, other = table[ids[row, place]], asked[row]
                for d in range(one.shape[0]):
                    total += np.float64(one[d] - other[d]) ** 2
            distances[row, place] = total
