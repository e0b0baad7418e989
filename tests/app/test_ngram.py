"""n-gram models through the one way in: trained in every form, asked, judged, packed, written as ARPA files and read again."""

import gzip
import json
import math
import re

import numpy as np
import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import TrainNgram
from seqterm.app.loaded import LoadedModel
from seqterm.app.run import run
from seqterm.errors import DataError, SeqtermError, UsageError
from seqterm.events import Finished, NgramOrder, Progress, Sampled, Saved, Started
from seqterm.training.ngram import NgramTrainer
from tests.conftest import TEXT
from tests.naive import ngram as naive

FORMS = [
    {"tokens": "char"},
    {"tokens": "char", "sentences": "none"},
    {"tokens": "byte"},
    {"tokens": "byte", "sentences": "none", "lowercase": True},
    {"tokens": "word"},
    {"tokens": "word", "sentences": "punctuation"},
    {"tokens": "space"},
    {"tokens": "space", "sentences": "none"},
    {"tokens": "space", "sentences": "punctuation", "vocab_size": 9},
]


@pytest.fixture
def train(do, corpus, tmp_path):
    """train(name, ...) -> the run's path"""

    def call(name="run", text=None, **values):
        if text is not None:
            corpus.write_text(text)
        do("train", "ngram", corpus=(str(corpus),), out=str(tmp_path / name), **{"order": 3, "tokens": "space", **values})
        return str(tmp_path / name)

    return call


def loaded(run, session):
    return LoadedModel.open(run, session.backend)


def equal(one, other):
    for name, tensor in other.model.tensors().items():
        np.testing.assert_array_equal(one.model.tensors()[name], tensor, err_msg=name)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_it_does_what_every_language_model_does(train, do, session, corpus, form):
    run = train(**form)
    (sample,) = (event for event in do("sample", run=run, length=15, seed=1) if isinstance(event, Sampled))
    assert sample.text
    *lines, total = do("score", run=run, source=str(corpus))
    assert len(lines) == 40
    assert sum(line.log_probability for line in lines) == pytest.approx(total.log_probability, rel=1e-6)
    (summary,) = do("score", run=run, source=str(corpus), summary=True)
    assert summary == total
    (stream,) = do("score", run=run, source=str(corpus), stream=True)
    n_tokens = {"none": total.tokens, "line": total.tokens}.get(form.get("sentences", "line"))
    assert n_tokens in (None, stream.tokens, stream.tokens + 1)  # a stream without marks has no beginning
    assert 1 < stream.perplexity < len(loaded(run, session).vocabulary)
    *tokens, summary = do("next", run=run, prompt="the", top=1000)
    assert sum(token.probability for token in tokens) == pytest.approx(1, rel=0, abs=1e-6)
    assert {token.ngram_length for token in tokens} <= {1, 2, 3}
    assert max(token.ngram_length for token in tokens) > 1
    assert set(loaded(run, session).trace("the hen")) == {"ngram_length", "log_p"}


@pytest.mark.parametrize("smoothing", ["mle", "add-k", "katz", "kneser-ney"])
def test_lines_are_scored_as_the_definition_says(train, do, corpus, smoothing):
    run = train(smoothing=smoothing, k=0.2)
    texts = naive.bracketed(line.split() for line in TEXT.splitlines())
    make = {"mle": naive.mle, "katz": naive.katz, "kneser-ney": naive.kneser_ney}
    oracle = naive.add_k(texts, 3, 0.2) if smoothing == "add-k" else make[smoothing](texts, 3)
    corpus.write_text("the red hen\n\nhas no eggs.\nthe white hen has 7 eggs.\n")
    *lines, total = do("score", run=run, source=str(corpus))
    for line in lines:
        words = [naive.START, *line.text.split(), naive.END]
        p = math.prod(oracle(words[i], tuple(words[:i])) for i in range(1, len(words)))
        assert line.log_probability == pytest.approx(math.log(p) if p else -math.inf, rel=1e-5)
        assert line.tokens == len(words) - 1
    assert [line.unknown for line in lines] == [0, 0, 1, 0]
    assert total.perplexity == math.inf if smoothing == "mle" else total.perplexity < 100


