"""What defines a hidden Markov model.  Light, as settings.py."""

from dataclasses import dataclass

from seqterm.models.settings import MODEL
from seqterm.options import option

EMISSIONS = ("categorical", "gaussian")


@dataclass(frozen=True, kw_only=True)
class HmmSettings:
    """Hidden states that each give a token of a text, or the numbers of a row of a series."""

    states: int = option(8, "Hidden states.", minimum=1, maximum=10_000, group=MODEL)
    emission: str = option(
        "categorical",
        "What states give: categorical: tokens of a text; gaussian: numbers of a CSV file, each by a normal distribution.",
        choices=EMISSIONS,
        group=MODEL,
    )
    column: tuple[str, ...] = option(
        (), "A column of numbers, for --emission gaussian; can be given several times.", metavar="NAME", group=MODEL
    )
