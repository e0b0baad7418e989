"""seqterm's side of the speed benches: a process that measures one row."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from seqterm.backends.select import select
from seqterm.evaluation.lines import score_lines
from seqterm.models.catalogue import CATALOGUE, resolve
from seqterm.models.network_model import NetworkModel
from seqterm.models.recurrent import RecurrentModel
from seqterm.sampling.generate import CHUNK, chunk_after
from seqterm.sampling.settings import SamplingSettings
from seqterm.text.format import TextFormat
from seqterm.text.stream import Batch
from seqterm.text.vocabulary import Vocabulary
from seqterm.training.settings import TrainingSettings
from seqterm.training.update import Updater
from tests.bench.measuring import held, peak, rate, read_lines, updates_a_second
from tests.bench.rows import Row, serve

THREADS = 2


def model_of(row: Row) -> RecurrentModel:
    settings = resolve(CATALOGUE[row.cell].settings)(hidden=row.H, layers=row.L, embedding=row.E)
    model = resolve(CATALOGUE[row.cell].model)(settings, np.log(np.full(row.V, 1 / row.V)), select(THREADS))
    model.initialise(np.random.default_rng(1))
    return model


def update_of(model: NetworkModel, row: Row) -> Callable[[], int]:
    updater = Updater(model, TrainingSettings(optimizer="adam", clip_norm=5.0, batch=row.B, steps=row.T, threads=THREADS))
    ids = np.random.default_rng(1).integers(0, row.V, (row.T + 1, row.B))
    batch, step = Batch(ids[:-1], ids[1:], np.full(row.B, row.T), False), 0

    def update() -> int:
        nonlocal step
        assert updater.update(batch, 1e-3, step).finite
        step += 1
        return row.T * row.B

    return update


def training(row: Row) -> Callable[[float], dict[str, float]]:
    return updates_a_second(update_of(model_of(row), row))


def memory(row: Row) -> Callable[[float], dict[str, float]]:
    """What building the model and training it add to what the process held once all modules were imported."""
    backend = select(THREADS)
    for name in ("generate", "output", "optimiser", "dropout"):
        backend.kernels(name)
    before = held()
    return lambda seconds: {"bytes": peak(lambda: updates_a_second(update_of(model_of(row), row))) - before}


def sampling(row: Row, samples: int = 1, weights: str = "full") -> Callable[[float], dict[str, float]]:
    model, settings = model_of(row), SamplingSettings(weights=weights)
    state, log_p = model.start(samples)
    seen, banned = np.zeros((samples, row.V), np.bool_), np.zeros(row.V, np.bool_)
    position, chunk = 0, CHUNK

    def draw() -> int:
        """As `seqterm sample` does it."""
        nonlocal state, log_p, position, chunk
        count, began = chunk, time.perf_counter()
        state, log_p, _, _ = model.draw(state, log_p, seen, banned, settings, 1, position, count)
        position, chunk = position + count, chunk_after(count, time.perf_counter() - began)
        return count * samples

    draw()
    return lambda seconds: rate(draw, seconds)


def scoring(row: Row, text: str) -> Callable[[float], dict[str, float]]:
    """Log-probabilities of a file's lines under a model of its characters, each line from the model's start."""
    lines = read_lines(text)
    vocabulary = Vocabulary.count(["\n".join(lines)], TextFormat())
    model = model_of(replace(row, V=len(vocabulary)))
    return lambda seconds: rate(lambda: sum(len(line.log_p) for line in score_lines(model, vocabulary, lines)), seconds)


if __name__ == "__main__":
    serve({"training": training, "memory": memory, "sampling": sampling, "scoring": scoring})