def test_what_is_impossible_is_told_and_not_drawn(train, do, corpus):
    run = train(smoothing="mle")
    corpus.write_text("the blue hen\n")
    line, total = do("score", run=run, source=str(corpus))
    assert (line.log_probability, line.perplexity, total.perplexity) == (-math.inf, math.inf, math.inf)
    (sample,) = (event for event in do("sample", run=run, length=60, seed=1) if isinstance(event, Sampled))
    assert set(sample.text.split()) <= set(TEXT.split())
    assert "UNKNOWN" not in sample.text


def test_events_tell_what_was_counted(do, corpus, tmp_path):
    values = {"corpus": (str(corpus),), "out": str(tmp_path / "run"), "tokens": "space", "order": 2, "prune": (0, 4)}
    events = do("train", "ngram", **values)
    assert isinstance(events[0], Progress)
    (started,) = (event for event in events if isinstance(event, Started))
    orders = [event for event in events if isinstance(event, NgramOrder)]
    counts = naive.count(naive.bracketed(line.split() for line in TEXT.splitlines()), 2)
    kept = sum(n > 4 for n in counts[2].values())
    assert [(event.order, event.ngrams, event.kept) for event in orders] == [(1, 21, 21), (2, len(counts[2]), kept)]
    assert 0 < kept < len(counts[2])
    assert (started.parameters, started.vocabulary_size, started.training_tokens) == (21 + kept, 21, 40 * 8)
    assert [type(event) for event in events[-2:]] == [Saved, Finished]
    logged = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert [event["event"] for event in logged] == ["started", "ngram_order", "ngram_order", "validation", "saved", "finished"]


def test_held_out_text_is_scored_and_not_counted(train, do, session, corpus, tmp_path):
    (tmp_path / "held.txt").write_text("the red hen has 3 eggs.\nnobody has eggs.\n")
    run = train(validation=str(tmp_path / "held.txt"))
    (info,) = do("info", run=run)
    score = loaded(run, session).score((tmp_path / "held.txt").read_text())
    assert info.losses[-1]["validation_loss"] == pytest.approx(score.loss, rel=1e-5)
    assert loaded(run, session).model.sizes == loaded(train("other"), session).model.sizes
    half = train("half", validation="0.5", sentences="none")
    assert loaded(half, session).model.sizes[2] < loaded(run, session).model.sizes[2]


def test_info_and_list_and_packing(train, do, session, tmp_path):
    run = train()
    (info,) = do("info", run=run)
    shown = json.dumps(info.to_json())
    assert "bytes_per_ngram" in shown
    assert "discounts" in shown
    do("runs", "export", run=run, file=str(tmp_path / "run.tar"))
    do("runs", "import", file=str(tmp_path / "run.tar"), out=str(tmp_path / "again"))
    equal(loaded(str(tmp_path / "again"), session), loaded(run, session))
    assert do("check", run=run)


def test_the_other_judges(train, do, corpus, tmp_path):
    run, small = train(), train("small", order=1)
    (tmp_path / "lines").write_text("the red hen has 3 eggs.\neggs. has hen the\n")
    passed = do("filter", run=run, source=str(tmp_path / "lines"), keep=0.5)
    assert [line.text for line in passed] == ["the red hen has 3 eggs."]
    ranked = do("rank", run=run, source=str(tmp_path / "lines"), context="the white hen has 3 eggs.")
    assert [event.text for event in ranked] == ["the red hen has 3 eggs.", "eggs. has hen the"]
    assert do("correct", run=run, source=str(tmp_path / "lines"))
    assert do("compare", runs=(run, small), source=str(corpus))


def test_limited_vocabularies(train, session, tmp_path):
    (tmp_path / "words").write_text("the hen\neggs. unheard")
    model = loaded(train(limit_vocab=str(tmp_path / "words")), session)
    assert model.vocabulary.tokens == ["UNKNOWN", "SENTENCE_START", "SENTENCE_END", "eggs.", "hen", "the"]
    small = loaded(train("small", vocab_size=5), session)
    assert len(small.vocabulary) == 5
    assert loaded(train("rare", min_count=11), session).vocabulary.tokens[3:] == ["eggs.", "has", "hen", "the"]


SPECIAL = "<unk> <s> </s> \\<s> \\\\<unk> a\n<s> a <unk>\n</s> b <UNK>\n" * 3


