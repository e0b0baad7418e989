"""Training as its events tell it: order, fields, what is validated, sampled, saved and logged, and when it ends."""

import math

import numpy as np
import pytest

from seqterm.errors import DataError
from seqterm.events import Finished, Note, Saved, Started, Step, TrainingSample, Validation
from seqterm.store.files import read_json_lines
from seqterm.store.run_folder import RunFolder
from tests.conftest import TINY

WINDOWS = 14  # of the tiny corpus in an epoch: 918 tokens, 4 rows, 16 steps


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def steps_of(kind, events):
    return [event.step for event in of(kind, events)]


@pytest.fixture
def train(do, corpus, tmp_path):
    """train(lr=0.1, ...) -> the events of a tiny training into tmp_path / "run"."""

    def call(model="lstm", **values):
        return do("train", model, **{"corpus": (str(corpus),), "out": str(tmp_path / "run"), **TINY, **values})

    return call


@pytest.mark.parametrize("model", ["elman", "lstm", "gru"])
def test_events_of_a_training_in_their_order(train, model):
    kinds = [type(event) for event in train(model)]
    epoch = [Step] * WINDOWS + [Validation, TrainingSample, Saved]
    assert kinds == [Started, Saved, *epoch, *epoch, Saved, Finished]


def test_started_says_what_will_be_done(train, corpus):
    started = train()[0]
    text = corpus.read_text()
    assert (started.step, started.steps, started.epochs) == (0, 2 * WINDOWS, 2)
    assert started.training_tokens + started.validation_tokens == len(text)
    assert started.validation_tokens == len(text) // 10
    assert started.vocabulary_size == len(set(text))
    assert started.model == "lstm"


