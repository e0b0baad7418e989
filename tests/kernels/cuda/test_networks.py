"""Whole networks on the device: what is learned, scored and saved is what the processor learns, scores and saves."""

import io
import math
import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from numba import cuda

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.backends.cpu import CPU
from seqterm.backends.cuda import CUDA
from seqterm.errors import DeviceError, DivergedError, UsageError
from seqterm.events import Finished, Note, TotalScore
from seqterm.models.forecast_settings import MlpArSettings, RnnArSettings
from seqterm.models.neural_forecast import MlpForecaster, RnnForecaster
from seqterm.models.nnlm import Nnlm
from seqterm.models.nnlm_settings import NnlmSettings
from seqterm.models.recurrent import RecurrentModel
from seqterm.models.settings import ElmanSettings, GruSettings, LstmSettings
from seqterm.sampling.settings import SamplingSettings
from seqterm.text.stream import Batch
from seqterm.training.settings import TrainingSettings
from seqterm.training.update import Updater
from tests.kernels.cuda.device import slow_in_the_simulator

WEIGHTS = 2  # arrays that a network is loaded into

V, TINY = 5, {"hidden": 5, "embedding": 4}
NETWORKS = {
    "lstm": (RecurrentModel, LstmSettings(**TINY, layers=2, dropout=0.3), {}),
    "gru, reset after": (RecurrentModel, GruSettings(**TINY), {"bptt_truncate": 2, "optimizer": "sgd"}),
    "gru, reset before": (RecurrentModel, GruSettings(**TINY, reset="before"), {}),
    "elman": (RecurrentModel, ElmanSettings(hidden=5, input="onehot"), {}),
    "nnlm": (Nnlm, NnlmSettings(**TINY, order=3), {}),
    "nnlm, direct": (Nnlm, NnlmSettings(**TINY, order=3, direct=True), {}),
}


def learned(model_class, settings, training, backend):
    """Updates, tensors and scores of a network that reads two windows."""
    model = model_class(settings, np.log(np.full(V, 1 / V, np.float32)), backend)
    model.initialise(np.random.default_rng(3))
    updater, random = Updater(model, TrainingSettings(batch=3, steps=4, threads=2, **training)), np.random.default_rng(7)
    ids, targets = random.integers(0, V, (2, 4, 3)), random.integers(0, V, (2, 4, 3))
    targets[:, -1, 1] = -1
    updates = [updater.update(Batch(ids[i], targets[i], np.array([4, 3, 4]), i == 0), 0.01, i, True) for i in range(2)]
    _, log_p = model.score(model.zero_state(3), ids[0], targets[0])
    return model, updates, {**model.tensors(), **updater.optimiser.tensors(), "state": updater.state}, log_p


def drawn(model):
    """Tokens of three streams after one each, their log-probabilities, the state and the distribution after them."""
    state, log_p = model.start(3)
    state, log_p = model.advance(state, np.array([1, 4, 0]))
    seen, banned = np.zeros((3, V), np.bool_), np.zeros(V, np.bool_)
    return model.draw(state, log_p, seen, banned, SamplingSettings(top_k=4), 1, 0, 5)


@slow_in_the_simulator
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_learns_what_it_learns_on_the_processor(name):
    (ours, updates, tensors, log_p), (model, expected, theirs, expected_log_p) = (
        learned(*NETWORKS[name], backend) for backend in (CUDA(), CPU())
    )
    for update, other in zip(updates, expected, strict=True):
        assert math.isclose(update.loss, other.loss, rel_tol=1e-5)
        assert math.isclose(update.norm, other.norm, rel_tol=1e-4)
        assert update.layer_norms == pytest.approx(other.layer_norms, rel=1e-4)
    for tensor, values in theirs.items():
        np.testing.assert_allclose(tensors[tensor], values, rtol=1e-4, atol=1e-6, err_msg=tensor)
    np.testing.assert_allclose(log_p, expected_log_p, rtol=1e-5, atol=1e-6)
    if isinstance(model, RecurrentModel):
        for found, other in zip(drawn(ours), drawn(model), strict=True):
            np.testing.assert_allclose(found, other, rtol=1e-4, atol=1e-5)
        traces, others = (one.trace(np.array([1, 4, 0])) for one in (ours, model))
        assert {*traces} == {*others}
        for part, values in others.items():
            np.testing.assert_allclose(traces[part], values, rtol=1e-4, atol=1e-5, err_msg=part)


