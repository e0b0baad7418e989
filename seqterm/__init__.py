"""seqterm: sequence models in the terminal.

`seqterm.load(RUN)` gives a trained model with `sample`, `choices`, `score`, `next` and `trace`, `seqterm.load_vectors(RUN|FILE)`
word vectors with `neighbours`, `analogy` and `odd_one_out`, `seqterm.load_forecaster(RUN)` a forecaster with `forecast` and
`errors`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqterm.app.forecast import LoadedForecaster
    from seqterm.app.loaded import LoadedModel
    from seqterm.evaluation.word_space import WordSpace

__version__ = "0.1.0"
__all__ = ["__version__", "load", "load_forecaster", "load_vectors"]


def load(run: str) -> "LoadedModel":
    """The model of a run: a path, or a name under the runs folder.  Raises seqterm.errors.DataError where it cannot be read."""
    from seqterm.app.session import Session

    return Session().load(run)


def load_vectors(source: str) -> "WordSpace":
    """The vectors of a run, of a network's embedding or of a file.  Raises seqterm.errors.DataError where they cannot be read."""
    from seqterm.app.known_vectors import known_vectors
    from seqterm.app.session import Session

    return known_vectors(source, Session()).space


def load_forecaster(run: str) -> "LoadedForecaster":
    """The forecaster of a run.  Raises seqterm.errors.DataError where it cannot be read."""
    from seqterm.app.forecast import LoadedForecaster
    from seqterm.app.session import Session

    return LoadedForecaster.open(run, Session().backend)
