"""The command Neurons: text coloured by what a unit of a recurrent network does, and which unit tracks a pattern best."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from seqterm.app.commands import Neurons
from seqterm.app.heat import pieces
from seqterm.app.loaded import LoadedModel
from seqterm.app.score import open_stream
from seqterm.app.session import Session
from seqterm.backends.base import Array
from seqterm.errors import UsageError
from seqterm.evaluation.tracking import PATTERNS, correlations, pattern_values
from seqterm.events import Event, Painted, Painting, UnitTracks
from seqterm.models.base import State
from seqterm.models.recurrent import RecurrentModel

STEPS = 4096  # tokens read at a time
KEPT = 1 << 27  # bytes of what all units do that a session keeps, so that the next unit is shown at once
TRACES = "traces"  # their key among what is kept
SIGNED = ("h", "c", "g")  # may be below zero; gates are shares
Traces = dict[str, Array]


def neurons(command: Neurons, session: Session) -> Iterator[Event]:
    """With --find UnitTracks, the best first; else a Painting and a Painted a line."""
    if (command.find is None) == (command.unit is None):
        raise UsageError(f"Say what to show: either --unit N, or --find {'|'.join(PATTERNS)}|REGEX.")
    loaded = session.load(command.run)
    if not isinstance(loaded.model, RecurrentModel):
        raise UsageError(f"{command.run} is a run of {loaded.config['model']}, which has no recurrent units.")
    _check(command, loaded.model)
    with open_stream(loaded.vocabulary, command.source) as (all_ids, _):
        end = None if command.length is None else command.skip + command.length
        before, ids = (np.asarray(part, np.int64) for part in (all_ids[: command.skip], all_ids[command.skip : end]))
        if not len(ids):
            raise UsageError(f"--skip {command.skip} leaves nothing of the text, which has {len(before):,} tokens.")
        if command.find is None:
            yield from _paint(command, loaded, before, ids, session)
        else:
            yield from _find(command, loaded, ids)


def _check(command: Neurons, model: RecurrentModel) -> None:
    """UsageError for a layer, a unit or a gate that the network lacks."""
    settings, names = model.settings, model.trace_names
    if command.gates and command.find is not None:
        raise UsageError("--gates goes with --unit.")
    if command.layer is not None and command.layer >= settings.layers:
        raise UsageError(f"{command.run} has the layers 0 to {settings.layers - 1}: there is no --layer {command.layer}.")
    if command.unit is not None and command.unit >= settings.hidden:
        raise UsageError(f"{command.run} has the units 0 to {settings.hidden - 1} in a layer: there is no --unit {command.unit}.")
    if command.gate not in names:
        raise UsageError(f"{command.run} is of {', '.join(names)}: there is no --gate {command.gate}.")


class _Reading(NamedTuple):
    """What all units did while a model, known by its checksum, read ids after others, and the state that it came to."""

    checksum: str
    before: Array
    ids: Array
    blocks: list[Traces]
    state: State


def _begin(loaded: LoadedModel, before: Array, kept: _Reading | None) -> _Reading:
    """A reading in which `before` has been read; what is kept may have come as far."""
    model: RecurrentModel = loaded.model  # type: ignore[assignment]
    state, first = model.zero_state(1), 0
    if kept and kept.checksum == loaded.checksum:
        read = np.concatenate([kept.before, kept.ids])
        if np.array_equal(read, before[: len(read)]):
            state, first = kept.state, len(read)
    for begin in range(first, len(before), STEPS):
        state, _ = model.trace_on(state, before[begin : begin + STEPS, None])
    return _Reading(loaded.checksum, before, before[:0], [], state)


def _read(loaded: LoadedModel, before: Array, ids: Array, session: Session) -> Iterator[Traces]:
    """What all units do over `ids` after what comes before them, in blocks of {"0.h": (T, H), ...}.

    The session keeps that of the last text, unless it is too much: other units of it are then there at once, and a text that
    has grown, or is paged on in, is read from where it ended.
    """
    model: RecurrentModel = loaded.model  # type: ignore[assignment]
    kept: _Reading | None = session.kept.get(TRACES)
    is_same = kept and kept.checksum == loaded.checksum and np.array_equal(kept.before, before)
    if kept is None or not (is_same and np.array_equal(kept.ids, ids[: len(kept.ids)])):
        kept = _begin(loaded, before, kept)
    yield from kept.blocks
    blocks, state = list(kept.blocks), kept.state
    size = sum(_size(block) for block in blocks)
    for first in range(len(kept.ids), len(ids), STEPS):
        state, traces = model.trace_on(state, ids[first : first + STEPS, None])
        block = {name: array[:, 0].copy() for name, array in traces.items()}
        size += _size(block)
        if size <= KEPT:
            blocks.append(block)
        yield block
    if size <= KEPT:
        session.kept[TRACES] = _Reading(loaded.checksum, before, ids, blocks, state)


def _size(block: Traces) -> int:
    return sum(array.nbytes for array in block.values())


def _paint(command: Neurons, loaded: LoadedModel, before: Array, ids: Array, session: Session) -> Iterator[Event]:
    model: RecurrentModel = loaded.model  # type: ignore[assignment]
    others = [name for name in model.trace_names if name != command.gate] if command.gates else []
    rows = [command.gate, *others]
    layer = model.settings.layers - 1 if command.layer is None else command.layer
    found = [[block[f"{layer}.{name}"][:, command.unit] for name in rows] for block in _read(loaded, before, ids, session)]
    values: Array = np.concatenate(found, axis=1)
    ranges = []
    for name, row in zip(rows, values, strict=True):
        high = round(max(1.0, float(np.abs(row).max())), 2)  # cells and rectified units have no bound
        ranges.append((-high if name in SIGNED else 0.0, high))
    yield Painting(f"{command.gate} of unit {command.unit} in layer {layer}, {loaded.folder.name}", rows, ranges)
    texts = pieces(loaded.vocabulary, ids)
    ends = [i + 1 for i, text in enumerate(texts) if text.endswith("\n")]
    first = 1 + sum(text.endswith("\n") for text in pieces(loaded.vocabulary, before))
    for number, (begin, end) in enumerate(zip([0, *ends], [*ends, len(texts)], strict=True), first):
        if begin < end:
            yield Painted(number, texts[begin:end], values[:, begin:end].tolist())


def _find(command: Neurons, loaded: LoadedModel, ids: Array) -> Iterator[Event]:
    model: RecurrentModel = loaded.model  # type: ignore[assignment]
    assert command.find is not None
    pattern = pattern_values(command.find, pieces(loaded.vocabulary, ids))
    if pattern.min() == pattern.max():
        raise UsageError(f"--find {command.find} is the same all over the text: no unit can track it.")
    layers = range(model.settings.layers) if command.layer is None else [command.layer]
    found = correlations(model, ids, pattern, [f"{layer}.{command.gate}" for layer in layers])
    order = np.argsort(-np.abs(found), axis=None, kind="stable")[: command.top]
    for rank, place in enumerate(order.tolist(), 1):
        row, unit = divmod(place, found.shape[1])
        yield UnitTracks(rank, layers[row], unit, command.gate, command.find, float(found[row, unit]))
