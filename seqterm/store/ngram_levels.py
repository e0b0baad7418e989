"""An n-gram model in memory: a trie in flat arrays, a level for each order."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
IDS, LOGARITHMS, NODES = np.int32, np.float32, np.uint32
MOST_NODES = 2**32 - 2  # of all levels


class Level(NamedTuple):
    """The n-grams of one order, those of one context side by side, sorted by their last words' ids.

    Of the first level, the unigrams, node i is the word with id i.  The n-grams that go on from node i are the nodes
    children[i]:children[i + 1] of the next level.  The last level has neither back-off weights nor children.
    """

    words: Array  # (n,) int32, the id of the last word
    log_p: Array  # (n,) float32, natural logarithms
    backoff: Array | None  # (n,) float32, natural logarithms
    children: Array | None  # (n + 1,) uint32
