"""Recurrent language models."""

from typing import Any

import numpy as np

from seqterm.backends.base import Array, Backend, Team
from seqterm.errors import UsageError
from seqterm.layers.base import Tensors, Workspace, rows
from seqterm.models.base import DrawSettings, State
from seqterm.models.network import Prepared, RecurrentNetwork, Window
from seqterm.models.settings import RecurrentSettings
from seqterm.text.vocabulary import START, Vocabulary

SCORED = 4096  # tokens that a thread scores at once,
ROWS = 256  # in so many rows at most
FOLDED = 1 << 20  # elements of what a first layer makes of every token, up to which steps keep them

TOGETHER, ALONE = (16, 1024), (256, 1 << 16)  # tokens, at first and at most: see Turns
SHARED = 1 << 16  # multiplications in a step that are worth a thread


class Turns:
    """How many tokens workers draw together before they are asked how that went, and how many one draws alone after it went
    badly because others use the cores: ever more of both while it stays as it is."""

    def __init__(self) -> None:
        self._together, self._alone, self._left = TOGETHER[0], ALONE[0], 0

    def next(self, n: int) -> tuple[int, bool]:
        """Of n tokens how many to draw now, and whether together."""
        return (min(n, self._left), False) if self._left else (min(n, self._together), True)

    def report(self, count: int, waits: int) -> None:
        """So many were drawn, and each worker has waited so often for one that had no core."""
        if self._left:
            self._left -= count
        elif 4 * waits > count + 4:
            self._left, self._alone, self._together = self._alone, min(2 * self._alone, ALONE[1]), TOGETHER[0]
        else:
            self._together, self._alone = min(2 * self._together, TOGETHER[1]), ALONE[0]


