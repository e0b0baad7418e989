"""Drawing with nothing but `advance`: what a model without a compiled `draw` of its own gets, with the same result."""

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.models.base import DrawSettings, LanguageModel, State


def draw_by_steps(
    model: LanguageModel,
    backend: Backend,
    state: State,
    log_p: Array,
    seen: Array,
    banned: Array,
    settings: DrawSettings,
    key: int,
    first: int,
    n: int,
) -> tuple[State, Array, Array, Array]:
    """As LanguageModel.draw."""
    draw_token = backend.host.kernels("filters").draw_token
    random = backend.host.kernels("random")
    tokens, chosen = np.empty((n, len(state)), np.int64), np.empty((n, len(state)), log_p.dtype)
    for i in range(n):
        for row in range(len(state)):
            u = random.uniform(random.derive_key(key, row), first + i)
            token = draw_token(
                log_p[row], seen[row], banned, settings.greedy, settings.temperature, settings.k, settings.p, settings.minimum,
                settings.repetition_penalty, settings.equal_weights, u,
            )  # fmt: skip
            seen[row, token] = True
            tokens[i, row], chosen[i, row] = token, log_p[row, token]
        state, log_p = model.advance(state, tokens[i])
    return state, log_p, tokens, chosen
