"""--batching sentence: each sentence is an example of its own; and what words and sentences need of --from and resume."""

import itertools

import numpy as np
import pytest

from seqterm.errors import UsageError
from seqterm.evaluation.lines import score_sentences
from seqterm.models.network import Window
from seqterm.store.run_folder import RunFolder
from seqterm.text.stream import open_ids, ragged
from seqterm.text.vocabulary import END, START, UNKNOWN
from seqterm.training.settings import TrainingSettings
from seqterm.training.update import Updater
from tests.conftest import TEXT, TINY
from tests.models.networks import CELLS, gradients, network

SENTENCES = [np.array(ids) for ids in ([0, 3, 1, 4, 2, 1], [0, 4, 1], [0, 2, 2, 3], [0, 1])]
WORDS = TINY | {"tokens": "word", "sentences": "line", "batching": "sentence", "vocab_size": 14}
FINE = {key: value for key, value in TINY.items() if key not in ("hidden", "embedding")}


def window_of(model, sentences):
    batch = ragged(sentences)
    return Window(batch.ids, batch.targets, batch.lengths, model.zero_state(len(sentences)))


# Gradients


@pytest.mark.parametrize("values", [{}, {"truncate": 1}], ids=["whole", "truncated"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_of_a_ragged_batch_is_the_sum_over_its_sentences_alone(cell, values):
    model = network(cell, precision="float64")
    _, together, _, log_p, _ = gradients(model, window_of(model, SENTENCES), **values)
    alone = [gradients(model, window_of(model, [sentence]), **values) for sentence in SENTENCES]
    np.testing.assert_allclose(together, sum(flat for _, flat, *_ in alone), rtol=1e-10, atol=1e-12)
    assert log_p == pytest.approx(sum(one[3] for one in alone), rel=1e-12)


def test_an_update_is_by_the_mean_over_the_tokens_of_all_sentences():
    model = network("gru-after-keep", precision="float64")
    _, expected, _, log_p, _ = gradients(model, window_of(model, SENTENCES), scale=1 / 11)
    before = model.flat.copy()
    plain = TrainingSettings(optimizer="sgd", batch=4, clip_norm=None, threads=3)
    update = Updater(model, plain).update(ragged(SENTENCES), 1.0, 0)
    np.testing.assert_allclose(before - model.flat, expected, rtol=1e-10, atol=1e-12)
    assert (update.tokens, update.loss) == (11, pytest.approx(-log_p / 11, rel=1e-12))


def test_what_was_read_before_does_not_matter_to_a_sentence():
    changes = []
    for first in (SENTENCES, [sentence[::-1] for sentence in SENTENCES]):
        model = network("lstm", precision="float64")
        updater = Updater(model, TrainingSettings(optimizer="sgd", batch=4, clip_norm=None, threads=2))
        updater.update(ragged(first), 0.0, 0)
        updater.update(ragged(SENTENCES), 1.0, 1)
        changes.append(model.flat.copy())
    np.testing.assert_array_equal(*changes)


# Runs


@pytest.fixture
def new_run(corpus, tmp_path):
    """new_run("name", ...) -> what trains it on sentences."""
    return lambda name, **values: {**WORDS, "corpus": (str(corpus),), "out": str(tmp_path / name), **values}


@pytest.mark.parametrize("step", [1, 6, 9, 13])
def test_resumed_after_a_stop_in_the_middle_of_an_epoch(begin, do, stop_at, new_run, checkpoint, losses, step):
    more = {"layers": 2, "dropout": 0.3, "optimizer": "adam", "validate_every": 4}
    do("train", "gru", **new_run("whole", **more))
    whole, broken = new_run("whole", **more)["out"], new_run("broken", **more)["out"]
    stopped = stop_at(begin("train", "gru", **new_run("broken", **more)), step)[-1]
    assert stopped.step == step
    do("train", "--resume", run=broken)
    for name, tensor in checkpoint(whole)[0].items():
        np.testing.assert_array_equal(checkpoint(broken)[0][name], tensor, err_msg=name)
    assert losses(broken) == losses(whole)


def test_validation_scores_each_sentence_from_the_start(do, new_run, session, losses):
    values = new_run("run")
    do("train", "lstm", **values)
    loaded, folder = session.load(values["out"]), RunFolder(session.load(values["out"]).folder.path)
    text = loaded.config["corpus"]
    ids = open_ids(folder.path / "tokens.bin", loaded.vocabulary, text["written_tokens"])[text["training_tokens"] :]
    score = score_sentences(loaded.model, ids, loaded.vocabulary.special[START])
    best = min(line["validation_loss"] for line in losses(values["out"]) if line["event"] == "validation")
    assert best == pytest.approx(score.loss, rel=1e-9)
    total = 0.0
    bounds = [*np.flatnonzero(ids == loaded.vocabulary.special[START]), len(ids)]
    for begin, end in itertools.pairwise(bounds):
        _, log_p = loaded.model.score(
            loaded.model.zero_state(1), ids[begin : end - 1, None].astype(np.int64), ids[begin + 1 : end, None]
        )
        total += float(log_p.sum())
    assert score.log_probability == pytest.approx(total, rel=1e-5)
    assert score.tokens == len(ids) - (len(bounds) - 1)


@pytest.mark.parametrize("share", ["0.1", "0.33"])
def test_held_out_text_begins_where_a_sentence_begins(do, new_run, session, share):
    values = new_run("run", validation=share)
    do("train", "elman", **values)
    loaded = session.load(values["out"])
    text, special = loaded.config["corpus"], loaded.vocabulary.special
    ids = open_ids(loaded.folder.path / "tokens.bin", loaded.vocabulary, text["written_tokens"])
    assert ids[text["training_tokens"]] == special[START]
    assert ids[text["training_tokens"] - 1] == special[END]
    assert text["validation_tokens"] == pytest.approx(float(share) * len(ids), abs=10)


def test_a_limited_vocabulary_stands_in_the_run(do, new_run, session):
    values = new_run("run")
    events = do("train", "lstm", **values)
    vocabulary = session.load(values["out"]).vocabulary
    assert len(vocabulary) == events[0].vocabulary_size == 14
    assert list(vocabulary.special) == [UNKNOWN, START, END]
    assert session.load(values["out"]).model.vocabulary_size == 14


@pytest.mark.parametrize("command", ["elman", "lstm", "gru"])
def test_training_on_sentences_learns(do, new_run, losses, command):
    do("train", command, **new_run("run", epochs=6, lr=0.01))
    found = [line["validation_loss"] for line in losses(new_run("run")["out"]) if line["event"] == "validation"]
    assert found[-1] < 0.7 * found[0]


def test_sentence_batches_need_sentences(do, corpus, tmp_path):
    with pytest.raises(UsageError, match="--batching sentence needs sentences: give --sentences"):
        do("train", "lstm", corpus=(str(corpus),), out=str(tmp_path / "run"), batching="sentence", **TINY)
    assert not (tmp_path / "run").exists()


# --from


@pytest.fixture
def finetune(do, corpus, tmp_path):
    """finetune(run, ...) trains on from it."""
    return lambda run, **values: do(
        "train", "lstm", corpus=(str(corpus),), out=str(tmp_path / "fine"), from_run=str(run), **{**FINE, **values}
    )


@pytest.fixture
def sentence_run(do, new_run):
    values = new_run("base")
    do("train", "lstm", **values)
    return values["out"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"tokens": "char"}, "--tokens char does not fit --from"),
        ({"sentences": "none"}, "--sentences none does not fit --from"),
        ({"sentences": "punctuation"}, "--sentences punctuation"),
        ({"lowercase": True}, "--lowercase"),
        ({"vocab_size": 14}, "--vocab-size does not fit --from"),
        ({"min_count": 2}, "--min-count does not fit --from"),
    ],
)
def test_another_reading_of_the_text_is_refused(finetune, sentence_run, tmp_path, values, named):
    with pytest.raises(UsageError, match=named):
        finetune(sentence_run, **values)
    assert not (tmp_path / "fine").exists()


