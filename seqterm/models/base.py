"""The one protocol behind which every language model stands.

A state is an array whose first axis is the row: immutable, and gathered by index (`state[[0, 0, 2]]`), which is all
that samplers, beams and comparisons need to know.
"""

from typing import Protocol

from seqterm.backends.base import Array

State = Array


class DrawSettings(Protocol):
    """What a draw depends on (see sampling.settings, which names and explains them)."""

    @property
    def weights(self) -> str: ...
    @property
    def greedy(self) -> bool: ...
    @property
    def temperature(self) -> float: ...
    @property
    def k(self) -> int: ...
    @property
    def p(self) -> float: ...
    @property
    def minimum(self) -> float: ...
    @property
    def repetition_penalty(self) -> float: ...
    @property
    def equal_weights(self) -> bool: ...


class LanguageModel(Protocol):
    """Probabilities of the next token given those before.  V: `vocabulary_size`.

    A model may also have a `draw` of the form of sampling.draw.draw_by_steps, without its first two arguments, which draws many
    tokens in one compiled call; it must give the same text.
    """

    vocabulary_size: int
    start_token: int | None  # what every text begins with, if there is such a token

    def zero_state(self, n: int) -> State:
        """n rows that have read nothing, not even a start token."""
        ...

    def start(self, n: int) -> tuple[State, Array]:
        """n rows before their first token, after the start token where there is one -> state (n, ...), log_p (n, V)."""
        ...

    def advance(self, state: State, tokens: Array) -> tuple[State, Array]:
        """tokens (n,) -> the state after them and log_p (n, V) of what comes next."""
        ...

    def score(self, state: State, ids: Array, targets: Array) -> tuple[State, Array]:
        """Read ids (T, n): -> the state after them, and log_p (T, n) of targets (T, n), targets[t] being what follows ids[t];
        0 where a target is below zero."""
        ...

    def trace(self, ids: Array) -> dict[str, Array]:
        """ids (T,) -> what goes on inside, {name: (T, ...)}."""
        ...
