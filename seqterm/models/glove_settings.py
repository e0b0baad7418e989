"""What defines GloVe vectors.  Light, as settings.py."""

import re
from dataclasses import dataclass

from seqterm.errors import UsageError
from seqterm.models.settings import MODEL
from seqterm.options import option

SIZES = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


def parse_size(text: str) -> int:
    """500M, 4G or 1.5G -> bytes, K being 1024."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text.strip().upper())
    if not found:
        raise UsageError(f"{text!r} is not a size: write 500M or 4G.")
    return int(float(found[1]) * 2 ** SIZES[found[2]])


@dataclass(frozen=True, kw_only=True)
class GloveSettings:
    """Word vectors learned from how often words stand near one another."""

    dim: int = option(100, "Size of the vectors.", minimum=1, group=MODEL)
    window: int = option(10, "Words to either side.", minimum=1, maximum=1000, group=MODEL)
    count: str = option(
        "inverse-distance",
        "What a word so many words away counts: 1 / distance, or 1 (plain).",
        choices=("inverse-distance", "plain"),
        group=MODEL,
    )
    x_max: float = option(100.0, "Pairs that are counted less often matter less.", above=0.0, group=MODEL)
    alpha: float = option(0.75, "How much less: to this power of their share.", minimum=0.0, group=MODEL)
    memory: str = option("4G", "Memory to count in; what is beyond it goes to disk.", metavar="SIZE", group=MODEL)
    precision: str = option("float32", "Arithmetic; float64 is for checks.", choices=("float32", "float64"), group=MODEL)
