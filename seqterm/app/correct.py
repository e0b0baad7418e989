"""The command Correct: a noisy channel, words at a small edit distance judged by the model (Kernighan et al. 1990)."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from seqterm.app.commands import Correct
from seqterm.app.lines import read_lines
from seqterm.app.loaded import LoadedModel
from seqterm.app.session import Session
from seqterm.errors import UsageError
from seqterm.evaluation.lines import encode_line, score_ids
from seqterm.events import Event, Line
from seqterm.text.tokens import split

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
MOST = 64  # candidates that the model judges for a word, the most frequent ones


def edits(word: str, letters: Iterable[str]) -> set[str]:
    """All strings one deletion, transposition, replacement or insertion away (Damerau 1964)."""
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    deleted = {a + b[1:] for a, b in cuts if b}
    transposed = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    replaced = {a + c + b[1:] for a, b in cuts if b for c in letters}
    inserted = {a + c + b for a, b in cuts for c in letters}
    return (deleted | transposed | replaced | inserted) - {word}


class Speller:
    """Candidates from the model's own words."""

    def __init__(self, loaded: LoadedModel, command: Correct):
        self._model, self._vocabulary, self._command = loaded.model, loaded.vocabulary, command

    @cached_property
    def _counts(self) -> dict[str, int]:
        ordinary = range(len(self._vocabulary.special), len(self._vocabulary))
        return {self._vocabulary.tokens[i]: self._vocabulary.counts[i] for i in ordinary}

    @cached_property
    def _letters(self) -> list[str]:
        return sorted({letter for word in self._counts for letter in word if letter.isalpha()})

    def _knows(self, word: str) -> bool:
        """Whether all tokens that the word is read as ("do" and "n't") are in the vocabulary."""
        return all(token in self._counts for token in split(word, self._vocabulary.form.kind))

    def _candidates(self, word: str) -> dict[str, int]:
        """{word: edits} of those that compete: the word itself if known, else known ones at the nearest distance."""
        known = self._knows(word)
        if known and not self._command.known:
            return {word: 0}
        near = edits(word, self._letters)
        found, distance = [other for other in near if other in self._counts], 1
        if not found and not known and self._command.distance == 2:
            found = list({other for middle in near for other in edits(middle, self._letters) if other in self._counts})
            distance = 2
        found.sort(key=lambda other: (-self._counts[other], other))
        return {**({word: 0} if known else {}), **dict.fromkeys(found[:MOST], distance)}

    def correct(self, line: str) -> str:
        """The line with each word in turn replaced by the candidate that makes the line most probable, its edits paid for."""
        for match in reversed(list(WORD.finditer(line))):
            word = match.group()
            spelt = word if self._knows(word) else word.lower()
            candidates = self._candidates(spelt)
            if candidates and list(candidates) != [spelt]:
                best = self._best(line[: match.start()], candidates, line[match.end() :])
                best = best.capitalize() if word[0].isupper() and best.islower() else best
                line = line[: match.start()] + best + line[match.end() :]
        return line

    def _best(self, before: str, candidates: dict[str, int], after: str) -> str:
        words = list(candidates)
        lines = [encode_line(self._vocabulary, before + word + after)[0] for word in words]
        scores = [float(np.sum(log_p, dtype=np.float64)) for log_p in score_ids(self._model, lines)]
        return max(zip(scores, words, strict=True), key=lambda pair: pair[0] - self._command.penalty * candidates[pair[1]])[1]


def correct(command: Correct, session: Session) -> Iterator[Event]:
    """Each line, corrected."""
    loaded = session.load(command.run)
    if loaded.vocabulary.form.joined:
        raise UsageError(f"{command.run} knows characters, no words: correct with a model trained with --tokens word or space.")
    speller = Speller(loaded, command)
    for line in read_lines(command.source):
        yield Line(speller.correct(line))
