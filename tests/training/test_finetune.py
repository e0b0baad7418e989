"""--from RUN: another run's weights and vocabulary are where training starts."""

import numpy as np
import pytest

from seqterm.errors import UsageError
from seqterm.events import Note, Validation
from seqterm.store.run_folder import RunFolder
from tests.conftest import TEXT, TINY

TRAINING = {key: value for key, value in TINY.items() if key not in ("hidden", "embedding")}


@pytest.fixture
def finetune(begin, tiny_run, tmp_path):
    """finetune(text, ...) -> the run's path and the iterator of events."""

    def call(text=TEXT, model="lstm", **values):
        corpus = tmp_path / "more.txt"
        corpus.write_text(text)
        return tmp_path / "fine", begin(
            "train", model, corpus=(str(corpus),), out=str(tmp_path / "fine"), from_run=str(tiny_run), **{**TRAINING, **values}
        )

    return call


def weights(tensors):
    return {name: tensor for name, tensor in tensors.items() if name.split(".")[0] not in ("optimiser", "carried")}


def test_training_starts_from_those_weights(finetune, tiny_run, checkpoint):
    run, events = finetune()
    for _ in range(2):  # started, and the first checkpoint
        next(events)
    tensors, counters = checkpoint(run)
    expected = weights(checkpoint(tiny_run, "best")[0])
    assert counters["step"] == 0
    assert weights(tensors).keys() == expected.keys()
    for name, tensor in expected.items():
        np.testing.assert_array_equal(tensors[name], tensor)
    assert not any(tensors[name].any() for name in tensors.keys() - expected.keys())


def test_it_starts_from_the_best_weights_not_the_last(do, worsening, checkpoint, tmp_path):
    base, fine = str(tmp_path / "base"), str(tmp_path / "fine")
    do("train", "lstm", out=base, **{**TINY, **worsening, "epochs": 4})
    do("train", "lstm", out=fine, from_run=base, **{**TRAINING, **worsening, "lr": 1e-30, "optimizer": "sgd"})
    np.testing.assert_array_equal(checkpoint(fine)[0]["0.W_h"], checkpoint(base, "best")[0]["0.W_h"])


def test_it_goes_on_lower_than_it_began(finetune, do, tiny_run):
    _, events = finetune()
    first = next(event for event in events if isinstance(event, Validation))
    base = next(event for event in do("info", run=str(tiny_run))).progress["best_loss"]
    assert first.validation_loss < base


def test_the_base_run_stays_as_it_was(finetune, tiny_run):
    before = {path: path.read_bytes() for path in tiny_run.rglob("*") if path.is_file()}
    list(finetune()[1])
    assert {path: path.read_bytes() for path in tiny_run.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"hidden": 13}, "--hidden"),
        ({"embedding": 9}, "--embedding"),
        ({"layers": 2}, "--layers"),
        ({"bias": False}, "--bias"),
        ({"input": "onehot"}, "--input"),
        ({"precision": "float64"}, "--precision"),
        ({"tokens": "byte"}, "--tokens"),
        ({"model": "gru"}, "train lstm"),
    ],
)
def test_settings_that_conflict_are_refused_and_leave_nothing(finetune, tmp_path, values, named):
    _, events = finetune(**values)
    with pytest.raises(UsageError, match=named):
        list(events)
    assert not (tmp_path / "fine").exists()


def test_settings_that_agree_and_another_dropout_are_taken(finetune):
    run, events = finetune(hidden=12, embedding=8, tokens="char", dropout=0.5)
    list(events)
    settings = RunFolder(run).read_description()[0]["model_settings"]
    assert (settings["hidden"], settings["dropout"]) == (12, 0.5)


def test_what_is_not_given_comes_from_the_base_run_not_from_defaults(finetune):
    run, events = finetune()
    list(events)
    settings = RunFolder(run).read_description()[0]["model_settings"]
    assert (settings["hidden"], settings["embedding"]) == (12, 8)


def test_tokens_that_the_base_run_has_never_seen_are_left_out_with_a_note(finetune, tiny_run):
    run, events = finetune(TEXT.replace("hen", "hén") + "§")
    note = next(event for event in events if isinstance(event, Note))
    list(events)
    n_unknown = TEXT.count("hen") + 1
    assert str(n_unknown) in note.text
    assert str(tiny_run) in note.text
    assert RunFolder(run).read_description()[0]["corpus"]["written_tokens"] == len(TEXT) - (n_unknown - 1)
    assert (run / "vocabulary.json").read_bytes() == (tiny_run / "vocabulary.json").read_bytes()


def test_no_note_where_all_tokens_are_known(finetune):
    assert not [event for event in finetune()[1] if isinstance(event, Note)]


def test_a_fine_tuned_run_resumes_bit_for_bit(finetune, do, stop_at, checkpoint, tmp_path):
    run, events = finetune()
    list(events)
    expected = checkpoint(run)[0]
    run.rename(tmp_path / "whole")
    run, events = finetune()
    stop_at(events, 10)
    do("train", "--resume", run=str(run))
    for name, tensor in checkpoint(run)[0].items():
        np.testing.assert_array_equal(tensor, expected[name], err_msg=name)
