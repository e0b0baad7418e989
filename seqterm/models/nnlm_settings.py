"""What defines a neural n-gram.  Light: the command line reads this without numpy."""

from dataclasses import dataclass

from seqterm.models.settings import MODEL, NetworkSettings
from seqterm.options import option


@dataclass(frozen=True, kw_only=True)
class NnlmSettings(NetworkSettings):
    order: int = option(5, "N: a token is predicted from the N - 1 before it.", minimum=2, maximum=1000, group=MODEL)
    direct: bool = option(False, "Connect the token vectors with the output layer too.", group=MODEL)
    init: str = option("xavier", "First weights.", choices=("xavier", "uniform"), group=MODEL)
