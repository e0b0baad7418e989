"""Recurrent language models."""

from typing import Any

import numpy as np

from seqterm.backends.base import Array, Backend, Team
from seqterm.errors import UsageError
from seqterm.layers.base import Tensors, Workspace
from seqterm.models.base import DrawSettings, State
from seqterm.models.network import Window
from seqterm.models.network_model import NetworkModel
from seqterm.models.recurrent_network import RecurrentNetwork
from seqterm.models.settings import RecurrentSettings

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
            self._left = max(0, self._left - count)  # two that draw at once may both have taken the rest
        elif 4 * waits > count + 4:
            self._left, self._alone, self._together = self._alone, min(2 * self._alone, ALONE[1]), TOGETHER[0]
        else:
            self._together, self._alone = min(2 * self._together, TOGETHER[1]), ALONE[0]


class RecurrentModel(RecurrentNetwork):
    """A recurrent network as a language model."""

    def __init__(self, settings: RecurrentSettings, start_log_p: Array, backend: Backend, start_token: int | None = None):
        super().__init__(settings, start_log_p, backend, start_token)
        self._generate = backend.kernels("generate")
        self._packed: dict[bool, tuple[Array, ...]] = {}
        self._turns = Turns()

    @staticmethod
    def check(settings: RecurrentSettings) -> None:
        if settings.input == "onehot" and settings.tied:
            raise UsageError("--tied needs --input embedding: one-hot input has no embedding to share.")
        NetworkModel.check(settings)

    def trace(self, ids: Array) -> dict[str, Array]:
        """ids (T,) -> {"0.h": (T, H), "0.i": ..., "1.h": ...}: every layer's hidden units and gates."""
        _, traces = self.trace_on(self.zero_state(1), np.ascontiguousarray(ids)[:, None])
        return {name: array[:, 0].copy() for name, array in traces.items()}

    def trace_on(self, state: State, ids: Array, workspace: Workspace | None = None) -> tuple[State, dict[str, Array]]:
        """ids (T, n) read after a state -> the state after them and {"0.h": (T, n, H), ...}, as `trace`.

        The arrays stand in the workspace, where one is given, until it is used again.
        """
        workspace = workspace or self.workspace()
        on_device = self.backend.to_device(np.ascontiguousarray(ids))
        window = Window(on_device, on_device, np.full(ids.shape[1], len(ids)), self.backend.to_device(state))
        passed = self._forward(window, workspace, None)
        traces = ((layer.name, layer.trace(workspace.child(layer.name))) for layer in self._recurrent)
        return self.backend.to_host(passed.final), {
            f"{layer}.{name}": array for layer, named in traces for name, array in named.items()
        }

    @property
    def trace_names(self) -> list[str]:
        """Of what a layer's units do: h, and the cell's other parts."""
        _, traces = self.trace_on(self.zero_state(1), np.zeros((1, 1), np.int64))
        return [name.partition(".")[2] for name in traces if name.startswith("0.")]

    # One step and drawing, over weights packed when first needed

    def _network(self, rounded: bool = False) -> tuple[Any, ...]:
        if rounded not in self._packed:
            kernels, layers = self._generate, []
            own = self.views(self.backend.to_host(self.flat))
            table = own["embedding"]["table"] if self._embedding else own["0"]["W_x"]
            for layer in self._recurrent:
                parameters: Tensors = own[layer.name]
                if layer is self._recurrent[0] and self._embedding and self._keeps_folded(parameters["W_x"]):
                    parameters = self._embedding.fold(own["embedding"], parameters, self.workspace())
                    table = parameters["W_x"]
                arrays = layer.step_arrays(parameters)
                if arrays["W_X"] is table:
                    del arrays["W_X"]
                layers.append({getattr(kernels, item): array for item, array in arrays.items()})
            output = own["output"]
            layers.append({kernels.W_X: output["W"].T, kernels.B: output["b"]})
            self._packed[rounded] = (self.backend.to_device(np.array(table)), *kernels.pack_network(layers, self.dtype, rounded))
        first = self._recurrent[0]
        return getattr(self._generate, first.step_cell), first.flag, *self._packed[rounded]

    def _keeps_folded(self, w_x: Array) -> bool:
        """Whether steps look up what a first layer of these weights makes of every token; a device that multiplies many rows at
        once has nothing to gain."""
        return self.backend.on_host and self.vocabulary_size * w_x.shape[1] <= FOLDED

    def _scratch(self, network: tuple[Any, ...], state: State) -> tuple[Array, ...]:
        _, _, table, _, _, layout = network
        return tuple(self._generate.make_scratch(table, layout, self._recurrent[0].gates, state))

    def changed(self) -> None:
        super().changed()
        self._packed.clear()

    def advance(self, state: State, tokens: Array) -> tuple[State, Array]:
        backend, network, team = self.backend, self._network(), (0, 1, np.zeros(2, np.int64))
        state_out = backend.empty(state.shape, self.dtype)
        log_p = backend.empty((len(tokens), self.vocabulary_size), self.dtype)
        tokens, state = backend.to_device(tokens), backend.to_device(state)
        self._generate.network_step(*network, tokens, state, state_out, log_p, self._scratch(network, state), team)
        return backend.to_host(state_out), backend.to_host(log_p)

    def draw(
        self, state: State, log_p: Array, seen: Array, banned: Array, settings: DrawSettings, key: int, first: int, n: int
    ) -> tuple[State, Array, Array, Array]:
        """As sampling.draw.draw_by_steps, in one compiled call a worker; workers share out each step where that pays."""
        network, to_host = self._network(rounded=settings.weights == "8-bit"), self.backend.to_host
        workers = max(1, min(self.backend.threads, len(state) * self.flat.size // SHARED))
        tokens, chosen = (self.backend.empty((n, len(state)), dtype) for dtype in (np.dtype(np.int64), self.dtype))
        state, log_p, had_seen, banned = map(self.backend.to_device, (state.copy(), log_p.copy(), seen, banned))
        scratch = self._scratch(network, state)
        done = 0
        while done < n:
            count, share = self._turns.next(n - done) if workers > 1 else (n, False)
            part = slice(done, done + count)
            own = first + done, tokens[part], chosen[part], scratch

            def draw(team: Team, own: tuple[Any, ...] = own) -> None:
                self._generate.draw(
                    *network, state, log_p, had_seen, banned, settings.greedy, settings.temperature, settings.k, settings.p,
                    settings.minimum, settings.repetition_penalty, settings.equal_weights, key, *own, team,
                )  # fmt: skip

            waits = self.backend.together(draw, workers if share else 1)
            if workers > 1:
                self._turns.report(count, waits // workers)
            done += count
        if not self.backend.on_host:
            seen[...] = to_host(had_seen)
        return to_host(state), to_host(log_p), to_host(tokens), to_host(chosen)
