"""Whether a run is sound, and that it is seen where it is not."""

import numpy as np
import pytest

from seqterm.errors import DataError, SeqtermError
from seqterm.events import Checked
from seqterm.models.recurrent import RecurrentModel
from tests.conftest import TINY


def test_a_sound_run(do, tiny_run):
    (found,) = do("check", run=str(tiny_run))
    assert isinstance(found, Checked)
    assert sorted(found.files) == ["28.safetensors", "config.json", "vocabulary.json"]
    assert (found.contexts, found.vocabulary_size) == (64 * 33, len(do("next", run=str(tiny_run), top=1000)) - 1)
    assert 0 < found.sum_deviation < 1e-5
    assert 0 <= found.step_deviation < 1e-5
    assert found.tolerance == pytest.approx(3.45e-4, rel=0.01)


def test_contexts_follow_the_seed_and_may_stand_in_a_text(do, tiny_run, corpus, tmp_path):
    figures = [do("check", run=str(tiny_run), seed=seed)[0].step_deviation for seed in (1, 1, 2, 3)]
    assert figures[0] == figures[1]
    assert len(set(figures)) > 1
    (of_text,) = do("check", run=str(tiny_run), source=str(corpus))
    assert of_text.contexts == 64 * 33
    (tmp_path / "short.txt").write_text("the")
    (short,) = do("check", run=str(tiny_run), source=str(tmp_path / "short.txt"), contexts=2)
    assert short.contexts == 2 * 4


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("form", [{}, {"tokens": "word", "sentences": "line", "batching": "sentence"}], ids=str)
@pytest.mark.parametrize("model", ["lstm", "nnlm"])
def test_every_language_model_is_checked(do, corpus, tmp_path, model, form, precision):
    run = str(tmp_path / "run")
    do("train", model, corpus=(str(corpus),), out=run, **{**TINY, "precision": precision, "sample_length": 0, **form})
    (found,) = do("check", run=run, contexts=8)
    rounding = {"float32": 1e-5, "float64": 1e-12}[precision]
    assert found.sum_deviation < rounding
    assert found.step_deviation < rounding


def test_a_model_whose_probabilities_do_not_sum_to_one_is_shown_and_refused(do, tiny_run, monkeypatch):
    advance = RecurrentModel.advance

    def wrong(self, state, tokens):
        state, log_p = advance(self, state, tokens)
        return state, log_p + np.float32(0.002)

    monkeypatch.setattr(RecurrentModel, "advance", wrong)
    seen = []
    with pytest.raises(SeqtermError, match=r"tiny is not sound: its probabilities do not sum to one, by 0\.002\."):
        seen.extend(do("check", run=str(tiny_run)))


def test_a_model_that_scores_otherwise_than_it_steps_is_refused(do, tiny_run, monkeypatch):
    score = RecurrentModel.score

    def wrong(self, state, ids, targets):
        state, log_p = score(self, state, ids, targets)
        return state, log_p * np.float32(1.01)

    monkeypatch.setattr(RecurrentModel, "score", wrong)
    with pytest.raises(SeqtermError, match="advance and score disagree"):
        do("check", run=str(tiny_run))


@pytest.mark.parametrize("name", ["config.json", "vocabulary.json", "checkpoints/28.safetensors"])
def test_a_changed_file_is_found(do, tiny_run, name):
    path = tiny_run / name
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError):
        do("check", run=str(tiny_run))


def test_the_last_checkpoint_is_looked_at_though_the_best_is_loaded(do, tmp_path):
    text, held_out = tmp_path / "a.txt", tmp_path / "b.txt"
    text.write_text("ab" * 400)
    held_out.write_text("ba" + "bbaa" * 20)
    run = tmp_path / "run"
    do("train", "lstm", corpus=(str(text),), validation=str(held_out), out=str(run), **{**TINY, "lr": 0.02, "epochs": 4})
    assert len(do("check", run=str(run))[0].files) == 4
    last = max((run / "checkpoints").iterdir(), key=lambda path: int(path.stem))
    last.write_bytes(last.read_bytes()[:-1])
    with pytest.raises(DataError, match="its checksum does not fit"):
        do("check", run=str(run))