@pytest.mark.parametrize(
    ("model_class", "settings", "shape", "n_targets"),
    [
        (MlpForecaster, MlpArSettings(window=4, hidden=(3,), activation="relu"), (5, 4), 5),
        (MlpForecaster, MlpArSettings(window=4, hidden=(3,), activation="tanh"), (5, 4), 5),
        (RnnForecaster, RnnArSettings(cell="gru", hidden=3), (3, 2), (3, 2)),
    ],
)
def test_a_forecaster_learns_what_it_learns_on_the_processor(model_class, settings, shape, n_targets):
    found, random = [], np.random.default_rng(1)
    x, targets = random.standard_normal(shape), random.standard_normal(n_targets)
    for backend in (CUDA(), CPU()):
        model = model_class(settings, backend)
        model.initialise(np.random.default_rng(1))
        gradient = backend.zeros(model.flat.shape, model.dtype)
        passed = model.gradient(x, targets, model.zero_state(shape[-1]), model.views(gradient))
        found.append([*passed, backend.to_host(gradient), model.forecast(np.arange(6.0), 2)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.fixture
def trained(corpus, tmp_path):
    """trained(device, **settings) -> the events of a training, and its run."""

    def train(device, **settings):
        session, path = Session(), tmp_path / device
        fields = {
            "hidden": 4,
            "embedding": 3,
            "batch": 2,
            "steps": 4,
            "epochs": 1,
            "sample_length": 0,
            "validation": "0",
            **settings,
        }
        short = tmp_path / "short.txt"
        short.write_text(corpus.read_text()[:60])
        command = build(COMMANDS["train", "gru"], {"corpus": (str(short),), "out": str(path), "device": device, **fields})
        return list(run(command, session)), path

    return train


def judged(path, device, **options):
    """The events of Score."""
    values = {"run": str(path), "source": str(path.parent / "short.txt"), "device": device, **options}
    return list(run(build(COMMANDS["score",], values), Session()))


def scored(path, device):
    return next(event for event in judged(path, device) if isinstance(event, TotalScore))


@slow_in_the_simulator
def test_a_run_of_either_device_is_read_by_the_other(trained):
    totals = [scored(trained(device)[1], other) for device, other in (("cuda", "cpu"), ("cpu", "cuda"))]
    assert math.isclose(totals[0].log_probability, totals[1].log_probability, rel_tol=1e-5)


def test_a_number_that_is_none_ends_training_and_the_last_good_state_is_kept(trained, tmp_path):
    with pytest.raises(DivergedError, match="diverged"):
        trained("cuda", lr=1e38, clip_norm=None, epochs=3)
    assert math.isfinite(scored(tmp_path / "cuda", "cpu").log_probability)


def test_a_model_that_never_computes_on_a_gpu_says_so_where_it_is_asked_to(tmp_path):
    (tmp_path / "short.txt").write_text("aabbab\n" * 4)
    words = {"corpus": (str(tmp_path / "short.txt"),), "out": str(tmp_path / "hmm"), "states": 2, "epochs": 1}
    list(run(build(COMMANDS["train", "hmm"], words), Session()))
    with pytest.raises(UsageError, match="A model of hmm computes on the processor: leave out --device cuda"):
        scored(tmp_path / "hmm", "cuda")
    assert scored(tmp_path / "hmm", "auto").tokens


@pytest.fixture
def full(monkeypatch):
    """full(n): memory runs out once n more arrays have been made."""

    def fill(n):
        made, make = [], cuda.device_array

        def device_array(shape, dtype):
            made.append(shape)
            if len(made) > n:
                raise RuntimeError("CUDA_ERROR_OUT_OF_MEMORY: the driver's word")
            return make(shape, dtype)

        context = SimpleNamespace(get_memory_info=lambda: (3_000_000, 24_000_000_000))
        monkeypatch.setattr(cuda, "device_array", device_array)
        monkeypatch.setattr(cuda, "current_context", lambda: context)

    return fill


def test_who_asks_for_the_gpu_is_told_that_its_memory_is_full(trained, full):
    full(5)
    with pytest.raises(DeviceError, match=r"no room for 0 MB more, 3 of its 24,000 MB are free: lower --batch or "):
        trained("cuda")


@pytest.mark.parametrize("n", [0, 20])
def test_who_leaves_it_open_goes_on_on_the_processor(trained, full, n):
    full(n)
    events, _ = trained("auto")
    assert any(isinstance(event, Note) and event.text.endswith("The processor goes on.") for event in events)
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("options", [{}, {"heat": True}], ids=str)
@pytest.mark.parametrize("n", [WEIGHTS - 1, WEIGHTS])
def test_what_a_full_gpu_cannot_score_the_processor_scores(trained, full, n, options):
    path = trained("cpu")[1]
    expected = judged(path, "cpu", **options)
    full(n)
    note, *events = judged(path, "auto", **options)
    assert note.text.endswith("3 of its 24,000 MB are free: use --device cpu. The processor goes on.")
    assert events == expected
    with pytest.raises(DeviceError, match="are free: use --device cpu"):
        judged(path, "cuda", **options)


@pytest.fixture
def pipe(monkeypatch):
    """Standard input that gives one line."""
    reader, writer = os.pipe()
    os.write(writer, b"the red hen\n")
    os.close(writer)
    with io.TextIOWrapper(os.fdopen(reader, "rb")) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield


def test_the_processor_reads_the_pipe_that_a_full_gpu_did_not_come_to(trained, full, pipe):
    path = trained("cpu")[1]
    full(WEIGHTS - 1)
    note, line, _ = judged(path, "auto", source="-")
    assert isinstance(note, Note)
    assert line.text == "the red hen"


def test_what_has_been_read_from_a_pipe_is_not_read_again(trained, full, pipe):
    path = trained("cpu")[1]
    full(WEIGHTS)
    with pytest.raises(DeviceError, match="are free: use --device cpu"):
        judged(path, "auto", source="-")
