"""Networks over tokens as language models: what all of them share."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.errors import UsageError
from seqterm.layers.base import Tensors, Workspace, rows
from seqterm.models.base import State
from seqterm.models.network import Network, Window
from seqterm.text.vocabulary import START, Vocabulary

SCORED, ROWS = 4096, 256  # tokens that a thread scores at once, in so many rows at most;
DEVICE_SCORED, DEVICE_ROWS = 1 << 17, 4096  # or another device


class NetworkModel(Network):
    """A network as a language model, but for `advance` and `trace`.

    A text begins with `start_token`; without one, `start_log_p` (V,) is the distribution of its first token, which the
    network itself does not model.
    """

    def __init__(self, settings: Any, start_log_p: Array, backend: Backend, start_token: int | None = None):
        super().__init__(settings, len(start_log_p), backend)
        self.start_token, self._start_log_p = start_token, start_log_p.astype(self.dtype)
        self._prepared: Any = None
        self._scoring: list[Workspace] = []  # one a thread, kept between calls

    @classmethod
    def of(cls, settings: Any, vocabulary: Vocabulary, backend: Backend) -> Self:
        """For the tokens of a vocabulary, all parameters zero; UsageError where settings do not fit together."""
        cls.check(settings)
        return cls(settings, vocabulary.log_frequencies(), backend, vocabulary.special.get(START))

    @staticmethod
    def check(settings: Any) -> None:
        """UsageError where settings do not fit together."""
        if settings.tied and settings.embedding != settings.hidden:
            raise UsageError(f"--tied needs --embedding {settings.hidden}, as --hidden is {settings.hidden}.")

    def _initialise(self, parameters: Mapping[str, Tensors], random: np.random.Generator) -> None:
        """After the settings' scheme; the output's bias begins at the tokens' log-frequencies."""
        super()._initialise(parameters, random)
        if self.settings.bias:
            parameters["output"]["b"][...] = self._start_log_p

    def load(self, tensors: dict[str, Array]) -> None:
        super().load(tensors)
        self.changed()

    def changed(self) -> None:
        """Call after the parameters have been changed: packed copies are made anew."""
        self._prepared = None

    def _prepare_once(self) -> Any:
        if self._prepared is None:
            self._prepared = self.prepare(self.workspace())
        return self._prepared

    def start(self, n: int) -> tuple[State, Array]:
        if self.start_token is not None:
            return self.advance(self.zero_state(n), np.full(n, self.start_token))
        return self.zero_state(n), np.tile(self._start_log_p, (n, 1))

    @abstractmethod
    def advance(self, state: State, tokens: Array) -> tuple[State, Array]:
        """As models.base.LanguageModel has it."""

    @abstractmethod
    def trace(self, ids: Array) -> dict[str, Array]:
        """As models.base.LanguageModel has it."""

    def score(self, state: State, ids: Array, targets: Array) -> tuple[State, Array]:
        """Rows are shared out over threads, rows and time are taken in blocks that fit the caches."""
        n = ids.shape[1]
        parts = [part for part in np.array_split(np.arange(n), min(n, self.backend.threads)) if len(part)]
        while len(self._scoring) < len(parts):
            self._scoring.append(self.workspace())
        prepared, together = self._prepare_once(), ROWS if self.backend.on_host else DEVICE_ROWS
        state, log_p = state.copy(), np.empty(ids.shape, self.dtype)

        def score(i: int) -> None:
            for first in range(parts[i][0], parts[i][-1] + 1, together):
                block = slice(first, min(first + together, parts[i][-1] + 1))
                self._score_rows(prepared, state[block], ids[:, block], targets[:, block], log_p[:, block], self._scoring[i])

        self.backend.map(score, range(len(parts)))
        return state, log_p

    def _score_rows(self, prepared: Any, state: State, ids: Array, targets: Array, log_p: Array, workspace: Workspace) -> None:
        """Writes log_p, and the final state to state."""
        n = ids.shape[1]
        to_device, to_host = self.backend.to_device, self.backend.to_host
        n_steps = max(1, (SCORED if self.backend.on_host else DEVICE_SCORED) // n)
        carried = to_device(np.ascontiguousarray(state))
        for first in range(0, len(ids), n_steps):
            part = slice(first, first + n_steps)
            read, wanted = (to_device(np.ascontiguousarray(x[part])) for x in (ids, targets))
            window = Window(read, wanted, np.full(n, len(ids[part])), carried)
            passed = self._forward(window, workspace, None, prepared)
            carried = passed.final
            scored = self._output.score(self.parameters["output"], rows(passed.h), wanted.ravel())
            log_p[part] = to_host(scored).reshape(-1, n)
        state[...] = to_host(carried)
