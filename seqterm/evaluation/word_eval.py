"""Word vectors against what people say: Google's analogies (Mikolov et al. 2013), and pairs of words with scores."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from seqterm.backends.base import Array
from seqterm.errors import DataError
from seqterm.evaluation.word_space import Method, WordSpace

LOOKED_AT = 5  # answers among which gensim looks for one that is no other spelling of a question word

Rules = Literal["gensim", "word2vec"]


@dataclass(frozen=True)
class Section:
    """Questions (a, b, c, d): a is to b as c is to d."""

    name: str
    questions: list[tuple[str, ...]]


@dataclass(frozen=True)
class Accuracy:
    """`correct` of the `total` questions of which all words are known; `left_out`: the others."""

    name: str
    correct: int
    total: int
    left_out: int

    @property
    def accuracy(self) -> float:
        """NaN where nothing was asked."""
        return self.correct / self.total if self.total else math.nan

    @property
    def is_syntactic(self) -> bool:
        return self.name.startswith("gram")


@dataclass(frozen=True)
class AnalogyScores:
    sections: list[Accuracy]

    @property
    def semantic(self) -> Accuracy:
        return _sum("semantic", (section for section in self.sections if not section.is_syntactic))

    @property
    def syntactic(self) -> Accuracy:
        return _sum("syntactic", (section for section in self.sections if section.is_syntactic))

    @property
    def overall(self) -> Accuracy:
        return _sum("overall", self.sections)


@dataclass(frozen=True)
class PairScores:
    """Spearman's rho over the `total` pairs of known words, NaN where there is none; `left_out`: the others."""

    spearman: float
    total: int
    left_out: int

    @property
    def out_of_vocabulary(self) -> float:
        """The share of pairs left out."""
        return self.left_out / max(1, self.total + self.left_out)


def _sum(name: str, parts: Iterable[Accuracy]) -> Accuracy:
    parts = list(parts)
    return Accuracy(name, sum(p.correct for p in parts), sum(p.total for p in parts), sum(p.left_out for p in parts))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """(where, line) of each line that is not empty, without the white space at its ends."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}.") from error
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        where = f"{path}, line {number}"
        try:
            line = raw.decode().strip()
        except UnicodeDecodeError as error:
            raise DataError(f"{where} is not UTF-8: convert the file.") from error
        if line:
            yield where, line


def read_questions(path: Path) -> list[Section]:
    """A file as Google's questions-words.txt: ": section", then a question of four words a line."""
    sections: list[Section] = []
    for where, line in _lines(path):
        words = tuple(line.split())
        if line.startswith(":"):
            name = line[1:].strip()
            if not name:
                raise DataError(f"{where} begins a section without a name: write it after the colon.")
            sections.append(Section(name, []))
        elif len(words) != 4:
            raise DataError(f"{where} has {len(words)} words: a question has four, a is to b as c is to d.")
        elif not sections:
            raise DataError(f'{where} has a question before the first section: begin with a line ": name".')
        else:
            sections[-1].questions.append(words)
    if not any(section.questions for section in sections):
        raise DataError(f"{path} has no questions.")
    return sections


def read_pairs(path: Path) -> list[tuple[str, str, float]]:
    """A file of two words and a score a line, between tabs, commas or blanks; lines that begin with # are comments."""
    pairs = []
    for where, line in _lines(path):
        if line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("\t" if "\t" in line else "," if "," in line else None)]
        if len(parts) != 3 or not all(parts):
            raise DataError(f"{where} is not two words and a score; put # before a heading.")
        try:
            score = float(parts[2])
        except ValueError:
            score = math.nan
        if not math.isfinite(score):
            raise DataError(f"{where} has the score {parts[2]!r}, which is no number; put # before a heading.")
        pairs.append((parts[0], parts[1], score))
    if not pairs:
        raise DataError(f"{path} has no pairs of words.")
    return pairs


def _ids_of_spellings(words: list[str], fold: Callable[[str], object]) -> tuple[dict[object, int], Array]:
    """{folded word: id of the most frequent word so spelled}, and of every word that id."""
    index: dict[object, int] = {}
    first = [index.setdefault(fold(word), i) for i, word in enumerate(words)]
    return index, np.array(first, np.int64)


