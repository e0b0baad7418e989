"""Word vectors trained, asked, evaluated, drawn and exported, through the one way in."""

import io
import math
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numba import typeof

from seqterm.app import vectors
from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.app.warmup import exercise_vectors
from seqterm.errors import DataError, UsageError
from seqterm.events import AnalogyAccuracy, Answer, Exported, Neighbour, Note, OddOneOut, PairCorrelation
from seqterm.kernels.cpu import word2vec
from seqterm.store.run_folder import RunFolder
from seqterm.store.vectors import FORMATS, Vectors, read_vectors, write_vectors
from tests.conftest import TEXT, TINY
from tests.naive import words as naive

ROYALS = {
    "man": [-1, 0.01, 0.03, 0.09],
    "woman": [1, 0.02, 0.02, 0.01],
    "king": [-0.95, 0.93, 0.70, 0.02],
    "queen": [0.97, 0.95, 0.69, 0.01],
    "apple": [0, -0.01, 0.03, 0.95],
    "orange": [0.01, 0, -0.02, 0.97],
}
WORDS, MATRIX = list(ROYALS), np.array(list(ROYALS.values()), np.float32)
SMALL = {"dim": 8, "min_count": 1, "epochs": 2, "threads": 1, "subsample": 0.0}


@pytest.fixture
def royals(tmp_path):
    """A file of six words."""
    path = tmp_path / "royals.txt"
    write_vectors(path, Vectors(WORDS, MATRIX), "word2vec")
    return str(path)


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Trained once, not to be changed: .words, .parts with n-grams, .tree, .onehot and .embedding of characters."""
    folder, session = tmp_path_factory.mktemp("vectors"), Session()
    (folder / "corpus.txt").write_text(TEXT)

    def train(name, model, **values):
        command = build(COMMANDS["train", model], {"corpus": (str(folder / "corpus.txt"),), "out": str(folder / name), **values})
        list(run(command, session))
        return str(folder / name)

    return SimpleNamespace(
        words=train("words", "word2vec", **SMALL),
        parts=train("parts", "word2vec", **SMALL, min_ngram=2, max_ngram=3, buckets=100),
        tree=train("tree", "word2vec", **SMALL, loss="hierarchical"),
        embedding=train("embedding", "gru", **TINY | {"epochs": 1, "sample_length": 0}),
        onehot=train("onehot", "gru", **TINY | {"epochs": 1, "sample_length": 0}, input="onehot"),
    )


@pytest.fixture
def standard_input(monkeypatch):
    """standard_input(text) makes text what a pipe gives."""

    def give(text):
        reader, writer = os.pipe()
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(text.encode())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(os.fdopen(reader, "rb")))

    return give


def nearest(vector, n, metric="cosine", excluded=()):
    return [(WORDS[i], score) for i, score in naive.neighbours(MATRIX, vector, n, metric, excluded)]


def told(events, kind=Neighbour):
    """[(word, score)] of events that are all of a kind."""
    assert {type(event) for event in events} <= {kind}
    return [(event.word, event.score) for event in events]


def agrees(found, wanted):
    assert [word for word, _ in found] == [word for word, _ in wanted]
    np.testing.assert_allclose([score for _, score in found], [score for _, score in wanted], rtol=1e-5, atol=1e-6)


# similar


@pytest.mark.parametrize("metric", ["cosine", "euclid"])
def test_neighbours_of_each_word_without_itself(do, royals, metric):
    events = do("similar", vectors=royals, words=("king", "apple"), metric=metric, top=3)
    assert [event.query for event in events] == ["king"] * 3 + ["apple"] * 3
    agrees(told(events), nearest(MATRIX[2], 3, metric, [2]) + nearest(MATRIX[4], 3, metric, [4]))


def test_ten_neighbours_are_shown_or_as_many_as_there_are(do, royals):
    assert [event.word for event in do("similar", vectors=royals, words=("king",))] == [
        word for word, _ in nearest(MATRIX[2], 5, excluded=[2])
    ]


@pytest.mark.parametrize("words", [("king", "-", "man", "+", "woman"), ("king - man + woman",), (" king -  man + woman ",)])
def test_a_sum_of_words_in_one_piece_or_in_many(do, royals, words):
    found = do("similar", vectors=royals, words=words, top=1)
    unit = MATRIX / np.linalg.norm(MATRIX, axis=1, keepdims=True)
    agrees(told(found), nearest(unit[2] - unit[0] + unit[1], 1, excluded=[0, 1, 2]))
    assert (found[0].word, found[0].query) == ("queen", " ".join(words).strip())


def test_a_sum_by_distance_is_of_the_vectors_as_they_are(do, royals):
    found = do("similar", vectors=royals, words=("king", "-", "man", "+", "woman"), metric="euclid", top=2)
    agrees(told(found), nearest(MATRIX[2] - MATRIX[0] + MATRIX[1], 2, "euclid", [0, 1, 2]))


def test_without_words_each_line_of_standard_input_is_asked(do, royals, standard_input):
    standard_input("king\n\n  \nking - man + woman\r\n apple")
    events = do("similar", vectors=royals, top=1)
    assert [(event.query, event.word) for event in events] == [
        ("king", "man"),
        ("king - man + woman", "queen"),
        ("apple", "orange"),
    ]


def test_a_misspelt_word_is_told_with_close_spellings_after_the_answers_before_it(session, royals):
    events = run(build(COMMANDS["similar",], {"vectors": royals, "words": ("king", "quene", "man"), "top": 1}), session)
    assert next(events).query == "king"
    with pytest.raises(DataError) as caught:
        next(events)
    assert str(caught.value) == "'quene' is not in the vocabulary; close spellings: queen."


@pytest.mark.parametrize("words", [("king", "-"), ("-",), ("king man", "+"), ("+", "king"), ("king queen",)])
def test_what_is_no_sum_is_refused(do, royals, words):
    with pytest.raises((UsageError, DataError), match=r"write words, and between them|is not in the vocabulary"):
        do("similar", vectors=royals, words=words)


def test_only_the_most_frequent_words_are_known(do, royals):
    assert {event.word for event in do("similar", vectors=royals, words=("man",), restrict=3)} == {"woman", "king"}
    with pytest.raises(DataError, match=r"'queen' is not in the vocabulary\.|close spellings"):
        do("similar", vectors=royals, words=("queen",), restrict=3)
    assert len(do("similar", vectors=royals, words=("man",), restrict=1000)) == 5


def test_an_unknown_word_of_a_run_with_n_grams_has_neighbours(do, runs):
    events = do("similar", vectors=runs.parts, words=("brow",), top=100)
    tokens = RunFolder(Path(runs.parts)).read_description()[1]["tokens"]
    assert sorted(event.word for event in events) == sorted(tokens)
    found = do("similar", vectors=runs.parts, words=("brown",), top=100)
    assert sorted([*(event.word for event in found), "brown"]) == sorted(tokens)
    with pytest.raises(DataError, match="'brow' is not in the vocabulary; close spellings: brown"):
        do("similar", vectors=runs.words, words=("brow",))


# analogy and the odd one out


@pytest.mark.parametrize("method", ["add", "mul", "euclid"])
def test_answers_are_those_of_the_definition(do, royals, method):
    questions = ["man", "woman", "king", "apple", "king", "man"]
    events = do("analogy", vectors=royals, words=tuple(questions), method=method, top=2)
    ids = [tuple(map(WORDS.index, questions[i : i + 3])) for i in (0, 3)]
    assert [event.question for event in events] == [tuple(questions[:3])] * 2 + [tuple(questions[3:])] * 2
    wanted = [(WORDS[i], score) for one in ids for i, score in naive.analogy(MATRIX, one, 2, method)]
    agrees(told(events, Answer), wanted)
    assert events[0].word == "queen"


def test_questions_come_from_standard_input_many_at_a_time(do, royals, standard_input, monkeypatch):
    text = "man woman king\n\n king queen man \nwoman man queen\r\n"
    found = []
    for together in (4096, 2, 1):
        monkeypatch.setattr(vectors, "TOGETHER", together)
        standard_input(text)
        found.append(do("analogy", vectors=royals))
    assert [(event.question, event.word) for event in found[0]] == [
        (("man", "woman", "king"), "queen"),
        (("king", "queen", "man"), "woman"),
        (("woman", "man", "queen"), "king"),
    ]
    for other in found[1:]:
        assert [(event.question, event.word) for event in other] == [(event.question, event.word) for event in found[0]]


@pytest.mark.parametrize("words", [("man",), ("man", "woman"), ("man", "woman", "king", "queen")])
def test_a_question_has_three_words(do, royals, words):
    with pytest.raises(UsageError, match="A question has three words"):
        do("analogy", vectors=royals, words=words)


def test_a_line_of_another_number_of_words_is_named(do, royals, standard_input):
    standard_input("man woman king\n\nking queen\n")
    with pytest.raises(DataError, match=r"Line 3 of standard input has 2 words: a question has three\."):
        do("analogy", vectors=royals)


def test_an_unknown_word_of_a_question_is_named(do, royals):
    with pytest.raises(DataError, match="'womn' is not in the vocabulary; close spellings: woman"):
        do("analogy", vectors=royals, words=("man", "womn", "king"))


def test_the_odd_one_out_comes_with_every_words_cosine(do, royals):
    (found,) = do("odd-one-out", vectors=royals, words=("man", "king", "apple"))
    assert isinstance(found, OddOneOut)
    assert (found.word, [word for word, _ in found.similarities]) == ("apple", ["man", "king", "apple"])
    np.testing.assert_allclose([s for _, s in found.similarities], [0.81845427, 0.78607076, 0.52269083], rtol=1e-5)


@pytest.mark.parametrize("words", [(), ("man", "king")])
def test_fewer_than_three_have_no_odd_one_out(do, royals, words):
    with pytest.raises(UsageError, match="name at least three"):
        do("odd-one-out", vectors=royals, words=words)


# Evaluation


QUESTIONS = """: family
man woman king queen
king queen man woman
man woman king apple
man woman prince princess
: gram1-plural
apple orange man woman
: empty
"""
PAIRS = "king\tqueen\t8\nman\twoman\t7\nking\tapple\t1\nman\tprince\t9\napple\torange\t6\n"


@pytest.fixture
def tests_of_words(tmp_path):
    """Files of questions and of pairs."""
    questions, pairs = tmp_path / "questions.txt", tmp_path / "pairs.tsv"
    questions.write_text(QUESTIONS)
    pairs.write_text(PAIRS)
    return {"questions": (str(questions),), "pairs": (str(pairs),)}


def test_sections_totals_and_correlations(do, royals, tests_of_words):
    *sections, total, correlation = do("vectors", "eval", vectors=royals, **tests_of_words)
    assert [(s.section, s.correct, s.total, s.left_out) for s in (*sections, total)][:2] == [
        ("family", 2, 3, 1),
        ("gram1-plural", sections[1].correct, 1, 0),
    ]
    assert {type(event) for event in (*sections, total)} == {AnalogyAccuracy}
    assert sections[0].analogy_accuracy == pytest.approx(2 / 3)
    assert (total.section, total.total, total.left_out) == (None, 4, 1)
    assert (total.semantic, total.syntactic) == (pytest.approx(2 / 3), sections[1].analogy_accuracy)
    assert total.analogy_accuracy == pytest.approx((2 + sections[1].correct) / 4)
    assert isinstance(correlation, PairCorrelation)
    assert (correlation.file, correlation.total, correlation.out_of_vocabulary) == (tests_of_words["pairs"][0], 4, 1 / 5)
    asked = [("king", "queen", 8), ("man", "woman", 7), ("king", "apple", 1), ("apple", "orange", 6)]
    cosines = [naive.cosine(ROYALS[a], ROYALS[b]) for a, b, _ in asked]
    assert correlation.spearman == pytest.approx(naive.spearman(cosines, [score for _, _, score in asked]))


def test_of_nothing_known_there_are_no_shares(do, royals, tmp_path):
    (tmp_path / "questions.txt").write_text(": other\na b c d\n")
    (tmp_path / "pairs.tsv").write_text("a\tb\t1\n")
    *sections, total, correlation = do(
        "vectors", "eval", vectors=royals, questions=(str(tmp_path / "questions.txt"),), pairs=(str(tmp_path / "pairs.tsv"),)
    )
    assert all(event.analogy_accuracy is None for event in (*sections, total))
    assert (total.semantic, total.syntactic, total.left_out) == (None, None, 1)
    assert (correlation.spearman, correlation.total, correlation.out_of_vocabulary) == (None, 0, 1)


def test_several_files_of_questions_have_one_total(do, royals, tests_of_words):
    (file,) = tests_of_words["questions"]
    *_, once = do("vectors", "eval", vectors=royals, questions=(file,))
    *sections, twice = do("vectors", "eval", vectors=royals, questions=(file, file))
    names = [section.section for section in sections]
    assert names[: len(names) // 2] == names[len(names) // 2 :]
    assert (twice.correct, twice.total, twice.left_out) == (2 * once.correct, 2 * once.total, 2 * once.left_out)
    assert (twice.semantic, twice.syntactic) == (once.semantic, once.syntactic)


def test_something_to_evaluate_with_must_be_named(do, royals):
    with pytest.raises(UsageError, match="--questions FILE, --pairs FILE"):
        do("vectors", "eval", vectors=royals)


@pytest.mark.parametrize("name", ["questions", "pairs"])
def test_a_missing_file_to_evaluate_with_is_named(do, royals, name):
    with pytest.raises(DataError, match=r"Cannot read nowhere\.txt"):
        do("vectors", "eval", vectors=royals, **{name: ("nowhere.txt",)})


# Map


def test_words_are_drawn_once_and_arrows_lead_from_one_to_the_next(do, royals):
    (drawn,) = do("vectors", "map", vectors=royals, words=("man:woman", "king:queen", "king", "apple", "man:king:queen"))
    assert drawn.words == ["man", "woman", "king", "queen", "apple"]
    assert drawn.arrows == [(0, 1), (2, 3), (0, 2), (2, 3)]
    assert (len(drawn.points), len(drawn.points[0])) == (5, 2)
    assert 0.9 < sum(drawn.shares) <= 1 + 1e-9
    chosen = MATRIX[[WORDS.index(word) for word in drawn.words]]
    shown = np.var(np.array(drawn.points), axis=0).sum()
    assert shown == pytest.approx(sum(drawn.shares) * np.var(chosen.astype(float), axis=0).sum(), rel=1e-6)


def test_a_word_with_a_colon_is_a_word_where_there_is_one(do, tmp_path):
    write_vectors(tmp_path / "file", Vectors(["a:b", "a", "b"], np.eye(3)), "word2vec")
    (drawn,) = do("vectors", "map", vectors=str(tmp_path / "file"), words=("a:b", "b:a"))
    assert (drawn.words, drawn.arrows) == (["a:b", "b", "a"], [(1, 2)])


def test_one_word_is_a_point(do, royals):
    (drawn,) = do("vectors", "map", vectors=royals, words=("man",))
    assert (drawn.points, drawn.shares) == ([(0, 0)], (0, 0))


def test_words_to_draw_must_be_named_and_known(do, royals):
    with pytest.raises(UsageError, match="Name the words to draw"):
        do("vectors", "map", vectors=royals)
    with pytest.raises(DataError, match="'womn' is not in the vocabulary"):
        do("vectors", "map", vectors=royals, words=("man:womn",))


# Export


@pytest.mark.parametrize("form", FORMATS)
def test_vectors_are_exported_in_every_format_and_read_back(do, runs, tmp_path, form):
    path = tmp_path / "exported"
    assert do("vectors", "export", vectors=runs.words, file=str(path), format=form) == [Exported(runs.words, str(path))]
    tensors, _ = RunFolder(Path(runs.words)).load_checkpoint("last")
    tokens = RunFolder(Path(runs.words)).read_description()[1]["tokens"]
    for read in (read_vectors(path, form), read_vectors(path)):
        assert read[0].words == tokens
        np.testing.assert_array_equal(read[0].matrix, tensors["input_vectors"])
    asked = {"words": ("hen",), "top": 5}
    assert do("similar", vectors=str(path), **asked) == do("similar", vectors=runs.words, **asked)


@pytest.mark.parametrize(("which", "n"), [(None, 3), ("output", 1000), ("sum", None)])
def test_which_vectors_and_how_many_are_exported(do, runs, tmp_path, which, n):
    path = tmp_path / "exported"
    do("vectors", "export", vectors=runs.words, file=str(path), **({"which": which} if which else {}), restrict=n)
    tensors, _ = RunFolder(Path(runs.words)).load_checkpoint("last")
    one, other = tensors["input_vectors"], tensors["output_vectors"]
    wanted = {None: one, "output": other, "sum": one + other}[which]
    np.testing.assert_array_equal(read_vectors(path)[0].matrix, wanted[:n])


def test_n_grams_go_into_the_vectors_that_are_exported(do, runs, tmp_path):
    do("vectors", "export", vectors=runs.parts, file=str(tmp_path / "exported"))
    found, (tensors, _) = read_vectors(tmp_path / "exported")[0], RunFolder(Path(runs.parts)).load_checkpoint("last")
    assert len(tensors["input_vectors"]) == len(found.words) + 100
    assert (found.matrix != tensors["input_vectors"][: len(found.words)]).any()


def test_an_embedding_of_characters_with_a_newline_cannot_be_exported(do, runs, tmp_path):
    with pytest.raises(DataError, match="which no file of word vectors can hold"):
        do("vectors", "export", vectors=runs.embedding, file=str(tmp_path / "exported"))
    assert not (tmp_path / "exported").exists()


# What can be asked


def test_vectors_of_a_run_are_those_that_it_learned(do, runs):
    tensors, _ = RunFolder(Path(runs.words)).load_checkpoint("last")
    tokens = RunFolder(Path(runs.words)).read_description()[1]["tokens"]
    i = tokens.index("hen")
    for which, matrix in (("input", tensors["input_vectors"]), ("output", tensors["output_vectors"])):
        wanted = naive.neighbours(matrix, matrix[i], 3, "cosine", [i])
        agrees(told(do("similar", vectors=runs.words, words=("hen",), top=3, which=which)), [(tokens[j], s) for j, s in wanted])


def test_an_embedding_answers_too(do, runs):
    tensors, _ = RunFolder(Path(runs.embedding)).load_checkpoint("best")
    tokens, table = RunFolder(Path(runs.embedding)).read_description()[1]["tokens"], tensors["embedding.table"]
    i = tokens.index("e")
    wanted = naive.neighbours(table, table[i], 4, "cosine", [i])
    agrees(told(do("similar", vectors=runs.embedding, words=("e",), top=4)), [(tokens[j], score) for j, score in wanted])


def test_a_network_without_an_embedding_has_no_vectors(do, runs):
    with pytest.raises(DataError, match="has no vectors of words: it was trained with --input onehot"):
        do("similar", vectors=runs.onehot, words=("e",))


@pytest.mark.parametrize(
    ("name", "which", "match"),
    [
        ("embedding", "output", "--which output is for word vectors: .* has an embedding alone"),
        ("tree", "sum", "--loss hierarchical"),
    ],
)
def test_vectors_that_a_run_does_not_have_are_refused(do, runs, name, which, match):
    with pytest.raises(UsageError, match=match):
        do("similar", vectors=getattr(runs, name), words=("e",), which=which)


def test_a_file_has_one_vector_a_word(do, royals):
    with pytest.raises(UsageError, match="--which sum is for runs: a file has one vector a word"):
        do("similar", vectors=royals, words=("man",), which="sum")


def test_neither_a_run_nor_a_file_is_named(do, tmp_path):
    with pytest.raises(DataError, match="There is neither a run nor a file of vectors at nobody"):
        do("similar", vectors="nobody", words=("man",))
    with pytest.raises(DataError, match="There is no run at"):
        do("similar", vectors=str(tmp_path), words=("man",))


def test_bad_rows_of_a_file_are_an_error_or_passed_over_with_a_note(do, tmp_path):
    path = tmp_path / "file"
    path.write_text("4 2\na 1 0\nb 0 x\nc 0 1\nd 1 1\n")
    with pytest.raises(DataError, match="--skip-bad-rows"):
        do("similar", vectors=str(path), words=("a",))
    *notes, first, second = do("similar", vectors=str(path), words=("a",), skip_bad_rows=True)
    assert notes
    assert {type(note) for note in notes} == {Note}
    assert (first.word, second.word) == ("d", "c")


def test_a_run_without_a_checkpoint_or_with_a_damaged_one_is_an_error(do, runs, tmp_path):
    broken = shutil.copytree(runs.words, tmp_path / "broken")
    (path,) = (broken / "checkpoints").iterdir()
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DataError, match="was changed or damaged"):
        do("similar", vectors=str(broken), words=("hen",))


@pytest.mark.parametrize("command", ["sample", "score", "next", "filter", "rank", "correct"])
def test_what_asks_a_language_model_is_told_what_to_ask_vectors(do, runs, corpus, command):
    values = {"run": runs.words} if command in ("sample", "next") else {"run": runs.words, "source": str(corpus)}
    values |= {"keep": 0.5} if command == "filter" else {}
    with pytest.raises(
        UsageError, match="holds word vectors, not a language model: ask them with similar, analogy or odd-one-out"
    ):
        do(command, **values)


def test_a_network_cannot_start_from_word_vectors(do, runs, corpus, tmp_path):
    with pytest.raises(UsageError, match="holds word vectors, not a language model"):
        do("train", "lstm", corpus=(str(corpus),), out=str(tmp_path / "run"), from_run=runs.words, **TINY)


def test_vectors_are_read_once_in_a_session_until_they_change(session, do, royals, tmp_path):
    do("similar", vectors=royals, words=("man",))
    (known,) = session.kept.values()
    do("odd-one-out", vectors=royals, words=("man", "woman", "apple"))
    assert list(session.kept.values()) == [known]
    write_vectors(Path(royals), Vectors(["king", "man", "queen"], np.eye(3)), "word2vec")
    os.utime(royals, ns=(1, 1))  # whatever the clock's steps are
    assert sorted(event.word for event in do("similar", vectors=royals, words=("man",))) == ["king", "queen"]


def test_a_run_that_has_learned_more_is_read_again(do, corpus, tmp_path, session):
    path = str(tmp_path / "run")
    do("train", "word2vec", corpus=(str(corpus),), out=path, time_limit=1e-9, **SMALL | {"epochs": 30, "lr": 0.5})
    before = do("similar", vectors=path, words=("hen",), top=3)
    do("train", "--resume", run=path)
    after = do("similar", vectors=path, words=("hen",), top=3)
    assert after != before
    assert after == list(run(build(COMMANDS["similar",], {"vectors": path, "words": ("hen",), "top": 3}), Session()))


def test_info_of_a_run_of_vectors(do, runs):
    (info,) = do("info", run=runs.words)
    n = info.corpus["vocabulary_size"]
    assert info.model == "word2vec"
    assert info.tensors == {"input_vectors": [n, 8], "output_vectors": [n, 8]}
    assert info.parameters == 2 * 8 * n
    assert (info.corpus["text_words"], info.corpus["training_tokens"]) == (240, 240)
    assert [loss["epoch"] for loss in info.losses] == [1, 2]
    assert all(math.isfinite(loss["training_loss"]) for loss in info.losses)


def test_parameters_are_all_numbers_that_are_learned(runs):
    folder = RunFolder(Path(runs.parts))
    tensors, _ = folder.load_checkpoint("last")
    assert folder.read_description()[0]["parameters"] == sum(tensor.size for tensor in tensors.values())


@pytest.mark.parametrize(("kernel", "deterministic"), [("train", False), ("train_in_step", True)])
def test_warming_up_compiles_what_training_runs(do, session, corpus, tmp_path, monkeypatch, kernel, deterministic):
    """For arrays of the very types, whether they can be written among them: else a first training would compile once more."""
    asked = []

    def record(*arguments):
        asked.append(tuple(map(typeof, arguments)))
        return 0.0, 0

    monkeypatch.setattr(word2vec, kernel, record)
    do("train", "word2vec", corpus=(str(corpus),), out=str(tmp_path / "run"), **SMALL, deterministic=deterministic)
    (trained,) = set(asked)
    asked.clear()
    exercise_vectors("word2vec", session)
    assert trained in asked


# What cannot be trained


@pytest.mark.parametrize(
    ("text", "values", "kind", "match"),
    [
        ("hen egg hen", {"min_count": 3}, DataError, "the most frequent, 'hen', occurs 2 times; lower --min-count"),
        ("\n \n", {}, DataError, "has no words"),
        ("", {}, DataError, "is empty"),
        ("hen", {"min_ngram": 4, "max_ngram": 3}, UsageError, "--min-ngram 4 is more than --max-ngram 3: raise --max-ngram"),
        ("hen", {"min_ngram": 3}, UsageError, "raise --max-ngram"),
        ("hen", {"dim": 0}, UsageError, "--dim must be at least 1"),
        ("hen", {"architecture": "glove"}, UsageError, "--model must be one of skip-gram, cbow"),
    ],
)
def test_what_cannot_be_trained_is_said_and_leaves_nothing(do, tmp_path, text, values, kind, match):
    (tmp_path / "text.txt").write_text(text)
    with pytest.raises(kind, match=match):
        do("train", "word2vec", corpus=(str(tmp_path / "text.txt"),), out=str(tmp_path / "run"), **SMALL | values)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("values", [{"vocab_size": 3}, {"vocab_size": 3, "min_count": 5}])
def test_words_beyond_the_largest_vocabulary_are_not_called_too_rare(do, corpus, tmp_path, values):
    """40 lines of: the COLOUR hen has N eggs."""
    note, started, *_ = do("train", "word2vec", corpus=(str(corpus),), out=str(tmp_path / "run"), **SMALL | values)
    assert (started.vocabulary_size, started.training_tokens) == (3, 120)
    assert "120 of 240 words" in note.text
    assert "--vocab-size 3" in note.text


@pytest.mark.parametrize(
    "values",
    [
        {"tokens": "word", "sentences": "punctuation"},
        {"lowercase": True},
        {"precision": "float64", "architecture": "cbow", "cbow_gradient": "divided"},
        {"window": 1000, "negative": 1},
        {"dim": 1},
    ],
)
def test_other_forms_are_trained(do, corpus, tmp_path, values):
    path = str(tmp_path / "run")
    do("train", "word2vec", corpus=(str(corpus),), out=path, **SMALL | values)
    assert all(math.isfinite(event.score) for event in do("similar", vectors=path, words=("hen",)))
