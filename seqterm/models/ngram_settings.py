"""What defines an n-gram model.  Light, as settings.py."""

from dataclasses import dataclass

from seqterm.models.settings import MODEL
from seqterm.options import option

SMOOTHING = ("mle", "add-k", "katz", "kneser-ney")


@dataclass(frozen=True, kw_only=True)
class NgramSettings:
    """What probabilities are made of, besides the counts."""

    order: int = option(5, "Words of the longest n-grams.", short="N", minimum=1, maximum=64, group=MODEL)
    smoothing: str = option("kneser-ney", "How it was made.", choices=(*SMOOTHING, "imported"), group=MODEL)
    k: float = option(1.0, "For add-k.", above=0.0, group=MODEL)
