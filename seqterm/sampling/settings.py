"""How tokens are drawn.  Light: the command line reads these without numpy."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from seqterm.errors import UsageError
from seqterm.options import check, option

DRAW, OUTPUT = "Drawing", "Length and number"
WEIGHTS = ("full", "8-bit")
STRATEGIES = ("multinomial", "argmax", "top-k", "top-p", "min-p")
STEERED = ("strategy", "temperature", "top_k", "top_k_draw", "top_p", "min_p", "repetition_penalty")  # while text is drawn
TOP_K, TOP_P, MIN_P = 20, 0.9, 0.05  # where a strategy is asked for without its number


@dataclass(frozen=True, kw_only=True)
class SamplingSettings:
    """A strategy brings its filter; filters that are given besides it apply too, in the order top-k, top-p, min-p."""

    strategy: str = option("multinomial", "How a token is chosen from the probabilities.", choices=STRATEGIES, group=DRAW)
    temperature: float = option(1.0, "Below 1 sharper, above 1 flatter.", minimum=0.0001, group=DRAW)
    top_k: int | None = option(None, f"Keep the k most probable tokens (top-k alone: {TOP_K}).", minimum=1, group=DRAW)
    top_k_draw: str = option("weighted", "uniform: one of those kept, all alike.", choices=("weighted", "uniform"), group=DRAW)
    top_p: float | None = option(
        None, f"Keep the fewest tokens that hold this mass (top-p alone: {TOP_P}).", above=0.0, maximum=1.0, group=DRAW
    )
    min_p: float | None = option(
        None, f"Keep tokens of at least this share of the best (min-p alone: {MIN_P}).", minimum=0.0, maximum=1.0, group=DRAW
    )
    repetition_penalty: float = option(1.0, "Above 1: tokens seen already become less probable.", minimum=1.0, group=DRAW)
    weights: str = option("full", "8-bit: rounded, 1.4 to 7 times as fast.", choices=WEIGHTS, group=DRAW)
    seed: int | None = option(
        None, "Same seed, same text (default: another each time).", minimum=0, maximum=2**63 - 1, group=DRAW
    )
    length: int = option(500, "Tokens to draw at most.", minimum=0, group=OUTPUT)
    until: str | None = option(
        None,
        "Stop after this text, at the end of a line or a sentence, or where an unknown word would be drawn.",
        metavar="line|sentence|unknown|TEXT",
        group=OUTPUT,
    )
    min_length: int = option(0, "Draw a sample again until it has so many tokens, marks not counted.", minimum=0, group=OUTPUT)
    samples: int = option(1, "Samples, drawn side by side.", flag="samples", short="n", minimum=1, group=OUTPUT)

    # The strategy as numbers, for the kernels: 0, 1 and 0 switch a filter off.

    @property
    def greedy(self) -> bool:
        return self.strategy == "argmax"

    @property
    def equal_weights(self) -> bool:
        return self.top_k_draw == "uniform"

    @property
    def k(self) -> int:
        return self.top_k or (TOP_K if self.strategy == "top-k" else 0)

    @property
    def p(self) -> float:
        return self.top_p or (TOP_P if self.strategy == "top-p" else 1.0)

    @property
    def minimum(self) -> float:
        return self.min_p if self.min_p is not None else (MIN_P if self.strategy == "min-p" else 0.0)


S = TypeVar("S", bound=SamplingSettings)


def with_change(settings: S, name: str, value: Any) -> S:
    """The settings with another value of one that may change while text is drawn; UsageError where it may not, or not so."""
    if name not in STEERED:
        raise UsageError(f"--{name.replace('_', '-')} cannot change while text is drawn.")
    changed = replace(settings, **{name: value})
    check(changed)
    return changed
