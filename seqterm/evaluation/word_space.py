"""Questions to word vectors: neighbours, analogies, sums of words, the odd one out, the plane that shows most of them."""

import difflib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from seqterm.backends.base import Array, Backend
from seqterm.backends.select import select
from seqterm.errors import DataError, UsageError

TOGETHER = 2048  # questions that meet the vocabulary side by side, to bound the memory
CLOSE = 5  # spellings that a message names
SIMILAR = 0.7  # what difflib gives spellings that are close, at least

Metric = Literal["cosine", "euclid"]
Method = Literal["add", "mul", "euclid"]
Found = tuple[Array, Array]  # ids (m, n) and scores (m, n), the best first, of equals the lower id


class WordSpace:
    """The words of a vocabulary in the order of their frequency, and their vectors, `matrix` (V, D).

    `cosine` is larger for what is nearer; `euclid`, a squared distance, smaller.  A vector of zeros has the cosine 0 with all.
    n is cut to the number of candidates; where a question leaves fewer, the rest of its ids is -1, its scores the worst there is.
    """

    def __init__(self, words: list[str], matrix: Array, backend: Backend | None = None):
        self.words, self.matrix = words, np.ascontiguousarray(matrix, np.float32)
        self._backend = backend or select()
        self._kernels = self._backend.kernels("nearest")

    @cached_property
    def unit(self) -> Array:
        """matrix (V, D) with rows of length 1; rows of zeros stay."""
        return normalised(self.matrix)

    @cached_property
    def index(self) -> dict[str, int]:
        """{word: id}, of doubles that of the more frequent."""
        index: dict[str, int] = {}
        for i, word in enumerate(self.words):
            index.setdefault(word, i)
        return index

    def id_of(self, word: str) -> int:
        """DataError for a word that is not in the vocabulary, with those that are spelled like it."""
        if word in self.index:
            return self.index[word]
        close = ", ".join(self._close_spellings(word))
        raise DataError(f"{word!r} is not in the vocabulary" + (f"; close spellings: {close}." if close else "."))

    def _close_spellings(self, word: str) -> list[str]:
        """First those that differ in case alone; of equally close ones the more frequent."""
        folded = word.casefold()
        letters = set(folded)
        slack = 1 + len(word) // 3
        candidates: dict[str, list[str]] = {}
        for other in self.index:
            if abs(len(other) - len(word)) <= slack and len(letters.intersection(other.casefold())) >= SIMILAR * len(letters):
                candidates.setdefault(other.casefold(), []).append(other)
        same = candidates.pop(folded, [])
        matcher = difflib.SequenceMatcher(None, "", folded)
        ratios = {}
        for other in candidates:
            matcher.set_seq1(other)
            ratios[other] = matcher.ratio() if matcher.quick_ratio() >= SIMILAR else 0.0
        close = sorted((other for other in ratios if ratios[other] >= SIMILAR), key=lambda other: -ratios[other])
        return [*same, *(candidates[other][0] for other in close)][:CLOSE]

    def neighbours(
        self, vectors: Array, n: int, metric: Metric = "cosine", exclude: npt.ArrayLike = (), restrict: int | None = None
    ) -> Found:
        """The n words nearest to each of vectors (m, D): ids (m, n), scores (m, n).

        exclude: ids that are no answers, (k,) or, for each vector its own, (m, k).  restrict: only the first so many words are.
        """
        # Copies, here and below: a kernel is compiled anew for arrays that lie otherwise or are read-only.
        vectors = np.array(vectors, np.float32, order="C")
        ids = np.asarray(exclude, np.int64)
        excluded = np.array(np.broadcast_to(ids, (len(vectors), ids.shape[-1])), order="C")

        def find(some: slice) -> Found:
            asked = vectors[some] if metric == "euclid" else normalised(vectors[some])
            terms = np.arange(len(asked), dtype=np.int64)[:, None]
            found, scores = self._nearest(metric, asked, terms, False, excluded[some], n, restrict)
            return self._by_distance(found, asked) if metric == "euclid" else (found, scores)

        return self._in_blocks(find, len(vectors), n, restrict)

    def analogy(self, questions: Array, n: int, method: Method = "add", restrict: int | None = None) -> Found:
        """questions (m, 3), ids of a, b, c in "a is to b as c is to ?" -> ids (m, n), scores (m, n); a, b, c are no answers.

        add: the cosine with b - a + c of normalised vectors (3CosAdd: Mikolov et al. 2013, "Linguistic Regularities in
        Continuous Space Word Representations"); for that with b - a + c of vectors as they are, give the sum to `neighbours`.
        mul: cos b cos c / (cos a + 0.001), each cosine moved to 0..1 (3CosMul: Levy & Goldberg 2014, "Linguistic Regularities in
        Sparse and Explicit Word Representations"; gensim adds 0.000001).
        euclid: the squared distance from b - a + c, of vectors as they are.
        restrict: only the first so many words are answers.
        """
        questions = np.array(questions, np.int64, order="C").reshape(-1, 3)
        table = self.matrix if method == "euclid" else self.unit
        metric: Metric = "euclid" if method == "euclid" else "cosine"

        def find(some: slice) -> Found:
            asked = questions[some]
            words, terms = np.unique(asked, return_inverse=True)
            a, b, c = asked.T
            aims = table[b] - table[a] + table[c]
            if method != "mul" and len(words) > len(aims):
                return self.neighbours(aims, n, metric, asked, restrict)
            terms = terms.reshape(-1, 3)
            ids, scores = self._nearest(metric, table[words], terms, method == "mul", asked, n, restrict)
            if method == "euclid":
                return self._by_distance(ids, aims)
            return (ids, scores / _lengths(aims)) if method == "add" else (ids, scores)

        return self._in_blocks(find, len(questions), n, restrict)

    def _in_blocks(self, find: Callable[[slice], Found], m: int, n: int, restrict: int | None) -> Found:
        """What find says of m questions, TOGETHER at a time."""
        shape = m, min(n, len(self.matrix[:restrict]))
        ids, scores = np.empty(shape, np.int64), np.empty(shape, np.float32)
        for first in range(0, m if shape[1] else 0, TOGETHER):
            some = slice(first, min(m, first + TOGETHER))
            ids[some], scores[some] = find(some)
        return ids, scores

    def _nearest(
        self, metric: Metric, asked: Array, terms: Array, multiply: bool, excluded: Array, n: int, restrict: int | None
    ) -> Found:
        """What the kernel says, each thread having looked through a share of the vocabulary."""
        table = (self.matrix if metric == "euclid" else self.unit)[:restrict]
        # |x - q|^2 is smallest where q x - |x|^2 / 2 is largest.
        offset = self._half_squares[:restrict] if metric == "euclid" else np.zeros(len(table), np.float32)
        shape = self._backend.threads, len(terms), min(n, len(table))
        ids, scores = np.full(shape, -1, np.int64), np.full(shape, -np.inf, np.float32)
        bounds = [len(table) * i // self._backend.threads for i in range(self._backend.threads + 1)]

        def look_through(i: int) -> None:
            share = slice(bounds[i], bounds[i + 1])
            self._kernels.nearest(table[share], bounds[i], offset[share], asked, terms, multiply, excluded, ids[i], scores[i])

        self._backend.map(look_through, range(self._backend.threads))
        every_id, every_score = np.concatenate(list(ids), axis=1), np.concatenate(list(scores), axis=1)
        order = np.argsort(-every_score, axis=1, kind="stable")[:, : shape[2]]
        return np.take_along_axis(every_id, order, 1), np.take_along_axis(every_score, order, 1)

    @cached_property
    def _half_squares(self) -> Array:
        return (-0.5 * np.einsum("ij,ij->i", self.matrix, self.matrix, dtype=np.float64)).astype(np.float32)

    def _by_distance(self, ids: Array, asked: Array) -> Found:
        """Squared distances by their definition: what ranks the words has rounded away small ones."""
        distances = np.empty(ids.shape, np.float32)
        self._kernels.squared_distances(self.matrix, asked, ids, distances)
        order = np.lexsort((ids, distances))
        return np.take_along_axis(ids, order, 1), np.take_along_axis(distances, order, 1)

    def expression(self, text: str, metric: Metric = "cosine") -> tuple[Array, Array]:
        """ "king - man + woman" -> its vector (D,), the ids of its words.

        For cosines it is the sum of normalised vectors, as gensim's most_similar takes it, else that of vectors as they are.
        Signs stand apart, as a word may contain one; UsageError where words and signs do not take turns.
        """
        parts = text.split()
        if len(parts) % 2 == 0 or any(sign not in ("+", "-") for sign in parts[1::2]):
            raise UsageError(f"Cannot read {text!r}: write words, and between them + or -, with blanks around, as in king - man.")
        ids = np.array([self.id_of(word) for word in parts[::2]], np.int64)
        signs = np.array([1, *(1 if sign == "+" else -1 for sign in parts[1::2])], np.float32)
        return signs @ (self.matrix if metric == "euclid" else self.unit)[ids], ids

    def odd_one_out(self, words: Sequence[str]) -> tuple[str, Array]:
        """The word least similar to the mean of all, and the cosine of each with it (n,); of equals the first.

        The mean is that of normalised vectors, the word itself among them, as in gensim's doesnt_match.
        """
        if len(words) < 3:
            raise UsageError("Which of fewer than three words is the odd one out cannot be told: name at least three.")
        vectors = self.unit[[self.id_of(word) for word in words]]
        similarities = vectors @ normalised(vectors.mean(axis=0, keepdims=True))[0]
        return words[int(similarities.argmin())], similarities


def _lengths(rows: Array) -> Array:
    """(n, D) -> (n, 1); 1 for a row of zeros.  In float64, where no square overflows or vanishes."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))[:, None]
    return np.where(lengths > 0, lengths, 1.0)


def normalised(rows: Array) -> Array:
    """rows (n, D) with length 1; rows of zeros stay."""
    return np.divide(rows, _lengths(rows), out=np.empty(rows.shape, np.float32), casting="same_kind")


def principal_components(vectors: Array) -> tuple[Array, Array]:
    """vectors (n, D) -> points (n, 2) on the first two principal components, and their shares of the variance (2,).

    The largest coordinate of each component is positive, so that the picture does not turn over by chance.
    """
    centred = np.asarray(vectors, np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
    u, spread, _ = np.linalg.svd(centred, full_matrices=False)
    noise = max(centred.shape) * np.finfo(np.float64).eps * np.abs(vectors).max(initial=0)
    spread = np.where(spread > noise, spread, 0.0)
    points = np.zeros((len(centred), 2))
    points[:, : len(spread)] = (u * spread)[:, :2]
    points *= np.where(points[np.abs(points).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    shares = np.zeros(2)
    shares[: len(spread)] = spread[:2] ** 2 / (np.sum(spread**2) or 1.0)
    return points, shares
