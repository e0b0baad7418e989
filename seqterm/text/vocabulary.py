"""The tokens that a model knows, numbered by falling frequency (equals in alphabetical order)."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from seqterm.errors import DataError
from seqterm.text.tokens import KINDS, Decoder, from_prompt, split

Ids = npt.NDArray[np.integer]
CODE_POINTS = 0x110000


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


class Vocabulary:
    """`tokens[i]` is the token of id i, `counts[i]` how often the corpus has it."""

    def __init__(self, kind: str, tokens: list[str], counts: list[int]):
        self.kind, self.tokens, self.counts = kind, tokens, counts

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def count(cls, pieces: Iterable[str], kind: str) -> "Vocabulary":
        """From a corpus as tokens.read gives it."""
        if kind == "space":
            words: Counter[str] = Counter()
            for piece in pieces:
                words.update(split(piece, kind))
            found = words.items()
        else:
            codes = np.zeros(CODE_POINTS, np.int64)
            for piece in pieces:
                few = np.bincount(_codes(piece))
                codes[: len(few)] += few
            found = ((chr(code), int(codes[code])) for code in np.flatnonzero(codes))  # type: ignore[assignment]
        ordered = sorted(found, key=lambda pair: (-pair[1], pair[0]))
        return cls(kind, [token for token, _ in ordered], [count for _, count in ordered])

    @cached_property
    def _index(self) -> dict[str, int]:
        return {token: i for i, token in enumerate(self.tokens)}

    @cached_property
    def _table(self) -> npt.NDArray[np.int32]:
        """Code point -> id, or -1."""
        table = np.full(CODE_POINTS, -1, np.int32)
        table[[ord(token) for token in self.tokens]] = np.arange(len(self.tokens))
        return table

    def encode(self, text: str) -> Ids:
        """Text as tokens.read gives it -> ids, -1 for tokens that are not in the vocabulary."""
        if self.kind != "space":
            return self._table[_codes(text)]
        return np.array([self._index.get(token, -1) for token in split(text, self.kind)], np.int32)

    def encode_prompt(self, text: str) -> tuple[Ids, list[str]]:
        """A person's text -> the ids of its known tokens, and the unknown tokens, each once."""
        text = from_prompt(text, self.kind)
        ids = self.encode(text)
        tokens = split(text, self.kind)
        return ids[ids >= 0].astype(np.int64), list(dict.fromkeys(tokens[i] for i in np.flatnonzero(ids < 0)))

    def decoder(self, after: str = "") -> Decoder:
        return Decoder(self.kind, after)

    def decode(self, ids: Iterable[int]) -> str:
        """Ids -> text."""
        return self.decoder().feed([self.tokens[i] for i in ids], final=True)

    def log_frequencies(self) -> npt.NDArray[np.float64]:
        """(V,) log of the relative frequencies in the corpus."""
        counts = np.array(self.counts, np.float64)
        return np.log(counts / counts.sum())

    @property
    def id_dtype(self) -> np.dtype:
        """The smallest unsigned type that holds every id."""
        return np.dtype(np.min_scalar_type(max(len(self.tokens) - 1, 0)))

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "tokens": self.tokens, "counts": self.counts}

    @classmethod
    def from_json(cls, values: Any) -> "Vocabulary":
        """The inverse; DataError where it is not what to_json writes."""
        try:
            kind, tokens, counts = values["kind"], values["tokens"], values["counts"]
            sound = kind in KINDS and len(tokens) == len(counts) == len(set(tokens)) > 0
            sound = sound and all(type(t) is str and t for t in tokens) and all(type(c) is int and c > 0 for c in counts)
            sound = sound and (kind == "space" or all(len(t) == 1 for t in tokens))
        except (KeyError, TypeError) as error:
            raise DataError("The vocabulary is damaged: it lacks its kind, tokens or counts.") from error
        if not sound:
            raise DataError("The vocabulary is damaged: its tokens and counts do not fit together.")
        return cls(kind, tokens, counts)
