"""Update rules over the flat parameter vector, by name."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.training.gradient import Gradient
from seqterm.training.settings import UpdateSettings

Apply = Callable[[Any, UpdateSettings, list[Any], float, int], None]


class Rule(NamedTuple):
    """The vectors that a rule keeps, and how it applies them.

    apply: (kernels, settings, [parameters, gradient, *kept, factor, limit], rate, step)
    """

    kept: tuple[str, ...]
    apply: Apply


def _sgd(kernels: Any, s: UpdateSettings, arguments: list[Any], rate: float, step: int) -> None:
    kernels.sgd(*arguments, rate)


def _momentum_sgd(kernels: Any, s: UpdateSettings, arguments: list[Any], rate: float, step: int) -> None:
    kernels.momentum_sgd(*arguments, rate, s.momentum)


def _adagrad(kernels: Any, s: UpdateSettings, arguments: list[Any], rate: float, step: int) -> None:
    kernels.adagrad(*arguments, rate, s.epsilon)


def _rmsprop(kernels: Any, s: UpdateSettings, arguments: list[Any], rate: float, step: int) -> None:
    kernels.rmsprop(*arguments, rate, s.square_decay, s.epsilon)


def _adam(kernels: Any, s: UpdateSettings, arguments: list[Any], rate: float, step: int) -> None:
    kernels.adam(*arguments, step, rate, s.beta1, s.beta2, s.epsilon, s.weight_decay if s.optimizer == "adamw" else 0.0)


RULES = {
    "sgd": Rule((), _sgd),
    "adagrad": Rule(("squares",), _adagrad),
    "rmsprop": Rule(("squares",), _rmsprop),
    "adam": Rule(("mean", "squares"), _adam),
    "adamw": Rule(("mean", "squares"), _adam),
}
MOMENTUM_SGD = Rule(("velocity",), _momentum_sgd)


def rule_of(settings: UpdateSettings) -> Rule:
    return MOMENTUM_SGD if settings.optimizer == "sgd" and settings.momentum else RULES[settings.optimizer]


class Optimiser:
    """Applies gradients to parameters (P,); `kept` holds its moments, {name: (P,)}, zero at first."""

    def __init__(self, settings: UpdateSettings, parameters: Array, backend: Backend):
        self._settings, self._parameters, self._backend = settings, parameters, backend
        self._rule = rule_of(settings)
        self._kernels = backend.kernels("optimiser")
        self.kept = {name: backend.zeros(parameters.shape, parameters.dtype) for name in self._rule.kept}

    def tensors(self) -> dict[str, Array]:
        """`kept`, as numpy's."""
        return {name: self._backend.to_host(kept) for name, kept in self.kept.items()}

    def load(self, tensors: Mapping[str, Array]) -> None:
        """Fill `kept`; KeyError where one is missing."""
        for name, kept in self.kept.items():
            self._backend.assign(kept, self._backend.to_device(tensors[name]))

    def apply(self, gradient: Gradient, norm: float, rate: float, step: int) -> None:
        """One update from a gradient of this norm, clipped first; leaves zeros in it.  step counts from 1."""
        limit = self._settings.clip_norm
        clipping = (limit / norm if limit and norm > limit else 1.0, self._settings.clip_value or np.inf)

        def apply(parameters: Array, gradient: Array, *kept: Array) -> None:
            self._rule.apply(self._kernels, self._settings, [parameters, gradient, *kept, *clipping], rate, step)

        def apply_to(stretch: slice) -> None:
            apply(*(vector[stretch] for vector in (self._parameters, gradient.flat, *self.kept.values())))

        gradient.each(apply_to, with_table=bool(self._rule.kept))
        if not self._rule.kept and gradient.table.size:  # a rule that keeps nothing leaves alone what has no gradient
            table, rows = gradient.table_of(self._parameters), gradient.rows
            chosen = table[rows]
            apply(chosen.ravel(), gradient.table[rows].ravel())
            table[rows], gradient.table[rows] = chosen, 0
