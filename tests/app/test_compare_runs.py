"""Loss curves and settings of several runs."""

import pytest

from seqterm.errors import DataError, UsageError
from seqterm.events import RunCurves, SettingDiffers, Step, Validation
from tests.conftest import TINY


@pytest.fixture
def other_run(do, corpus, tmp_path):
    path = tmp_path / "other"
    do("train", "gru", corpus=(str(corpus),), out=str(path), **{**TINY, "lr": 0.01})
    return path


def test_curves_are_those_of_the_training(do, corpus, tmp_path, tiny_run):
    events = do("train", "gru", corpus=(str(corpus),), out=str(tmp_path / "g"), **TINY)
    one, other, *_ = do("runs", "compare", runs=(str(tiny_run), str(tmp_path / "g")))
    assert (one.model, other.model) == ("lstm", "gru")
    assert other.training == [(event.step, event.loss) for event in events if isinstance(event, Step)]
    assert other.held_out == [(event.step, event.validation_loss) for event in events if isinstance(event, Validation)]
    assert other.best == min(loss for _, loss in other.held_out)


def test_what_differs_is_listed_and_nothing_else(do, tiny_run, other_run):
    found = {
        e.name: e.values for e in do("runs", "compare", runs=(str(tiny_run), str(other_run))) if isinstance(e, SettingDiffers)
    }
    assert found.pop("model") == ["lstm", "gru"]
    assert found.pop("lr") == [0.002, 0.01]
    assert found.pop("forget_bias") == [1.0, None]
    assert set(found) == {"parameters", "reset", "update_gate"}


def test_a_copy_does_not_differ(do, tiny_run, tmp_path):
    tiny_run.rename(tmp_path / "first")
    do("runs", "export", run=str(tmp_path / "first"), file=str(tmp_path / "x.tar"))
    do("runs", "import", file=str(tmp_path / "x.tar"), out=str(tmp_path / "second"))
    events = do("runs", "compare", runs=(str(tmp_path / "first"), str(tmp_path / "second")))
    assert [type(event) for event in events] == [RunCurves, RunCurves]


def test_one_run_is_too_few(do, tiny_run):
    with pytest.raises(UsageError, match="Name two runs or more"):
        do("runs", "compare", runs=(str(tiny_run),))


def test_losses_of_different_units_are_refused(do, corpus, tiny_run, tmp_path):
    do("train", "word2vec", corpus=(str(corpus),), out=str(tmp_path / "v"), min_count=1, dim=4, epochs=1)
    with pytest.raises(UsageError, match=r"Curves cannot be drawn over each other: losses of .*tiny are nats a token"):
        do("runs", "compare", runs=(str(tiny_run), str(tmp_path / "v")))


def test_a_run_that_is_not_there_is_named(do, tiny_run):
    with pytest.raises(DataError, match="There is no run at"):
        do("runs", "compare", runs=(str(tiny_run), "nowhere"))