def test_a_literal_unk_is_what_a_rewritten_corpus_says_it_is(train, do, session, corpus):
    text = "a <unk> b\n<unk> <unk> c a\nb a\n"
    literal = train("literal", text=text, unk_literal=True)
    words = train("words", text=text)
    rewritten = train("rewritten", text=text.replace("<unk>", "@unk@"))
    assert loaded(words, session).model.sizes == loaded(rewritten, session).model.sizes
    corpus.write_text(text)
    scores = do("score", run=words, source=str(corpus))
    literal_scores = do("score", run=literal, source=str(corpus))
    corpus.write_text(text.replace("<unk>", "@unk@"))
    rewritten_scores = do("score", run=rewritten, source=str(corpus))
    assert [event.log_probability for event in scores] == [event.log_probability for event in rewritten_scores]
    assert [event.unknown for event in scores] == [0, 0, 0, 0]
    assert [event.unknown for event in literal_scores] == [1, 2, 0, 3]
    assert "<unk>" not in loaded(literal, session).vocabulary.tokens


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz"])
@pytest.mark.parametrize(
    ("text", "form"),
    [
        (TEXT, {"tokens": "space"}),
        (TEXT, {"tokens": "space", "order": 1}),
        (TEXT, {"tokens": "space", "prune": (0, 0, 1), "smoothing": "katz"}),
        (TEXT, {"tokens": "space", "smoothing": "mle", "sentences": "none"}),
        (TEXT, {"tokens": "char"}),
        (TEXT + "Ж\u00a0😀\n", {"tokens": "char", "sentences": "none"}),
        (SPECIAL, {"tokens": "space"}),
    ],
    ids=["words", "order 1", "pruned", "stream", "letters", "stream of letters", "special words"],
)
def test_arpa_files_give_the_same_model_back(train, do, session, corpus, tmp_path, text, form, name):
    run = train(text=text, **form)
    do("ngram", "export", run=run, file=str(tmp_path / name))
    assert (tmp_path / name).read_bytes()[:2] == (b"\x1f\x8b" if name.endswith(".gz") else b"\\d")
    do("ngram", "import", file=str(tmp_path / name), out=str(tmp_path / "again"), tokens=form["tokens"])
    before, after = loaded(run, session), loaded(str(tmp_path / "again"), session)
    equal(after, before)
    assert after.vocabulary.tokens == before.vocabulary.tokens
    assert after.vocabulary.special == before.vocabulary.special
    assert do("score", run=run, source=str(corpus)) == do("score", run=str(tmp_path / "again"), source=str(corpus))
    do("ngram", "export", run=str(tmp_path / "again"), file=str(tmp_path / "again.arpa"))
    read = gzip.decompress if name.endswith(".gz") else bytes
    assert (tmp_path / "again.arpa").read_bytes() == read((tmp_path / name).read_bytes())


def test_details_are_those_of_kenlm(train, do, corpus, tmp_path):
    kenlm = pytest.importorskip("kenlm")
    run = train(order=3, text=TEXT + "a hen sat\nthe hen sat down\n")
    do("ngram", "export", run=run, file=str(tmp_path / "model.arpa"))
    theirs = kenlm.Model(str(tmp_path / "model.arpa"))
    corpus.write_text("the red hen sat\na zebra has 3 eggs.\n\nhen hen hen\n")
    *lines, _ = do("score", run=run, source=str(corpus), ngram_details=True)
    for line in lines:
        wanted = list(theirs.full_scores(line.text))
        assert [(n, oov) for _, _, n, oov in line.ngram_details] == [(n, oov) for _, n, oov in wanted]
        np.testing.assert_allclose([p for _, p, _, _ in line.ngram_details], [p for p, _, _ in wanted], rtol=0, atol=1e-5)
        assert [token for token, *_ in line.ngram_details][-1] == "SENTENCE_END"


def test_an_import_of_words_that_are_no_tokens(train, do, tmp_path):
    do("ngram", "export", run=train(), file=str(tmp_path / "model.arpa"))
    with pytest.raises(DataError, match=r"The words of .*model.arpa cannot be tokens of --tokens char\."):
        do("ngram", "import", file=str(tmp_path / "model.arpa"), out=str(tmp_path / "again"), tokens="char")
    assert not (tmp_path / "again").exists()


