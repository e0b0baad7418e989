"""The neural n-gram through the one way in: trained, resumed, begun from another run or from vectors, asked, packed."""

import numpy as np
import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import TrainNnlm
from seqterm.app.loaded import LoadedModel
from seqterm.app.run import run
from seqterm.errors import UsageError
from seqterm.events import Finished, Neighbour, Note, Sampled, Step, Stopped
from tests.conftest import TINY

NNLM = {**TINY, "order": 4}


@pytest.fixture
def train(do, corpus, tmp_path):
    """train(name, ...) -> the run's path"""

    def call(name="run", **values):
        do("train", "nnlm", corpus=(str(corpus),), out=str(tmp_path / name), **{**NNLM, **values})
        return str(tmp_path / name)

    return call


@pytest.fixture
def begin_and_stop(corpus, tmp_path, session):
    """begin_and_stop(name, step) -> the path of a run that was stopped there"""

    def call(name, step):
        command = build(TrainNnlm, {"corpus": (str(corpus),), "out": str(tmp_path / name), **NNLM})
        for event in run(command, session):
            session.stop = isinstance(event, Step) and event.step == step
        assert isinstance(event, Stopped)
        return str(tmp_path / name)

    return call


def loaded(run, session):
    return LoadedModel.open(run, session.backend)


def weights(run, session):
    return loaded(run, session).model.tensors()


def equal(one, other):
    assert one.keys() == other.keys()
    for name, tensor in other.items():
        np.testing.assert_array_equal(one[name], tensor, err_msg=name)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"direct": True},
        {"tied": True, "embedding": 12},
        {"tokens": "word", "sentences": "line", "batching": "sentence"},
        {"tokens": "word", "vocab_size": 10, "steps": 8},
    ],
    ids=str,
)
def test_it_learns_and_does_what_every_language_model_does(train, do, session, corpus, form):
    run = train(epochs=8, lr=0.01, **form)
    (info,) = do("info", run=run)
    losses = [loss["validation_loss"] for loss in info.losses]
    assert losses[-1] < 0.7 * losses[0]
    (sample,) = (event for event in do("sample", run=run, length=15, seed=1) if isinstance(event, Sampled))
    assert sample.text
    total = do("score", run=run, source=str(corpus))[-1]
    assert 1 < total.perplexity < np.exp(losses[0])
    *tokens, _ = do("next", run=run, prompt="the", top=1000)
    assert sum(token.probability for token in tokens) == pytest.approx(1, rel=0, abs=1e-6)
    assert set(loaded(run, session).trace("the hen")) == {"hidden.h"}


def test_stopped_and_resumed_it_ends_with_the_same_weights(train, do, begin_and_stop, session):
    whole = weights(train("whole"), session)
    stopped = begin_and_stop("stopped", 9)
    assert isinstance(do("train", "--resume", run=stopped)[-1], Finished)
    equal(weights(stopped, session), whole)


def test_training_goes_on_from_another_run(train, session):
    base = train("base")
    fine = train("fine", from_run=base, lr=1e-30, optimizer="sgd", epochs=1)
    equal(weights(fine, session), weights(base, session))
    with pytest.raises(UsageError, match=r"--order 3 does not fit --from .*, which has 4"):
        train("other", from_run=base, order=3)


def test_it_begins_with_known_vectors_and_its_own_are_asked(train, do, session, tmp_path, corpus):
    (tmp_path / "vectors.txt").write_text("the 1 0 0\nhen 0 1 0\nhas 0 0 1\n")
    given = {"tokens": "space", "vectors": str(tmp_path / "vectors.txt"), "lr": 1e-30, "optimizer": "sgd", "steps": 4}
    values = {key: value for key, value in NNLM.items() if key != "embedding"} | given
    notes = do("train", "nnlm", corpus=(str(corpus),), out=str(tmp_path / "words"), **values)
    assert Note("3 of 19 tokens begin with a given vector.") in notes
    model = loaded(str(tmp_path / "words"), session)
    np.testing.assert_array_equal(
        model.model.parameters["embedding"]["table"][model.vocabulary.tokens.index("hen")].round(20), [0, 1, 0]
    )
    nearest = do("similar", vectors=str(tmp_path / "words"), words=("hen",), top=2)
    assert [type(event) for event in nearest] == [Neighbour, Neighbour]


def test_a_run_is_packed_and_unpacked(train, do, session, tmp_path):
    run = train()
    do("runs", "export", run=run, file=str(tmp_path / "run.tar"))
    do("runs", "import", file=str(tmp_path / "run.tar"), out=str(tmp_path / "again"))
    equal(weights(str(tmp_path / "again"), session), weights(run, session))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"order": 1}, "--order must be at least 2"),
        ({"tied": True, "direct": True}, "--tied does not go with --direct"),
        ({"tied": True}, "--tied needs --embedding 12"),
        ({"init": "orthogonal"}, "--init must be one of xavier, uniform"),
    ],
)
def test_settings_that_cannot_be(train, values, message, tmp_path):
    with pytest.raises(UsageError, match=message):
        train(**values)
    assert not (tmp_path / "run").exists()
