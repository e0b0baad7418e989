"""seqterm: sequence models in the terminal.

`seqterm.load(RUN)` gives a trained model with `sample`, `score`, `next` and `trace`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqterm.app.loaded import LoadedModel

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def load(run: str) -> "LoadedModel":
    """The model of a run: a path, or a name under the runs folder.  Raises seqterm.errors.DataError where it cannot be read."""
    from seqterm.app.session import Session

    return Session().load(run)