def test_what_cannot_be(train, do, tiny_run, tmp_path):
    run = train(smoothing="add-k")
    with pytest.raises(UsageError, match="no ARPA file can hold it"):
        do("ngram", "export", run=run, file=str(tmp_path / "model.arpa"))
    with pytest.raises(UsageError, match="is no n-gram model"):
        do("ngram", "export", run=str(tiny_run), file=str(tmp_path / "model.arpa"))
    with pytest.raises(UsageError, match="run is complete: an n-gram model is counted in one go"):
        do("train", "--resume", run=run)
    with pytest.raises(UsageError, match="--ngram-details goes with an n-gram model and with lines"):
        do("score", run=str(tiny_run), source="-", ngram_details=True)
    with pytest.raises(UsageError, match="--ngram-details goes with an n-gram model and with lines"):
        do("score", run=run, source="-", ngram_details=True, stream=True)
    assert not (tmp_path / "model.arpa").exists()


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"order": 0}, UsageError, "--order must be at least 1"),
        ({"order": -1}, UsageError, "--order must be at least 1"),
        ({"order": 65}, UsageError, "--order must be at most 64"),
        ({"k": 0.0}, UsageError, "--k must be above 0"),
        ({"smoothing": "imported"}, UsageError, "--smoothing must be one of mle, add-k, katz, kneser-ney"),
        ({"memory": "much"}, UsageError, "'much' is not a size"),
        ({"prune": (0, 2, 1)}, UsageError, "--prune takes up to 3 counts"),
        ({"prune": (0, 0, 0, 0)}, UsageError, "--prune takes up to 3 counts"),
        ({"limit_vocab": "nowhere.txt"}, DataError, "Cannot read nowhere.txt"),
        ({"text": ""}, DataError, "is empty"),
        ({"text": "\n \n\n"}, DataError, "The corpus has no tokens"),
        ({"text": "x", "validation": "0.99"}, DataError, "All of the corpus is held out"),
    ],
    ids=str,
)
def test_bad_input_is_one_sentence_and_leaves_nothing(train, tmp_path, values, error, message):
    with pytest.raises(error, match=re.escape(message)):
        train(**values)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("memory", ["4G", "1K"])
def test_the_smallest_corpus(train, do, session, corpus, form, memory):
    run = train(text="x", memory=memory, **{**form, "order": 4})
    assert do("score", run=run, source=str(corpus))[-1].perplexity < 10
    assert isinstance(do("sample", run=run, length=5, seed=1)[-1], Sampled)


def test_little_memory_makes_no_difference(train, session, tmp_path):
    equal(loaded(train("narrow", memory="1K"), session), loaded(train("wide"), session))
    assert {path.name for path in (tmp_path / "narrow").iterdir()} == {path.name for path in (tmp_path / "wide").iterdir()}


@pytest.mark.parametrize("why", ["ctrl-c", "time limit", "stop", "a full disk"])
def test_what_is_not_finished_leaves_nothing(corpus, session, tmp_path, why, monkeypatch):
    values = {"corpus": (str(corpus),), "out": str(tmp_path / "run"), "tokens": "space", "memory": "1K"}
    if why == "time limit":
        values["time_limit"] = 1e-9
    errors = {"ctrl-c": KeyboardInterrupt, "a full disk": OSError}

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    if why == "a full disk":
        monkeypatch.setattr(NgramTrainer, "_save", fail)

    def train():
        for event in run(build(TrainNgram, values), session):
            assert isinstance(event, Progress | Started | NgramOrder) or why == "a full disk"
            session.stop = why == "ctrl-c"
            if why == "stop":
                (tmp_path / "run" / "stop").touch()

    with pytest.raises(errors.get(why, SeqtermError)):
        train()
    assert not (tmp_path / "run").exists()


def test_other_runs_score_lines_of_words_without_those_they_do_not_know(do, corpus, tmp_path):
    """A model without UNKNOWN leaves them out."""
    settings = {"hidden": 4, "embedding": 4, "batch": 2, "steps": 4, "epochs": 1, "sample_length": 0, "validation": "0"}
    form = {"tokens": "space", "sentences": "line"}
    do("train", "lstm", corpus=(str(corpus),), out=str(tmp_path / "lstm"), **form, **settings)
    corpus.write_text("the blue hen has\nthe hen has\n")
    with_unknown, without, _ = do("score", run=str(tmp_path / "lstm"), source=str(corpus), per_token=True)
    assert (with_unknown.tokens, with_unknown.unknown, without.unknown) == (4, 1, 0)
    assert with_unknown.log_probability == pytest.approx(without.log_probability, rel=1e-6)
    assert [token for token, _ in with_unknown.per_token] == ["the", "hen", "has", "SENTENCE_END"]