def test_the_reading_of_the_text_comes_from_the_base_run(finetune, sentence_run, session, tmp_path):
    finetune(sentence_run, batching="sentence", tokens="word", sentences="line", lowercase=False)
    fine, base = session.load(str(tmp_path / "fine")), session.load(sentence_run)
    assert (fine.vocabulary.form, fine.vocabulary.tokens) == (base.vocabulary.form, base.vocabulary.tokens)
    assert fine.model.start_token == base.model.start_token == 1


def test_sentence_batches_need_a_base_run_with_sentences(finetune, tiny_run):
    with pytest.raises(UsageError, match="--batching sentence needs sentence marks"):
        finetune(tiny_run, batching="sentence")


def test_words_that_a_base_run_does_not_know_are_unknown_to_it(finetune, sentence_run, session, tmp_path, corpus):
    corpus.write_text(TEXT.replace("hen", "fox"))
    events = finetune(sentence_run)
    fine = session.load(str(tmp_path / "fine"))
    ids = open_ids(fine.folder.path / "tokens.bin", fine.vocabulary, fine.config["corpus"]["written_tokens"])
    assert np.count_nonzero(ids == fine.vocabulary.unknown) >= TEXT.count("hen")
    assert not [event for event in events if type(event).__name__ == "Note"]  # nothing is left out


# The start token


@pytest.mark.parametrize("cell", CELLS)
def test_a_text_begins_behind_the_start_token(cell):
    model = network(cell)
    model.start_token = 3
    state, log_p = model.start(2)
    expected_state, expected = model.advance(model.zero_state(2), np.array([3, 3]))
    np.testing.assert_array_equal(state, expected_state)
    np.testing.assert_array_equal(log_p, expected)
    assert np.abs(state).max() > 0


def test_a_model_with_a_start_token_learns_what_comes_first(do, new_run, session):
    """Every line of the corpus begins with the same word."""
    values = new_run("run", epochs=20, lr=0.02)
    do("train", "lstm", **values)
    loaded = session.load(values["out"])
    _, log_p = loaded.model.start(1)
    assert loaded.vocabulary.tokens[int(log_p.argmax())] == "the"
    assert np.exp(log_p.max()) > 0.8
