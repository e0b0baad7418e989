"""The command Correct: a noisy channel, words at a small edit distance judged by the model (Kernighan et al. 1990)."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

from seqterm.app.commands import Correct
from seqterm.app.lines import read_lines
from seqterm.app.loaded import LoadedModel
from seqterm.app.session import Session
from seqterm.errors import UsageError
from seqterm.evaluation.lines import score_lines
from seqterm.events import Corrected, Event
from seqterm.text.tokens import split

# Letters, and not those of 1st, x_y, http://a.b or a@b.
WORD = re.compile(r"(?<![\w./:@#])[^\W\d_]+(?:'[^\W\d_]+)*(?![\w/:@#]|\.\w)")
REACH = 1000  # letters before and after a word in whose company it is judged
SENTENCE_BEGINS = re.compile(r"(?:^|[.!?:])[\W_]*$")
LETTERS = 60  # that an edit may put in
MOST = 64  # candidates that the model judges for a word, the most frequent ones


def edits(word: str, letters: Iterable[str]) -> set[str]:
    """All strings one deletion, transposition, replacement or insertion away (Damerau 1964)."""
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    deleted = {a + b[1:] for a, b in cuts if b}
    transposed = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    replaced = {a + c + b[1:] for a, b in cuts if b for c in letters}
    inserted = {a + c + b for a, b in cuts for c in letters}
    return (deleted | transposed | replaced | inserted) - {word}


def _is_name(word: str, before: str, line: str) -> bool:
    """Whether capitals say that a word is a name or an acronym: they neither begin a sentence nor fill the line."""
    if line.isupper() or word.islower():
        return False
    return word[1:] != word[1:].lower() or not SENTENCE_BEGINS.search(before)


class Speller:
    """Candidates from the model's own words."""

    def __init__(self, loaded: LoadedModel, command: Correct):
        self._model, self._vocabulary, self._command = loaded.model, loaded.vocabulary, command
        self._found: dict[str, dict[str, int]] = {}

    @cached_property
    def _counts(self) -> dict[str, int]:
        ordinary = range(len(self._vocabulary.special), len(self._vocabulary))
        return {self._vocabulary.tokens[i]: self._vocabulary.counts[i] for i in ordinary}

    @cached_property
    def _letters(self) -> list[str]:
        """The commonest letters of the words."""
        common = Counter(letter for word in self._counts for letter in word if letter.isalpha())
        return [letter for letter, _ in common.most_common(LETTERS)]

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._counts))

    def _knows(self, word: str) -> bool:
        """Whether all tokens that the word is read as ("do" and "n't") are in the vocabulary."""
        return all(token in self._counts for token in split(word, self._vocabulary.form.kind))

    def _candidates(self, word: str) -> dict[str, int]:
        if word not in self._found:
            self._found[word] = self._find(word)
        return self._found[word]

    def _find(self, word: str) -> dict[str, int]:
        """{word: edits} of those that compete: the word itself if known, else known ones at the nearest distance."""
        known = self._knows(word)
        if known and not self._command.known:
            return {word: 0}
        if len(word) > self._longest + self._command.distance:
            return {}
        near = edits(word, self._letters)
        found, distance = [other for other in near if other in self._counts], 1
        if not found and not known and self._command.distance == 2:
            found = list({other for middle in near for other in edits(middle, self._letters) if other in self._counts})
            distance = 2
        found.sort(key=lambda other: (-self._counts[other], other))
        return {**({word: 0} if known else {}), **dict.fromkeys(found[:MOST], distance)}

    def correct(self, line: str) -> Corrected:
        """Each word in turn replaced by the candidate that makes the line most probable, its edits paid for."""
        changes: list[tuple[str, str]] = []
        for match in reversed(list(WORD.finditer(line))):
            word, before, after = match.group(), line[: match.start()], line[match.end() :]
            if not self._vocabulary.form.lowercase and _is_name(word, before, line):
                continue
            spelt = word if self._knows(word) else word.lower()
            candidates = self._candidates(spelt)
            if candidates and list(candidates) != [spelt]:
                best = self._best(before, candidates, after)
                if word[0].isupper() and best.islower():
                    best = best.upper() if len(word) > 1 and word.isupper() else best.capitalize()
                if best != word:
                    line = before + best + after
                    changes.insert(0, (word, best))
        return Corrected(line, changes)

    def _best(self, before: str, candidates: dict[str, int], after: str) -> str:
        before = before if len(before) <= REACH else before[-REACH:].partition(" ")[2]
        after = after if len(after) <= REACH else after[:REACH].rpartition(" ")[0]
        words = list(candidates)
        lines = [before + word + after for word in words]
        scores = [scored.log_probability for scored in score_lines(self._model, self._vocabulary, lines)]
        return max(zip(scores, words, strict=True), key=lambda pair: pair[0] - self._command.penalty * candidates[pair[1]])[1]


def correct(command: Correct, session: Session) -> Iterator[Event]:
    """Each line, corrected."""
    loaded = session.load(command.run)
    if loaded.vocabulary.form.joined:
        raise UsageError(f"{command.run} knows characters, no words: correct with a model trained with --tokens word or space.")
    speller = Speller(loaded, command)
    for line in read_lines(command.source):
        yield speller.correct(line)