def test_steps_count_from_one_and_carry_finite_numbers(train):
    steps = of(Step, train())
    assert [(event.step, event.epoch) for event in steps] == [(i + 1, i // WINDOWS + 1) for i in range(2 * WINDOWS)]
    for event in steps:
        assert math.isfinite(event.loss)
        assert event.gradient_norm > 0
        assert event.tokens_per_second > 0


@pytest.mark.parametrize(
    ("model", "layers"), [("lstm", ["embedding", "0", "1", "output"]), ("nnlm", ["embedding", "hidden", "output"])]
)
def test_steps_carry_the_norm_of_each_layers_gradient(train, model, layers):
    for event in of(Step, train(model, clip_norm=0.01, **({"layers": 2} if model == "lstm" else {}))):
        assert list(event.layer_norms) == layers
        assert math.hypot(*event.layer_norms.values()) == pytest.approx(event.gradient_norm, rel=1e-5)


def test_step_events_carry_the_schedules_rate(train):
    steps = of(Step, train(schedule="step", lr=0.01, decay=0.5, warm_up=4, epochs=3))
    expected = [0.01 * (i + 1) / 4 for i in range(4)] + [0.01] * 10 + [0.005] * 14 + [0.0025] * 14
    assert [event.learning_rate for event in steps] == pytest.approx(expected, rel=1e-12)


def test_validation_carries_the_loss_on_held_out_text_and_the_mean_of_training(train):
    events = train()
    steps = of(Step, events)
    for number, validation in enumerate(of(Validation, events)):
        epoch = steps[number * WINDOWS : (number + 1) * WINDOWS]
        assert validation.training_loss == pytest.approx(np.mean([event.loss for event in epoch]), rel=1e-9)
        assert 0 < validation.validation_loss < math.log(29) + 1
        assert validation.epoch == number + 1


def test_validation_loss_is_the_score_of_the_held_out_text(train, corpus, session, tmp_path):
    last = of(Validation, train())[-1]
    assert last.best
    held_out = corpus.read_text()[-102:]
    assert last.validation_loss == pytest.approx(session.load(str(tmp_path / "run")).score(held_out, stream=True).loss, rel=1e-6)


def test_finished_sums_up(train):
    events = train()
    finished, validations = events[-1], of(Validation, events)
    assert finished.step == 2 * WINDOWS
    assert (finished.training_loss, finished.validation_loss) == (validations[-1].training_loss, validations[-1].validation_loss)
    assert finished.best_validation_loss == min(event.validation_loss for event in validations)


def test_training_lowers_both_losses(train):
    validations = of(Validation, train(epochs=12, lr=0.02))
    assert validations[-1].training_loss < 0.5 * validations[0].training_loss
    assert validations[-1].validation_loss < 0.6 * validations[0].validation_loss


def test_without_held_out_text_validations_carry_the_training_loss_alone(train, tmp_path):
    events = train(validation="0")
    assert [(event.validation_loss, event.best) for event in of(Validation, events)] == [(None, False)] * 2
    assert events[-1].best_validation_loss is None
    assert RunFolder(tmp_path / "run").read_state()["best"] is None


def test_validate_every_counts_steps_and_the_last_step_is_validated_too(train):
    assert steps_of(Validation, train(validate_every=5)) == [5, 10, 15, 20, 25, 28]


def test_sample_every_counts_steps(train):
    assert steps_of(TrainingSample, train(sample_every=6)) == [6, 12, 18, 24]


def test_samples_have_their_length_and_continue_their_prompt(train):
    samples = of(TrainingSample, train(sample_prompt="the ", sample_length=30))
    assert len(samples) == 2
    assert all(sample.text.startswith("the ") and len(sample.text) == 34 for sample in samples)


def test_samples_are_kept_in_samples_jsonl(train, tmp_path):
    samples = of(TrainingSample, train(sample_every=7))
    kept = read_json_lines(tmp_path / "run" / "samples.jsonl")
    assert [(line["event"], line["step"], line["text"]) for line in kept] == [
        ("training_sample", event.step, event.text) for event in samples
    ]
    assert all(line["time"] >= 0 for line in kept)


def test_no_samples_at_length_zero(train, tmp_path):
    assert not of(TrainingSample, train(sample_length=0))
    assert not (tmp_path / "run" / "samples.jsonl").exists()


def test_events_jsonl_keeps_every_event_but_samples_with_its_time(train, tmp_path):
    events = [event for event in train() if not isinstance(event, TrainingSample | Note)]
    kept = read_json_lines(tmp_path / "run" / "events.jsonl")
    assert [{k: v for k, v in line.items() if k != "time"} for line in kept] == [event.to_json() for event in events]
    times = [line["time"] for line in kept]
    assert times == sorted(times)


def test_save_every_saves_between_validations(train):
    assert set(steps_of(Saved, train(save_every=1e-9))) == set(range(2 * WINDOWS + 1))
    assert steps_of(Saved, train(save_every=3600.0, out=None)) == [0, WINDOWS, 2 * WINDOWS, 2 * WINDOWS]


def test_only_the_last_and_the_best_checkpoint_are_kept(do, worsening, tmp_path):
    run = tmp_path / "run"
    do("train", "lstm", out=str(run), **{**TINY, **worsening, "epochs": 4})
    state = RunFolder(run).read_state()
    assert {path.name for path in (run / "checkpoints").iterdir()} == {state["last"], state["best"]}


def test_when_validation_worsens_the_best_checkpoint_is_an_earlier_one(do, worsening, session, checkpoint, tmp_path):
    run = tmp_path / "run"
    events = do("train", "lstm", out=str(run), **{**TINY, **worsening, "epochs": 4})
    validations = of(Validation, events)
    best = min(validations, key=lambda event: event.validation_loss)
    assert best.step < validations[-1].step
    assert [event.best for event in validations].count(True) == validations.index(best) + 1
    last, best_tensors = checkpoint(run)[0], checkpoint(run, "best")[0]
    assert not np.array_equal(last["0.W_h"], best_tensors["0.W_h"])
    loaded = session.load(str(run))
    assert loaded.step == best.step
    np.testing.assert_array_equal(loaded.model.tensors()["0.W_h"], best_tensors["0.W_h"])


@pytest.mark.parametrize("patience", [1, 3])
def test_early_stopping_waits_for_patience_validations(do, worsening, patience, tmp_path):
    events = do("train", "lstm", out=str(tmp_path / "run"), **{**TINY, **worsening, "epochs": 50, "patience": patience})
    best = [event.best for event in of(Validation, events)]
    assert best == [True] * (len(best) - patience) + [False] * patience
    assert len(best) < 50
    assert isinstance(events[-1], Finished)
    assert "stopping early" in of(Note, events)[-1].text
    assert RunFolder(tmp_path / "run").read_state()["complete"]


def test_a_new_best_gives_patience_back(train):
    """So does the number of validations that plateau waits for: rates fall after the second, fourth ... worse one in a row."""
    values = {"validate_every": 1, "lr": 0.3, "schedule": "plateau", "decay": 0.99, "plateau_patience": 1}
    events = train(**values)
    best = "".join("+" if event.best else "-" for event in of(Validation, events))
    assert "-+" in best  # the loss goes up and down
    rate, worse = 0.3, 0
    for event in events:
        if isinstance(event, Step):
            assert event.learning_rate == pytest.approx(rate, rel=1e-9)
        elif isinstance(event, Validation):
            worse = 0 if event.best else worse + 1
            rate *= 0.99 if worse and worse % 2 == 0 else 1.0
    longest = max(map(len, best.split("+")))
    stopped = of(Validation, train(out=None, patience=longest, **values))
    assert len(stopped) == best.index("-" * longest) + longest


@pytest.mark.parametrize("patience", [0, 1])
def test_plateau_lowers_the_rate_after_validations_without_a_new_best(do, worsening, patience, tmp_path):
    values = {**TINY, **worsening, "epochs": 6, "schedule": "plateau", "decay": 0.1, "plateau_patience": patience}
    rate, worse = worsening["lr"], 0
    for event in do("train", "lstm", out=str(tmp_path / "run"), **values):
        if isinstance(event, Step):
            assert event.learning_rate == pytest.approx(rate, rel=1e-9)
        elif isinstance(event, Validation):
            worse = 0 if event.best else worse + 1
            rate *= 0.1 if worse and worse % (patience + 1) == 0 else 1.0
    assert rate < worsening["lr"]


def test_the_state_is_carried_from_window_to_window_and_begins_anew_each_epoch(train, checkpoint, session, tmp_path):
    """With weights that stand still it is the state of having read the text once; two windows of five tokens."""
    text, run = tmp_path / "short.txt", tmp_path / "run"
    text.write_text("the red hen ")
    train(corpus=(str(text),), optimizer="sgd", lr=1e-30, epochs=3, batch=1, steps=5, validation="0", init="xavier")
    loaded = session.load(str(run))
    ids = loaded.vocabulary.encode("the red he")[:, None]
    state, _ = loaded.model.score(loaded.model.zero_state(1), ids, ids)
    np.testing.assert_allclose(checkpoint(run)[0]["carried.state"], state, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_are_recorded(train, threads, tmp_path):
    train(threads=threads, epochs=1)
    assert RunFolder(tmp_path / "run").read_description()[0]["training"]["threads"] == threads


def test_threads_that_were_not_given_are_recorded_as_those_used(do, corpus, session, tmp_path):
    values = {key: value for key, value in TINY.items() if key != "threads"}
    do("train", "lstm", corpus=(str(corpus),), out=str(tmp_path / "run"), **values)
    assert RunFolder(tmp_path / "run").read_description()[0]["training"]["threads"] == session.backend.threads


def test_a_corpus_shorter_than_one_window_is_refused_and_leaves_nothing(train, tmp_path):
    with pytest.raises(DataError, match="too short"):
        train(batch=64, steps=64)
    assert not (tmp_path / "run").exists()
