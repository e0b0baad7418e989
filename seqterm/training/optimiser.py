"""Update rules over the flat parameter vector, by name."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.training.settings import TrainingSettings

Apply = Callable[[Any, TrainingSettings, list[Array], float, int], None]


class Rule(NamedTuple):
    """The vectors that a rule keeps, and how it applies them: (kernels, settings, [parameters, gradient, *kept], rate, step)."""

    kept: tuple[str, ...]
    apply: Apply


def _sgd(kernels: Any, s: TrainingSettings, vectors: list[Array], rate: float, step: int) -> None:
    kernels.sgd(*vectors, rate, s.momentum)


def _adagrad(kernels: Any, s: TrainingSettings, vectors: list[Array], rate: float, step: int) -> None:
    kernels.adagrad(*vectors, rate, s.epsilon)


def _rmsprop(kernels: Any, s: TrainingSettings, vectors: list[Array], rate: float, step: int) -> None:
    kernels.rmsprop(*vectors, rate, s.square_decay, s.epsilon)


def _adam(kernels: Any, s: TrainingSettings, vectors: list[Array], rate: float, step: int) -> None:
    kernels.adam(*vectors, step, rate, s.beta1, s.beta2, s.epsilon, s.weight_decay if s.optimizer == "adamw" else 0.0)


RULES = {
    "sgd": Rule(("velocity",), _sgd),
    "adagrad": Rule(("squares",), _adagrad),
    "rmsprop": Rule(("squares",), _rmsprop),
    "adam": Rule(("mean", "squares"), _adam),
    "adamw": Rule(("mean", "squares"), _adam),
}


class Optimiser:
    """Applies gradients to parameters (P,); `kept` holds its moments, {name: (P,)}, zero at first."""

    def __init__(self, settings: TrainingSettings, parameters: Array, backend: Backend):
        self._settings, self._parameters = settings, parameters
        self._rule = RULES[settings.optimizer]
        self._kernels = backend.kernels("optimiser")
        self.kept = {name: np.zeros_like(parameters) for name in self._rule.kept}

    def clip(self, gradient: Array) -> float:
        """Limit the gradient in place; returns its norm before."""
        norm = float(self._kernels.norm(gradient))
        limit = self._settings.clip_norm
        if limit and norm > limit:
            self._kernels.scale(gradient, limit / norm)
        if self._settings.clip_value:
            self._kernels.clip_values(gradient, self._settings.clip_value)
        return norm

    def apply(self, gradient: Array, rate: float, step: int) -> None:
        """One update; step counts from 1."""
        self._rule.apply(self._kernels, self._settings, [self._parameters, gradient, *self.kept.values()], rate, step)
