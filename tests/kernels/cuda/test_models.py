"""Models without layers on the device: n-grams score there, word vectors are learned there; the rest is the processor's."""

import math
from pathlib import Path

import numpy as np
import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS, Resume
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.backends.cpu import CPU
from seqterm.backends.cuda import CUDA
from seqterm.errors import DataError, UsageError
from seqterm.events import Finished, Note, Step, Stopped, TotalScore
from seqterm.kernels.cuda import word2vec as device
from seqterm.models.ngram import NgramModel
from seqterm.models.settings import Word2vecSettings
from seqterm.models.word2vec import Word2vec
from seqterm.store.run_folder import RunFolder
from seqterm.training.settings import VectorTrainingSettings
from tests.models.ngrams import PROBLEMS

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")  # the simulator multiplies in numpy
SENTENCES = "a red hen sat\nthe red fox ran\na hen ran\n"
SMALL = {"dim": 3, "window": 2, "negative": 2, "subsample": 0.0, "min_count": 1, "epochs": 1, "threads": 2}


def command(*path, **values):
    return list(run(build(COMMANDS[path], values), Session()))


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(SENTENCES)
    return str(path)


# n-grams


def twins(name, smoothing, order):
    """The problem, its model, and one on the device that holds the same trie, which cannot be written, as if mapped."""
    problem = PROBLEMS[name]
    model = problem.model(order, smoothing)
    twin = NgramModel(model.settings, model.vocabulary_size, CUDA(), model.start_token)
    for tensor in model.tensors().values():
        tensor.flags.writeable = False
    twin.load(model.tensors())
    return problem, model, twin


@pytest.mark.parametrize(
    ("name", "smoothing", "order"), [("some", "kneser-ney", 3), ("some", "katz", 1), ("stream", "add-k", 2), ("stream", "mle", 1)]
)
def test_a_model_of_n_grams_scores_on_the_device_what_it_scores_on_the_processor(name, smoothing, order):
    problem, model, twin = twins(name, smoothing, order)
    assert all(twin.tensors()[tensor] is values for tensor, values in model.tensors().items())
    ids = problem.ids[:12]
    bounds = np.array([0, 5, len(ids)])
    for found, wanted in zip(
        twin.score_texts(ids, bounds[:-1], bounds[1:]), model.score_texts(ids, bounds[:-1], bounds[1:]), strict=True
    ):
        assert found.dtype == wanted.dtype
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
    rows, targets = ids[:6].reshape(3, 2), ids[1:7].reshape(3, 2)
    state, log_p = model.score(model.zero_state(2), rows, targets)
    after, found = twin.score(twin.zero_state(2), rows, targets)
    np.testing.assert_array_equal(after, state)
    np.testing.assert_allclose(found, log_p, rtol=1e-6, atol=1e-6)


def test_a_trie_is_copied_to_the_device_once_and_anew_when_another_is_loaded(monkeypatch):
    problem, model, twin = twins("some", "kneser-ney", 2)
    copied, to_device = [], twin.backend.to_device
    monkeypatch.setattr(twin.backend, "to_device", lambda array: copied.append(array) or to_device(array))
    ids, begins, ends = problem.ids[:5].astype(np.int32), np.array([0]), np.array([5])

    def tries():
        return sum(array is model.tensors()["words"] for array in copied)

    twin.advance(*twin.start(1)[:1], ids[:1])
    twin.trace(ids)
    assert tries() == 0
    for _ in range(2):
        twin.score_texts(ids, begins, ends)
        assert tries() == 1
    twin.load(model.tensors())
    twin.score_texts(ids, begins, ends)
    assert tries() == 2


def test_a_run_of_n_grams_is_scored_on_the_device(text, tmp_path):
    path = str(tmp_path / "run")
    command("train", "ngram", corpus=(text,), out=path, order=2, tokens="space", validation="0")
    for ways in ({}, {"stream": True}):
        totals = [command("score", run=path, source=text, device=device, **ways)[-1] for device in ("cuda", "cpu")]
        assert all(isinstance(total, TotalScore) for total in totals)
        assert math.isclose(totals[0].log_probability, totals[1].log_probability, rel_tol=1e-6)
        assert totals[0].tokens == totals[1].tokens


# Word vectors


@pytest.fixture
def like_one_thread(monkeypatch):
    """One block, which no other comes across, and a rate that does not fall: the device looks at that more often."""
    monkeypatch.setattr(device, "limits", lambda: (1, 0))
    monkeypatch.setattr(device, "BLOCKS_EACH", 1)
    monkeypatch.setattr(Word2vec, "_rate_at", lambda model, epoch, place: model._rate)


