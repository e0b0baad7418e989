"""The tokens that a model knows: the special ones that it uses, then by falling frequency, equals in alphabetical order."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqterm.errors import DataError, UsageError
from seqterm.text.format import KINDS, SENTENCES, TextFormat
from seqterm.text.tokens import WHITE, Decoder, from_person, sentences, split

if TYPE_CHECKING:
    from seqterm.text.word_table import WordTable

Ids = npt.NDArray[np.integer]
CODE_POINTS = 0x110000
STRETCH = 1 << 22  # ids counted at a time
UNKNOWN, START, END = "UNKNOWN", "SENTENCE_START", "SENTENCE_END"


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def tally(pieces: Iterable[str], form: TextFormat) -> tuple[dict[str, int], int]:
    """How often each token occurs, and the number of sentences."""
    if form.kind == "space" and form.sentences != "punctuation":
        return _tally_words(pieces, form)
    words: Counter[str] = Counter()
    codes = np.zeros(CODE_POINTS, np.int64)
    n_sentences = 0
    for piece in pieces:
        parts = sentences(piece, form)
        n_sentences += len(parts)
        for part in parts if form.sentences != "none" else [piece]:
            if not form.joined:
                words.update(split(part, form.kind))
            elif part:
                few = np.bincount(_codes(part))
                codes[: len(few)] += few
    words.update({chr(code): int(codes[code]) for code in np.flatnonzero(codes)})
    return words, n_sentences


def _tally_words(pieces: Iterable[str], form: TextFormat) -> tuple[dict[str, int], int]:
    """The same of words between white space, where lines are sentences or nothing is."""
    from seqterm.text import word_table

    n_sentences = 0

    def counted() -> Iterator[str]:
        nonlocal n_sentences
        for piece in pieces:
            n_sentences += len(sentences(piece, form))
            yield piece

    words, newlines = word_table.count(counted())
    if form.sentences == "none" and newlines:
        words["\n"] = newlines
    return words, n_sentences


def _can_be(token: str, form: TextFormat) -> bool:
    """Whether a text of this form could have such a token."""
    if form.joined:
        return len(token) == 1 and (form.kind == "char" or ord(token) < 256)
    return token == "\n" or not any(letter in WHITE for letter in token)


class Vocabulary:
    """`tokens[i]` is the token of id i, `counts[i]` how often the corpus has it; `special` {UNKNOWN: id, ...} those in use.

    UNKNOWN is there where tokens of the corpus were left out, the sentence marks where sentences are bracketed.
    """

    def __init__(self, form: TextFormat, tokens: list[str], counts: list[int], special: Iterable[str] = ()):
        """The first tokens are the special ones."""
        self.form, self.tokens, self.counts = form, tokens, counts
        self.special = {name: i for i, name in enumerate(special)}

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def count(
        cls,
        pieces: Iterable[str],
        form: TextFormat,
        size: int | None = None,
        min_count: int = 1,
        allowed: Callable[[str], bool] = lambda token: True,
        has_unknown: bool = False,
    ) -> "Vocabulary":
        """From a corpus as tokens.read gives it: the most frequent tokens that are allowed, at most `size` with the special ones.

        has_unknown: UNKNOWN is one of them even where no token was left out.
        """
        found, n_sentences = tally(pieces, form)
        ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
        marks = [] if form.sentences == "none" else [(START, n_sentences), (END, n_sentences)]
        kept = [pair for pair in ordered if pair[1] >= min_count and allowed(pair[0])]
        if size is not None and len(kept) + len(marks) + (has_unknown or len(kept) < len(ordered)) > size:
            kept = kept[: max(0, size - len(marks) - 1)]
            if not kept:
                raise UsageError(
                    f"--vocab-size {size} leaves no room for tokens: it counts UNKNOWN and the {len(marks)} sentence marks."
                )
        if not kept:
            raise DataError(
                "The vocabulary is empty: no token of the corpus may be in it." if ordered else "The corpus has no tokens."
            )
        left_out = sum(found.values()) - sum(count for _, count in kept)
        special = ([(UNKNOWN, left_out)] if left_out or has_unknown else []) + marks
        everything = special + kept
        return cls(form, [token for token, _ in everything], [count for _, count in everything], [name for name, _ in special])

    @cached_property
    def _index(self) -> dict[str, int]:
        return {token: i for i, token in enumerate(self.tokens) if i >= len(self.special)}

    @cached_property
    def _words(self) -> "WordTable":
        """Of ordinary tokens, a newline, which is no word, under a name that no word has."""
        from seqterm.text.word_table import WordTable

        first = len(self.special)
        return WordTable([" " if token == "\n" else token for token in self.tokens[first:]], first)

    @cached_property
    def _table(self) -> npt.NDArray[np.int32]:
        """Code point -> id, or that of UNKNOWN."""
        table = np.full(CODE_POINTS, self.unknown, np.int32)
        table[[ord(token) for token in self._index]] = np.arange(len(self.special), len(self.tokens))
        return table

    @property
    def unknown(self) -> int:
        """The id of UNKNOWN, or -1 where it is not in use."""
        return self.special.get(UNKNOWN, -1)

    def encode_part(self, text: str) -> Ids:
        """Text within one sentence -> ids, without marks; `unknown` for tokens that are not in the vocabulary."""
        if self.form.joined:
            return self._table[_codes(text)]
        if self.form.kind == "space":
            return self._words.encode(text, self.unknown, self._index.get("\n", self.unknown))
        unknown = self.unknown
        return np.array([self._index.get(token, unknown) for token in split(text, self.form.kind)], np.int32)

    def encode(self, text: str) -> Ids:
        """Text as tokens.read gives it -> ids, sentences bracketed by their marks."""
        if not self.has_marks:
            return self.encode_part(text)
        if self.form.kind == "space" and self.form.sentences == "line":
            return self.encode_lines(text, blank=False)
        start, end = [self.special[START]], [self.special[END]]
        parts = [piece for part in sentences(text, self.form) for piece in (start, self.encode_part(part), end)]
        return np.concatenate(parts).astype(np.int32) if parts else np.zeros(0, np.int32)

    def encode_lines(self, text: str, blank: bool) -> Ids:
        """Words between white space, every line between its marks; `blank`: blank ones too."""
        return self._words.encode_sentences(text, self.unknown, self.special[START], self.special[END], blank)

    @property
    def has_marks(self) -> bool:
        return START in self.special

    def encode_prompt(self, text: str) -> tuple[Ids, list[str]]:
        """What a person typed -> ids, and its unknown tokens, each once; they are left out where there is no UNKNOWN.

        Between sentences stand their marks; the last one is still open.
        """
        text = from_person(text, self.form)
        ids = self.encode_part(text)
        tokens = split(text, self.form.kind)
        missing = [tokens[i] for i in np.flatnonzero(ids == self.unknown)]
        if self.has_marks:
            between = [self.special[END], self.special[START]]
            parts = [piece for part in sentences(text, self.form) for piece in (between, self.encode_part(part))][1:]
            ids = np.concatenate([*parts, np.zeros(0, np.int32)])
        return ids[ids >= 0].astype(np.int64), list(dict.fromkeys(missing))

    def recount(self, ids: Ids) -> None:
        """Take counts from these ids (n,) alone; a token that they lack counts as one."""
        counts = np.zeros(len(self.tokens), np.int64)
        for first in range(0, len(ids), STRETCH):
            counts += np.bincount(ids[first : first + STRETCH], minlength=len(self.tokens))
        self.counts = np.maximum(1, counts).tolist()

    def decoder(self, after: str = "") -> Decoder:
        return Decoder(self.form.kind, after)

    def decode(self, ids: Iterable[int]) -> str:
        """Ids -> text; the end of a sentence is a newline, its start nothing."""
        decoder = self.decoder()
        return "".join(self.text_of(int(i), decoder) for i in ids) + decoder.feed([], final=True)

    def text_of(self, token: int, decoder: Decoder) -> str:
        """What one token more adds to a text."""
        if token == self.special.get(START):
            return ""
        return decoder.new_line() if token == self.special.get(END) else decoder.feed([self.tokens[token]])

    def log_frequencies(self) -> npt.NDArray[np.float64]:
        """(V,) log of the relative frequencies in the corpus."""
        counts = np.array(self.counts, np.float64)
        return np.log(counts / counts.sum())

    @property
    def id_dtype(self) -> np.dtype:
        """The smallest unsigned type that holds every id."""
        return np.dtype(np.min_scalar_type(max(len(self.tokens) - 1, 0)))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self.form), "special": list(self.special), "tokens": self.tokens, "counts": self.counts}

    @classmethod
    def from_json(cls, values: Any) -> "Vocabulary":
        """The inverse; DataError where it is not what to_json writes."""
        try:
            form = TextFormat(values["kind"], values["sentences"], values["lowercase"])
            special, tokens, counts = values["special"], values["tokens"], values["counts"]
            sound = form.kind in KINDS and form.sentences in SENTENCES and type(form.lowercase) is bool
            sound = sound and isinstance(tokens, list) and isinstance(counts, list) and isinstance(special, list)
            sound = sound and len(tokens) == len(counts) and len(special) < len(tokens) and tokens[: len(special)] == special
            ordinary = tokens[len(special) :]
            used = ([UNKNOWN] if UNKNOWN in special else []) + ([] if form.sentences == "none" else [START, END])
            sound = sound and len(set(ordinary)) == len(ordinary) and special == used
            sound = sound and all(type(t) is str and t for t in tokens) and all(type(c) is int and c >= 0 for c in counts)
            sound = sound and all(c > 0 for c in counts[len(special) :])
            sound = sound and all(_can_be(t, form) for t in ordinary)
        except (KeyError, TypeError) as error:
            raise DataError("The vocabulary is damaged: it lacks its form, tokens or counts.") from error
        if not sound:
            raise DataError("The vocabulary is damaged: its tokens and counts do not fit together.")
        return cls(form, tokens, counts, special)
