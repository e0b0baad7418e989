"""Hidden Markov models as commands and from Python: what they show, decode and refuse."""

import numpy as np
import pytest

import seqterm
from seqterm.app.hmm import load_hmm
from seqterm.errors import DataError, UsageError
from seqterm.events import Decoded, HiddenState, LineScore, Note, RunInfo, Sampled, TotalScore, Transitions, Trellis

NUMBERS = "close,volume\n" + "".join(f"{(10, 30)[i // 20 % 2] + i % 7 / 10},{i % 5}\n" for i in range(200))
REFUSED = {
    "nothing": (b"", {}, DataError, "is empty"),
    "a token alone": (b"a", {"validation": "0"}, DataError, "8 states for 2 tokens"),
    "more states than tokens": (b"abc\n", {"states": 5, "validation": "0"}, DataError, "5 states for 4 tokens"),
    "all held out": (b"a", {"sentences": "none"}, DataError, "8 states for 0 tokens"),
    "no states": (b"abc", {"states": 0}, UsageError, "--states must be at least 1"),
    "an impossible validation": (b"abc", {"validation": "1"}, UsageError, "--validation must be a share"),
    "a column of a text": (b"abc", {"column": ("x",)}, UsageError, "--column needs --emission gaussian"),
    "tokens of a series": (b"x\n1\n2\n", {"emission": "gaussian", "tokens": "word"}, UsageError, "--tokens is for text"),
    "a series without rows": (b"x\n", {"emission": "gaussian"}, DataError, "header and no rows"),
    "a number that is none": (b"x,y\n1,2\n3,nan\n", {"emission": "gaussian", "column": ("y",)}, DataError, "row 3, column 'y'"),
    "a gap": (b"x,y\n1,2\n,3\n", {"emission": "gaussian", "column": ("x",)}, DataError, "row 3, column 'x'"),
    "a column that is not there": (b"x\n1\n2\n", {"emission": "gaussian", "column": ("z",)}, DataError, "no column 'z'"),
    "a constant column": (b"x\n1\n1\n1\n", {"emission": "gaussian", "states": 1}, DataError, "'x' has the same number"),
}


@pytest.fixture
def text_run(do, corpus, tmp_path):
    """Of characters, each line a sequence."""
    do("train", "hmm", corpus=(str(corpus),), out=str(tmp_path / "text"), states=4, epochs=15)
    return str(tmp_path / "text")


@pytest.fixture
def series(tmp_path):
    path = tmp_path / "numbers.csv"
    path.write_text(NUMBERS)
    return str(path)


@pytest.fixture
def series_run(do, series, tmp_path):
    where = {"corpus": (series,), "out": str(tmp_path / "series")}
    do("train", "hmm", **where, emission="gaussian", column=("close", "volume"), states=2, validation="0.2", prior_emission=0.0)
    return where["out"]