def vectors_on(backend, threads=1, **settings):
    """A model that is ready to learn from a few words, and its ids."""
    ids = np.array([0, 1, 2, 3, 1, -1, 2, 0, 4, 1, 3, 0], np.int32)
    ids.flags.writeable = False  # as those of a mapped file
    settings = Word2vecSettings(**{"dim": 3, "window": 2, "negative": 2, "subsample": 0.0, **settings})
    words = ["red", "hen", "fox", "ran", "a"]
    model = Word2vec(settings, words, np.bincount(ids[ids >= 0]), backend)
    model.initialise(np.random.default_rng(3))
    model.prepare(ids, VectorTrainingSettings(threads=threads, lr=0.5))
    return model


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss": "hierarchical", "architecture": "cbow"},
        {"min_ngram": 2, "max_ngram": 2, "buckets": 7, "precision": "float64"},
    ],
    ids=["negative", "hierarchical", "n-grams"],
)
def test_word_vectors_are_learned_as_by_one_thread(like_one_thread, settings):
    found, wanted = (vectors_on(backend, **settings) for backend in (CUDA(), CPU(1)))
    for name, tensor in wanted.tensors().items():
        np.testing.assert_array_equal(found.tensors()[name], tensor)
    (loss, *counts), (wanted_loss, *wanted_counts) = found.train_stretch(0, 0), wanted.train_stretch(0, 0)
    assert math.isclose(loss, wanted_loss, rel_tol=1e-5)
    assert counts == wanted_counts
    for name, tensor in wanted.tensors().items():
        assert isinstance(found.tensors()[name], np.ndarray)
        np.testing.assert_allclose(found.tensors()[name], tensor, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.vectors(), wanted.vectors(), rtol=1e-4, atol=1e-6)
    if "max_ngram" in settings:
        np.testing.assert_allclose(found.vector_of_unknown("hens"), wanted.vector_of_unknown("hens"), rtol=1e-4, atol=1e-6)


def test_vectors_are_loaded_or_stay_as_they_were():
    model, before = vectors_on(CUDA()), vectors_on(CPU(1)).tensors()
    with pytest.raises(DataError, match="output_vectors"):
        model.load({"input_vectors": np.ones((5, 3), np.float32)})
    np.testing.assert_array_equal(model.tensors()["input_vectors"], before["input_vectors"])
    others = {name: np.full((5, 3), i, np.float32) for i, name in enumerate(before, 1)}
    model.load(others)
    np.testing.assert_array_equal(model.vectors("sum"), np.full((5, 3), 3, np.float32))


def test_a_stretch_is_as_long_on_every_device(monkeypatch):
    """So that a run goes on on another: it is counted in stretches.  Whatever its threads, the device has one worker."""
    monkeypatch.setattr("seqterm.models.word2vec.STRETCH", 2)
    calls = []
    monkeypatch.setattr(device, "train", lambda ids, begin, first, last, *others: calls.append((first, last)) or (0.0, 0))
    found, wanted = (vectors_on(backend, threads=3) for backend in (CUDA(), CPU(1)))
    assert found.stretches == wanted.stretches == 2
    found.train_stretch(0, 1)
    assert calls == [(6, 12)]


@pytest.fixture
def train(text, tmp_path):
    """train(device, ...) -> events and the run's path"""

    def call(device, **values):
        path = str(tmp_path / device)
        return command("train", "word2vec", out=path, device=device, **{"corpus": (text,), **SMALL, **values}), path

    return call


def tensors_of(path):
    return RunFolder(Path(path)).load_checkpoint("last")[0]


def test_a_command_learns_word_vectors_on_the_device(train, like_one_thread, monkeypatch):
    used = []
    learn = device.train
    monkeypatch.setattr(device, "train", lambda *arguments: used.append(1) or learn(*arguments))
    events, path = train("cuda")
    assert isinstance(events[-1], Finished)
    assert used == [1]
    _, other = train("cpu", threads=1)
    for name, tensor in tensors_of(other).items():
        np.testing.assert_allclose(tensors_of(path)[name], tensor, rtol=1e-4, atol=1e-6)
    assert len(command("similar", vectors=path, words=("hen",), top=2)) == 2


@pytest.mark.parametrize("devices", [("cuda", "cpu"), ("cpu", "cuda")])
def test_a_run_goes_on_on_the_other_device(text, tmp_path, like_one_thread, devices):
    whole, path, session = str(tmp_path / "whole"), str(tmp_path / "part"), Session()
    given = {"corpus": (text,), **SMALL, "threads": 1, "epochs": 2}
    command("train", "word2vec", out=whole, device="cpu", **given)
    for event in run(build(COMMANDS["train", "word2vec"], {"out": path, "device": devices[0], **given}), session):
        session.stop = session.stop or isinstance(event, Step)
    assert isinstance(event, Stopped)
    assert isinstance(list(run(Resume(run=path, device=devices[1]), Session()))[-1], Finished)
    for name, tensor in tensors_of(whole).items():
        np.testing.assert_allclose(tensors_of(path)[name], tensor, rtol=1e-4, atol=1e-6)


REFUSED = [
    ({"loss": "softmax"}, "with --loss softmax: choose another loss"),
    ({"deterministic": True}, "is --deterministic: leave that out"),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED)
def test_what_the_device_does_not_do_is_refused_before_the_text_is_read(train, settings, message):
    with pytest.raises(UsageError, match=message) as caught:
        train("cuda", corpus=("nowhere.txt",), **settings)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("settings", "message"), REFUSED)
def test_the_processor_does_it_where_nobody_insists(train, settings, message):
    events, _ = train("auto", **settings)
    notes = [event.text for event in events if isinstance(event, Note)]
    assert [message in note and note.endswith("The processor goes on.") for note in notes] == [True]
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize(("settings", "message"), REFUSED)
def test_nor_does_a_run_go_on_with_it(text, tmp_path, settings, message):
    path, session = str(tmp_path / "run"), Session()
    values = {"corpus": (text,), "out": path, "device": "cpu", **SMALL, **settings}
    for _ in run(build(COMMANDS["train", "word2vec"], values), session):
        session.stop = True
    with pytest.raises(UsageError, match=message):
        list(run(Resume(run=path, device="cuda"), Session()))
    assert isinstance(list(run(Resume(run=path, device="auto"), Session()))[-1], Finished)
