"""The same prompt and seed over the checkpoints that training kept."""

import pytest

from seqterm.app.loaded import LoadedModel
from seqterm.errors import UsageError
from seqterm.events import Note, Saved, TrainingSample
from seqterm.store.run_folder import RunFolder
from tests.conftest import TINY

KEPT = {**TINY, "epochs": 5, "keep_checkpoints": 3}


@pytest.fixture
def kept_run(do, corpus, tmp_path):
    do("train", "gru", corpus=(str(corpus),), out=str(tmp_path / "kept"), **KEPT)
    return tmp_path / "kept"


def steps_of(path):
    return list(RunFolder(path).checkpoints())


def test_training_keeps_its_last_checkpoints(do, corpus, tmp_path):
    events = do("train", "gru", corpus=(str(corpus),), out=str(tmp_path / "kept"), **KEPT)
    saved = sorted({event.step for event in events if isinstance(event, Saved)})
    assert set(saved[-4:]) <= set(steps_of(tmp_path / "kept")) < set(saved)


def test_a_sample_of_each(do, session, kept_run):
    found = do("sample", run=str(kept_run), time_machine=True, prompt="the ", length=12, seed=3)
    assert [event.step for event in found] == steps_of(kept_run)
    for event, name in zip(found, RunFolder(kept_run).checkpoints().values(), strict=True):
        model = LoadedModel.open(str(kept_run), session.backend, name)
        assert event.text == "the " + model.sample("the ", length=12, seed=3)
    assert len({event.text for event in found}) > 1


def test_without_a_seed_all_have_the_same_one(do, kept_run, monkeypatch):
    seeds = iter([7, 8, 9, 10, 11])
    monkeypatch.setattr("secrets.randbits", lambda bits: next(seeds))
    drawn = do("sample", run=str(kept_run), time_machine=True, length=12)
    assert drawn == do("sample", run=str(kept_run), time_machine=True, length=12, seed=7)


def test_a_resumed_run_goes_on_keeping_and_reaches_the_same_weights(do, corpus, kept_run, tmp_path):
    do("train", "gru", corpus=(str(corpus),), out=str(tmp_path / "short"), **{**KEPT, "epochs": 3})
    do("train", "--resume", run=str(tmp_path / "short"), epochs=5)
    assert steps_of(tmp_path / "short") == steps_of(kept_run)
    for name in RunFolder(kept_run).checkpoints().values():
        one, other = (RunFolder(path).load_checkpoint(name)[0] for path in (kept_run, tmp_path / "short"))
        assert all((one[tensor] == other[tensor]).all() for tensor in one)


def test_kept_checkpoints_travel_with_the_run(do, kept_run, tmp_path):
    do("runs", "export", run=str(kept_run), file=str(tmp_path / "x.tar"))
    do("runs", "import", file=str(tmp_path / "x.tar"), out=str(tmp_path / "again"))
    assert steps_of(tmp_path / "again") == steps_of(kept_run)


def test_each_iteration_of_a_hidden_markov_model_is_kept(do, corpus, tmp_path):
    how = {"states": 3, "epochs": 6, "tolerance": 0.0, "keep_checkpoints": 4}
    do("train", "hmm", corpus=(str(corpus),), out=str(tmp_path / "kept"), **how)
    do("train", "hmm", corpus=(str(corpus),), out=str(tmp_path / "short"), **{**how, "epochs": 4})
    do("train", "--resume", run=str(tmp_path / "short"), epochs=6)
    for name in ("kept", "short"):
        assert steps_of(tmp_path / name) == [2, 3, 4, 5, 6]
    found = do("sample", run=str(tmp_path / "kept"), time_machine=True, length=40, seed=3)
    assert found == do("sample", run=str(tmp_path / "short"), time_machine=True, length=40, seed=3)
    assert [event.step for event in found] == [2, 3, 4, 5, 6]


def test_one_checkpoint_is_noted(do, tiny_run):
    note, sample, *_ = do("sample", run=str(tiny_run), time_machine=True, length=5)
    assert isinstance(note, Note)
    assert isinstance(sample, TrainingSample)


def test_what_is_counted_has_no_earlier_checkpoints(do, corpus, tmp_path):
    do("train", "ngram", corpus=(str(corpus),), out=str(tmp_path / "n"))
    with pytest.raises(UsageError, match="n was counted in one step: there are no earlier checkpoints"):
        do("sample", run=str(tmp_path / "n"), time_machine=True, length=5)


@pytest.mark.parametrize("values", [{"samples": 2}, {"choices": 2}], ids=str)
def test_what_is_not_one_whole_sample_is_refused(do, kept_run, values):
    with pytest.raises(UsageError, match=f"leave --{next(iter(values))} out"):
        do("sample", run=str(kept_run), time_machine=True, **values)
