"""A corpus as words for word vectors: frequent words alone, counted and written as ids, sentence by sentence."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqterm.errors import DataError
from seqterm.text.format import TextFormat
from seqterm.text.tokens import sentences, split
from seqterm.text.vocabulary import Vocabulary, tally

BOUNDARY = -1  # stands between sentences, of which no window reaches from one into the next

WordIds = npt.NDArray[np.int32]


def count_words(pieces: Iterable[str], form: TextFormat, size: int | None = None, min_count: int = 1) -> Vocabulary:
    """From a corpus as tokens.read gives it: the `size` most frequent words of those that occur `min_count` times, no marks."""
    counts, _ = tally(pieces, form)
    counts.pop("\n", None)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    if not ordered:
        raise DataError("The corpus has no words.")
    kept = [pair for pair in ordered if pair[1] >= min_count][:size]
    if not kept:
        word, count = ordered[0]
        raise DataError(
            f"No word occurs {min_count} times: the most frequent, {word!r}, occurs {count} times; lower --min-count."
        )
    return Vocabulary(TextFormat(form.kind, lowercase=form.lowercase), [word for word, _ in kept], [count for _, count in kept])


def write_words(pieces: Iterable[str], form: TextFormat, vocabulary: Vocabulary, path: Path) -> tuple[int, int]:
    """A corpus into a file of int32 ids, BOUNDARY after each sentence; words that the vocabulary lacks are left out.

    -> words of the corpus, words written.
    """
    index = {word: i for i, word in enumerate(vocabulary.tokens)}
    index["\n"] = BOUNDARY
    read = written = 0
    with path.open("wb") as file:
        for piece in pieces:
            for part in sentences(piece, form):
                words = split(part, form.kind)
                known = np.array([index[word] for word in words if word in index], np.int32)
                if form.sentences != "none":
                    known = np.append(known, np.int32(BOUNDARY))
                file.write(known.tobytes())
                ends = int(np.count_nonzero(known == BOUNDARY))
                written += len(known) - ends
                read += len(words) - (ends if form.sentences == "none" else 0)
    return read, written


def open_words(path: Path, n_words: int) -> WordIds:
    """The ids of a file that write_words made, mapped, not read."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}; the run cannot go on without it.") from error
    if size % 4 or size < 4 * n_words:
        raise DataError(f"{path} has {size} bytes, too few for the {n_words} words that were written: it was cut off.")
    return np.memmap(path, np.int32, "r") if size else np.zeros(0, np.int32)
