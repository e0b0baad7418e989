"""The protocols behind which models stand: one for every language model, one for word vectors.

A state is an array whose first axis is the row: immutable, and gathered by index (`state[[0, 0, 2]]`), which is all
that samplers, beams and comparisons need to know.
"""

from pathlib import Path
from typing import Any, Protocol

from seqterm.backends.base import Array, Backend
from seqterm.errors import DataError

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


def load_tensors(into: dict[str, Array], tensors: dict[str, Array]) -> None:
    """Copy named tensors of a checkpoint; DataError where they do not fit."""
    for name, view in into.items():
        if name not in tensors or tensors[name].shape != view.shape or tensors[name].dtype != view.dtype:
            raise DataError(f"The checkpoint does not fit the model: tensor {name} is missing or of another shape or type.")
        view[...] = tensors[name]


class TrainingPlan(Protocol):
    """What word vectors are trained by (see training.settings, which names and explains it)."""

    @property
    def epochs(self) -> int: ...
    @property
    def lr(self) -> float: ...
    @property
    def deterministic(self) -> bool: ...
    @property
    def seed(self) -> int: ...
    @property
    def threads(self) -> int | None: ...


class VectorModel(Protocol):
    """Word vectors that are learned a stretch of the text at a time."""

    words: list[str]
    unit: str  # of what its losses are means
    stretches: int  # in an epoch, once prepared

    def prepare(self, ids: Array, training: TrainingPlan, folder: Path) -> None:
        """Get ready to learn from ids (N,), int32, -1 between sentences; folder: for what memory cannot hold."""
        ...

    def tensors(self) -> dict[str, Array]:
        """Everything that training goes on from."""
        ...

    def load(self, tensors: dict[str, Array]) -> None: ...

    def train_stretch(self, epoch: int, stretch: int) -> tuple[float, int, int]:
        """Both from 0 -> the sum of losses, examples (what a loss is of), words of the text."""
        ...

    def learning_rate(self, epoch: int, stretch: int) -> float: ...

    def vectors(self, which: str = ...) -> Array:
        """(V, D), a row a word; which of two that a word has: input, output or their sum; the usual ones if it is not said."""
        ...


class LanguageModel(Protocol):
    """Probabilities of the next token given those before.  V: `vocabulary_size`.

    A model may also have a `draw` of the form of sampling.draw.draw_by_steps, without its first two arguments, which draws many
    tokens in one compiled call; it must give the same text.
    """

    settings: Any
    backend: Backend
    vocabulary_size: int
    start_token: int | None  # what every text begins with, if there is such a token

    def tensors(self) -> dict[str, Array]:
        """Everything that it has learned."""
        ...

    def load(self, tensors: dict[str, Array]) -> None:
        """DataError where they do not fit."""
        ...

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