def evaluate_analogies(
    space: WordSpace,
    questions: list[Section],
    restrict: int | None = None,
    rules: Rules = "gensim",
    method: Method = "add",
) -> AnalogyScores:
    """How many questions the vectors answer.  restrict: only the first so many words are known, in questions and as answers.

    By both rules case makes no difference: a word of a question is the most frequent word so spelled, and an answer is right in
    any case; questions with unknown words are left out; the three words of a question are no answers.  They differ so:
    gensim (4, KeyedVectors.evaluate_word_analogies): all letters have case.  The answer is the first of the five best that is not
    a question word in another case either; where all five are, it is the last of them.
    word2vec (compute-accuracy.c): only a to z have case.  The answer is the best, and wrong where it is a question word in
    another case; a word with a cosine of zero or less is none.
    A vocabulary without such doubles hence gets the same from both, but for letters beyond a to z.  Not as compute-accuracy.c: it
    cuts words after 50 bytes, and takes the first five sections for the semantic ones, here those whose names do not begin
    with "gram".
    """
    fold: Callable[[str], object] = str.upper if rules == "gensim" else lambda word: word.encode("utf-8", "surrogatepass").upper()
    index, spelling = _ids_of_spellings(space.words[:restrict], fold)
    asked = [[index.get(fold(word), -1) for word in question] for section in questions for question in section.questions]
    ids = np.array(asked, np.int64).reshape(-1, 4)
    is_known = np.all(ids >= 0, axis=1)
    is_right = is_known.copy()
    is_right[is_known] = _answers(space, ids[is_known, :3], spelling, restrict, rules, method) == ids[is_known, 3]
    scores, first = [], 0
    for section in questions:
        part = slice(first, first + len(section.questions))
        total = int(is_known[part].sum())
        scores.append(Accuracy(section.name, int(is_right[part].sum()), total, len(section.questions) - total))
        first = part.stop
    return AnalogyScores(scores)


def _answers(space: WordSpace, ids: Array, spelling: Array, restrict: int | None, rules: Rules, method: Method) -> Array:
    """ids (n, 3) of questions, spelling (V,) -> (n,) the answers' ids, those of their spellings; -1 for none."""
    found, scores = space.analogy(ids, LOOKED_AT if rules == "gensim" else 1, method, restrict)
    answers = np.where(found >= 0, spelling[found], -1)
    if rules == "word2vec":
        if method == "add":
            answers[scores <= 0] = -1
        return answers[:, 0]
    is_other = np.all(answers[:, :, None] != ids[:, None], axis=2) & (found >= 0)
    last = (found >= 0).sum(axis=1) - 1
    chosen = np.where(is_other.any(axis=1), is_other.argmax(axis=1), last)
    return np.take_along_axis(answers, chosen[:, None], 1)[:, 0]


def evaluate_pairs(space: WordSpace, pairs: list[tuple[str, str, float]], restrict: int | None = None) -> PairScores:
    """Spearman's rho of the cosines of pairs with their scores, as gensim's evaluate_word_pairs.

    Case makes no difference, a word is the most frequent one so spelled, and pairs with unknown words are left out.
    restrict: only the first so many words are known.
    """
    index, _ = _ids_of_spellings(space.words[:restrict], str.upper)
    known = [(index[a.upper()], index[b.upper()], score) for a, b, score in pairs if a.upper() in index and b.upper() in index]
    if not known:
        return PairScores(math.nan, 0, len(pairs))
    first, second, scores = map(np.array, zip(*known, strict=True))
    cosines = np.einsum("ij,ij->i", space.unit[first], space.unit[second])
    return PairScores(spearman(cosines, scores), len(known), len(pairs) - len(known))


def spearman(x: Array, y: Array) -> float:
    """Spearman's rho of x and y (n,): Pearson's correlation of their ranks, of equals the mean rank; NaN where all are equal."""
    a, b = (ranks - ranks.mean() for ranks in (mean_ranks(x), mean_ranks(y)))
    spread = math.sqrt((a @ a) * (b @ b))
    return float(a @ b / spread) if spread else math.nan


def mean_ranks(x: Array) -> Array:
    """x (n,) -> ranks from 1 on (n,), of equals the mean of theirs."""
    _, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]