@pytest.mark.parametrize(("data", "values", "kind", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_leaves_no_run(do, tmp_path, data, values, kind, message):
    (tmp_path / "data").write_bytes(data)
    with pytest.raises(kind, match=message):
        do("train", "hmm", corpus=(str(tmp_path / "data"),), out=str(tmp_path / "run"), **values)
    assert not (tmp_path / "run").exists()


def test_a_text_of_one_token_is_learned(do, tmp_path):
    (tmp_path / "a").write_text("a")
    run = str(tmp_path / "run")
    *_, finished = do("train", "hmm", corpus=(str(tmp_path / "a"),), out=run, states=1, sentences="none", validation="0")
    assert finished.training_loss == pytest.approx(0, abs=1e-12)
    assert seqterm.load(run).sample(length=3, seed=1) == "aaa"


@pytest.mark.parametrize("tokens", ["char", "word", "space", "byte"])
@pytest.mark.parametrize("sentences", ["none", "line", "punctuation"])
def test_it_is_a_language_model_for_every_command(do, corpus, tmp_path, tokens, sentences):
    run, lines = str(tmp_path / "run"), tmp_path / "lines"
    lines.write_text("the red hen has 3 eggs.\nthe hen\n")
    do("train", "hmm", corpus=(str(corpus),), out=run, states=3, epochs=5, tokens=tokens, sentences=sentences)
    assert isinstance(do("sample", run=run, length=20, seed=1)[-1], Sampled)
    *scores, total = do("score", run=run, source=str(lines))
    assert [type(event) for event in scores] == [LineScore] * 2
    assert np.isfinite(total.perplexity)
    (streamed,) = do("score", run=run, source=str(lines), stream=True)
    assert isinstance(streamed, TotalScore)
    assert np.isfinite(streamed.perplexity)
    assert len(do("rank", run=run, source=str(lines))) == 2
    assert len(do("filter", run=run, source=str(lines), keep=0.5)) == 1
    *next_tokens, _ = do("next", run=run, prompt="the ", top=1000)
    assert sum(event.probability for event in next_tokens) == pytest.approx(1, rel=1e-9)
    assert "SENTENCE_START" not in [event.token for event in next_tokens if event.probability > 0]


def test_held_out_loss_is_what_scoring_the_held_out_text_gives(do, corpus, tmp_path):
    held_out = tmp_path / "held-out.txt"
    held_out.write_text("the red hen has 3 eggs.\nthe black hen has 9 eggs.\n")
    run = str(tmp_path / "run")
    *_, finished = do("train", "hmm", corpus=(str(corpus),), out=run, states=4, epochs=9, validation=str(held_out))
    (total,) = do("score", run=run, source=str(held_out), stream=True)
    assert np.log(total.perplexity) == pytest.approx(finished.validation_loss, rel=1e-6)
    assert seqterm.load(run).score(held_out.read_text(), stream=True).loss == pytest.approx(finished.validation_loss, rel=1e-6)


def test_from_python(text_run):
    model = seqterm.load(text_run)
    assert model.sample("the ", length=10, seed=1) == model.sample("the ", length=10, seed=1)
    assert sum(p for _, p in model.next("the ", top=1000)) == pytest.approx(1, rel=1e-9)
    traced = model.trace("the hen")
    assert {name: array.shape for name, array in traced.items()} == {"filtered": (8, 4), "smoothed": (8, 4), "viterbi": (8,)}
    np.testing.assert_allclose(traced["smoothed"][1:].sum(axis=1), 1, rtol=1e-12, atol=0)
    assert traced["viterbi"][0] == -1


def test_show_gives_transitions_and_what_states_emit(do, text_run, session):
    model, vocabulary = load_hmm(text_run, session)
    transitions, *states = do("hmm", "show", run=text_run, top=3)
    assert isinstance(transitions, Transitions)
    np.testing.assert_array_equal(transitions.transition, model.transition)
    assert [state.state for state in states] == [0, 1, 2, 3]
    for state in states:
        order = np.argsort(-model.emission[state.state])[:3]
        assert [token for token, _ in state.tokens] == [vocabulary.tokens[i] for i in order]
        assert state.numbers == []


def test_show_gives_means_and_deviations(do, series_run):
    _, *states = do("hmm", "show", run=series_run)
    assert all(isinstance(state, HiddenState) and state.tokens == [] for state in states)
    assert [name for name, _, _ in states[0].numbers] == ["close", "volume"]
    assert sorted(round(state.numbers[0][1]) for state in states) == [10, 30]
    assert all(state.numbers[0][2] == pytest.approx(0.2, abs=0.01) for state in states)


def test_decoding_gives_the_states_of_every_line(do, text_run, tmp_path, session):
    (tmp_path / "lines").write_text("the hen\n\nеgg\n")  # its first letter is Cyrillic, which the model has never seen
    one, empty, other, note = do("hmm", "decode", run=text_run, source=str(tmp_path / "lines"))
    assert (one.line, one.tokens, one.probabilities) == (1, list("the hen"), None)
    model, vocabulary = load_hmm(text_run, session)
    ids = np.append(vocabulary.encode_part("the hen"), vocabulary.special["SENTENCE_END"]).astype(np.int32)
    assert one.states == model.viterbi(ids)[:-1].tolist()
    assert (empty.line, empty.tokens, empty.states) == (2, [], [])
    assert len(other.states) == 3
    assert note == Note("1 tokens that the model has never seen say nothing of their states.")


def test_decoding_each_token_by_itself(do, text_run, tmp_path):
    (tmp_path / "lines").write_text("the hen\n")
    (found,) = do("hmm", "decode", run=text_run, source=str(tmp_path / "lines"), posterior=True)
    smoothed = seqterm.load(text_run).trace("the hen")["smoothed"][1:]
    assert len(found.states) == len(found.probabilities) == 7
    assert all(p >= 1 / 4 for p in found.probabilities)
    assert smoothed.shape == (7, 4)


@pytest.mark.parametrize("posterior", [False, True])
def test_a_trellis_has_the_states_and_the_probabilities_of_all(do, text_run, tmp_path, session, posterior):
    (tmp_path / "lines").write_text("the hen\n\n")
    where = {"run": text_run, "source": str(tmp_path / "lines"), "posterior": posterior}
    found, empty = do("hmm", "decode", **where, trellis=True)
    decoded, _ = do("hmm", "decode", **where)
    assert isinstance(found, Trellis)
    assert (found.line, found.tokens, found.series, found.states) == (1, decoded.tokens, {}, decoded.states)
    model, vocabulary = load_hmm(text_run, session)
    ids = np.append(vocabulary.encode_part("the hen"), vocabulary.special["SENTENCE_END"]).astype(np.int32)
    np.testing.assert_array_equal(found.probabilities, model.posteriors(ids)[1][:-1])
    assert (empty.line, empty.tokens, empty.states, empty.probabilities) == (2, [], [], [])


def test_a_trellis_of_a_series_has_all_rows(do, series, series_run):
    (found,) = do("hmm", "decode", run=series_run, source=series, trellis=True)
    rows = do("hmm", "decode", run=series_run, source=series, posterior=True)
    assert (found.line, found.tokens, list(found.series)) == (1, [], ["close", "volume"])
    assert found.states == [row.states[0] for row in rows]
    assert [max(shares) for shares in found.probabilities] == [row.probabilities[0] for row in rows]
    assert found.series["close"] == [float(row.split(",")[0]) for row in NUMBERS.split()[1:]]


def test_decoding_a_series_gives_a_state_a_row(do, series, series_run):
    rows = do("hmm", "decode", run=series_run, source=series)
    assert [row.line for row in rows] == list(range(1, 201))
    states = np.concatenate([row.states for row in rows])
    assert (states == states[0]).tolist() == [i // 20 % 2 == 0 for i in range(200)]
    posterior = do("hmm", "decode", run=series_run, source=series, posterior=True)
    assert [row.states for row in posterior] == [row.states for row in rows]
    assert all(isinstance(row, Decoded) and row.probabilities[0] > 0.9 for row in posterior)


def test_each_file_of_numbers_is_a_sequence(do, series, tmp_path):
    where = {"corpus": (series, series), "emission": "gaussian", "column": ("close",), "states": 2}
    *_, twice = do("train", "hmm", **where, out=str(tmp_path / "twice"), validation=series)
    assert twice.validation_loss == pytest.approx(twice.training_loss, rel=1e-9)
    started, *_ = do("train", "hmm", **where, out=str(tmp_path / "shared"), validation="0.3")
    assert (started.training_tokens, started.validation_tokens) == (280, 120)
    assert started.unit == "nats a row"


@pytest.mark.parametrize("command", ["sample", "score", "next", "similar"])
def test_a_model_of_numbers_is_no_language_model(do, series_run, command):
    field = {"similar": {"vectors": series_run, "words": ("a",)}}.get(command, {"run": series_run})
    with pytest.raises((UsageError, DataError), match=r"model of numbers|trained on numbers"):
        do(command, **field)


def test_only_hidden_markov_models_are_shown(do, tiny_run):
    with pytest.raises(UsageError, match="is a run of lstm, not a hidden Markov model"):
        do("hmm", "show", run=str(tiny_run))


@pytest.mark.parametrize("kind", ["text", "series"])
def test_a_run_is_told_of_and_carried_about(do, text_run, series_run, tmp_path, kind):
    run = {"text": text_run, "series": series_run}[kind]
    (told,) = do("info", run=run)
    assert isinstance(told, RunInfo)
    assert {"aic", "bic", "log_likelihood"} <= told.progress.keys()
    assert told.parameters == sum(np.prod(shape) for shape in told.tensors.values())
    do("runs", "export", run=run, file=str(tmp_path / "run.tar"))
    do("runs", "import", file=str(tmp_path / "run.tar"), out=str(tmp_path / "copy"))
    assert do("hmm", "show", run=str(tmp_path / "copy")) == do("hmm", "show", run=run)
    events = do("train", "--resume", run=str(tmp_path / "copy"), epochs=101)
    assert events[-1].step >= told.progress["step"]


@pytest.mark.parametrize("damage", [lambda data: data[:-8], lambda data: b""])
def test_a_series_that_was_cut_off_is_a_data_error(do, series_run, damage, tmp_path):
    path = tmp_path / "series" / "series.bin"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match="it was changed or cut off"):
        do("train", "--resume", run=series_run, epochs=200)
