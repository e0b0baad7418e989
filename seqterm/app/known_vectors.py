"""Word vectors that are there: those of a run, a network's embedding, or a file's."""

from pathlib import Path
from typing import Any

import numpy as np

from seqterm.app.loaded import read_model
from seqterm.app.session import Session
from seqterm.backends.base import Array
from seqterm.errors import DataError, UsageError
from seqterm.evaluation.word_space import WordSpace
from seqterm.events import Note
from seqterm.models.catalogue import CATALOGUE
from seqterm.store.home import existing_run, run_path
from seqterm.store.run_folder import RunFolder
from seqterm.store.vectors import Vectors, read_vectors


class KnownVectors:
    """`space` answers questions; `notes` say what was passed over.

    which: of a run with two vectors a word, input, output or sum; restrict: only the first so many words.
    """

    def __init__(self, source: str, session: Session, which: str | None, skip_bad_rows: bool, restrict: int | None):
        path = Path(source)
        self.notes: list[Note] = []
        self._model: Any = None
        if path.is_file():
            if which:
                raise UsageError(f"--which {which} is for runs: a file has one vector a word.")
            vectors, troubles = read_vectors(path, skip_bad_rows=skip_bad_rows)
            self.notes = [Note(trouble) for trouble in troubles]
        elif not (run_path(source) / "config.json").is_file() and not path.is_dir():
            raise DataError(f"There is neither a run nor a file of vectors at {source}.")
        else:
            vectors = self._of_run(source, session, which)
        self.space = WordSpace(vectors.words[:restrict], vectors.matrix[:restrict], session.backend.host)

    def _of_run(self, source: str, session: Session, which: str | None) -> Vectors:
        folder = RunFolder(existing_run(source))
        config, vocabulary, model = read_model(folder, session.backend.host)
        if vocabulary is None:
            raise DataError(f"{source} has no vectors of words: it was trained on numbers.")
        tensors, _ = folder.load_checkpoint("best")
        model.load(tensors)
        if CATALOGUE[config["model"]].family == "vectors":
            self._model = model
            return Vectors(model.words, model.vectors(*filter(None, [which])))
        if "embedding.table" not in tensors:
            is_network = CATALOGUE[config["model"]].family == "network"
            why = "it was trained with --input onehot" if is_network else f"it is a run of {config['model']}"
            raise DataError(f"{source} has no vectors of words: {why}.")
        if which:
            raise UsageError(f"--which {which} is for word vectors: {source} has an embedding alone.")
        return Vectors(vocabulary.tokens, tensors["embedding.table"].astype(np.float32))

    def of(self, word: str) -> Array | None:
        """A word's vector (D,), from its n-grams where it is unknown and the run has them; else None."""
        if word in self.space.index:
            return self.space.matrix[self.space.index[word]]
        return self._model.vector_of_unknown(word) if hasattr(self._model, "vector_of_unknown") else None


def known_vectors(
    source: str, session: Session, which: str | None = None, skip_bad_rows: bool = False, restrict: int | None = None
) -> KnownVectors:
    """Kept for the next question of a session, as long as the file or the run stays the same."""
    path = Path(source)
    state = path if path.is_file() else run_path(source) / "state.json"
    changed = state.stat().st_mtime_ns if state.exists() else 0
    key = str(path), which, skip_bad_rows, restrict
    if session.kept.get(key, (None, None))[0] != changed:
        session.kept[key] = changed, KnownVectors(source, session, which, skip_bad_rows, restrict)
    return session.kept[key][1]