class RecurrentModel(RecurrentNetwork):
    """A recurrent network as a language model.

    A text begins with `start_token`; without one, `start_log_p` (V,) is the distribution of its first token, which the
    network itself does not model.
    """

    def __init__(self, settings: RecurrentSettings, start_log_p: Array, backend: Backend, start_token: int | None = None):
        super().__init__(settings, len(start_log_p), backend)
        self.start_token, self._start_log_p = start_token, start_log_p.astype(self.dtype)
        self._generate = backend.kernels("generate")
        self._packed: dict[bool, tuple[Array, ...]] = {}
        self._prepared: Prepared | None = None
        self._turns = Turns()
        self._scoring: list[Workspace] = []  # one a thread, kept between calls

    @classmethod
    def of(cls, settings: RecurrentSettings, vocabulary: Vocabulary, backend: Backend) -> "RecurrentModel":
        """For the tokens of a vocabulary, all parameters zero; UsageError where settings do not fit together."""
        cls.check(settings)
        return cls(settings, vocabulary.log_frequencies(), backend, vocabulary.special.get(START))

    @staticmethod
    def check(settings: RecurrentSettings) -> None:
        """UsageError where settings do not fit together."""
        if settings.input == "onehot" and settings.tied:
            raise UsageError("--tied needs --input embedding: one-hot input has no embedding to share.")
        if settings.tied and settings.embedding != settings.hidden:
            raise UsageError(f"--tied needs --embedding {settings.hidden}, as --hidden is {settings.hidden}.")

    def initialise(self, random: np.random.Generator) -> None:
        """As a network's; the output's bias begins at the tokens' log-frequencies."""
        super().initialise(random)
        if self.settings.bias:
            self.parameters["output"]["b"][...] = self._start_log_p

    def load(self, tensors: dict[str, Array]) -> None:
        super().load(tensors)
        self.changed()

    def start(self, n: int) -> tuple[State, Array]:
        if self.start_token is not None:
            return self.advance(self.zero_state(n), np.full(n, self.start_token))
        return self.zero_state(n), np.tile(self._start_log_p, (n, 1))

    def score(self, state: State, ids: Array, targets: Array) -> tuple[State, Array]:
        """Rows are shared out over threads, rows and time are taken in blocks that fit the caches."""
        n = ids.shape[1]
        parts = [part for part in np.array_split(np.arange(n), min(n, self.backend.threads)) if len(part)]
        while len(self._scoring) < len(parts):
            self._scoring.append(self.workspace())
        prepared = self._prepared = self._prepared or self.prepare(self.workspace())
        state, log_p = state.copy(), np.empty(ids.shape, self.dtype)

        def score(i: int) -> None:
            for first in range(parts[i][0], parts[i][-1] + 1, ROWS):
                block = slice(first, min(first + ROWS, parts[i][-1] + 1))
                self._score_rows(prepared, state[block], ids[:, block], targets[:, block], log_p[:, block], self._scoring[i])

        self.backend.map(score, range(len(parts)))
        return state, log_p

    def _score_rows(
        self, prepared: Prepared, state: State, ids: Array, targets: Array, log_p: Array, workspace: Workspace
    ) -> None:
        """Writes log_p, and the final state to state."""
        n = ids.shape[1]
        n_steps = max(1, SCORED // n)
        for first in range(0, len(ids), n_steps):
            part = slice(first, first + n_steps)
            window = Window(np.ascontiguousarray(ids[part]), targets[part], np.full(n, len(ids[part])), state)
            passed = self._forward(window, workspace, None, prepared)
            state[...] = passed.final
            scored = self._output.score(self.parameters["output"], rows(passed.h), window.targets.ravel())
            log_p[part] = scored.reshape(-1, n)

    def trace(self, ids: Array) -> dict[str, Array]:
        """ids (T,) -> {"0.h": (T, H), "0.i": ..., "1.h": ...}: every layer's hidden units and gates."""
        workspace = self.workspace()
        column = np.ascontiguousarray(ids)[:, None]
        self._forward(Window(column, column, np.array([len(ids)]), self.zero_state(1)), workspace, None)
        traces = ((layer.name, layer.trace(workspace.child(layer.name))) for layer in self._recurrent)
        return {f"{layer}.{name}": array[:, 0].copy() for layer, named in traces for name, array in named.items()}

    # One step and drawing, over weights packed when first needed

    def _network(self, rounded: bool = False) -> tuple[Any, ...]:
        if rounded not in self._packed:
            kernels, layers = self._generate, []
            table = self.parameters["embedding"]["table"] if self._embedding else self.parameters["0"]["W_x"]
            for layer in self._recurrent:
                parameters: Tensors = self.parameters[layer.name]
                if (
                    layer is self._recurrent[0]
                    and self._embedding
                    and self.vocabulary_size * parameters["W_x"].shape[1] <= FOLDED
                ):
                    parameters = self._embedding.fold(self.parameters["embedding"], parameters, self.workspace())
                    table = parameters["W_x"]
                arrays = layer.step_arrays(parameters)
                if arrays["W_X"] is table:
                    del arrays["W_X"]
                layers.append({getattr(kernels, item): array for item, array in arrays.items()})
            output = self.parameters["output"]
            layers.append({kernels.W_X: output["W"].T, kernels.B: output["b"]})
            self._packed[rounded] = (np.array(table), *kernels.pack_network(layers, self.dtype, rounded))
        first = self._recurrent[0]
        return getattr(self._generate, first.step_cell), first.flag, *self._packed[rounded]

    def _scratch(self, network: tuple[Any, ...], state: State) -> tuple[Array, ...]:
        _, _, table, _, _, layout = network
        return tuple(self._generate.make_scratch(table, layout, self._recurrent[0].gates, state))

    def changed(self) -> None:
        """Call after the parameters have been changed: packed copies are made anew."""
        self._packed.clear()
        self._prepared = None

    def advance(self, state: State, tokens: Array) -> tuple[State, Array]:
        state_out, log_p = np.empty_like(state), np.empty((len(tokens), self.vocabulary_size), self.dtype)
        network, team = self._network(), (0, 1, np.zeros(2, np.int64))
        scratch = self._scratch(network, state)
        self._generate.network_step(*network, tokens, state, state_out, log_p, scratch, team)
        return state_out, log_p

    def draw(
        self, state: State, log_p: Array, seen: Array, banned: Array, settings: DrawSettings, key: int, first: int, n: int
    ) -> tuple[State, Array, Array, Array]:
        """As sampling.draw.draw_by_steps, in one compiled call a worker; workers share out each step where that pays."""
        network = self._network(rounded=settings.weights == "8-bit")
        state, log_p = state.copy(), log_p.copy()
        tokens, chosen = np.empty((n, len(state)), np.int64), np.empty((n, len(state)), self.dtype)
        scratch = self._scratch(network, state)
        workers = max(1, min(self.backend.threads, len(state) * self.flat.size // SHARED))
        done = 0
        while done < n:
            count, share = self._turns.next(n - done) if workers > 1 else (n, False)
            part = slice(done, done + count)
            own = first + done, tokens[part], chosen[part], scratch

            def draw(team: Team, own: tuple[Any, ...] = own) -> None:
                self._generate.draw(
                    *network, state, log_p, seen, banned, settings.greedy, settings.temperature, settings.k, settings.p,
                    settings.minimum, settings.repetition_penalty, settings.equal_weights, key, *own, team,
                )  # fmt: skip

            waits = self.backend.together(draw, workers if share else 1)
            if workers > 1:
                self._turns.report(count, waits // workers)
            done += count
        return state, log_p, tokens, chosen
