"""n-gram models behind the protocol of language models, their checkpoints and their levels."""

import math
from itertools import pairwise

import numpy as np
import pytest

from seqterm.errors import DataError
from seqterm.evaluation.lines import score_ids
from seqterm.models.ngram import NgramModel
from seqterm.models.ngram_settings import NgramSettings
from seqterm.text.format import TextFormat
from seqterm.text.vocabulary import Vocabulary
from tests.models.ngrams import BACKEND, PROBLEMS, SMOOTHING
from tests.naive import ngram as naive

CASES = [f"{name} {smoothing} {order}" for name in ("some", "dense", "stream") for smoothing in SMOOTHING for order in (1, 3)]


@pytest.fixture(params=CASES)
def case(request):
    """A problem, its model, and the definition of that."""
    *name, smoothing, order = request.param.split(" ")
    problem = PROBLEMS[" ".join(name)]
    return problem, problem.model(int(order), smoothing), problem.oracle(int(order), smoothing)


def texts_of(problem, n):
    """Contexts as texts, with a start where there is one."""
    given = [] if problem.is_stream else [problem.start]
    end = [] if problem.is_stream else [problem.end]
    return [np.array([*given, *(problem.index[word] for word in words), *end], np.int32) for words in problem.contexts(7, n)]


def wanted(problem, oracle, ids):
    """log_p of each token but the start."""
    words, first = [problem.tokens[i] for i in ids], int(not problem.is_stream)
    p = [oracle(words[i], tuple(words[:i])) for i in range(first, len(words))]
    return np.array([math.log(x) if x else -math.inf for x in p])


def test_texts_score_as_the_definition_says(case):
    problem, model, oracle = case
    texts = texts_of(problem, 20)
    for ids, log_p in zip(texts, score_ids(model, texts), strict=True):
        np.testing.assert_allclose(log_p, wanted(problem, oracle, ids), rtol=2e-6, atol=2e-6)


def test_all_ways_to_score_agree(case):
    problem, model, _ = case
    texts = texts_of(problem, 20)
    first = int(not problem.is_stream)
    for ids, log_p in zip(texts, score_ids(model, texts), strict=True):
        if len(ids) <= first:
            continue
        state, each = model.start(1)
        stepped, lengths = [], []
        for i in ids[first:]:
            stepped.append(each[0, i])
            lengths.append(model.lengths(state)[0, i])
            state, each = model.advance(state, np.array([i]))
        np.testing.assert_allclose(stepped, log_p, rtol=1e-6, atol=1e-6)
        trace = model.trace(ids)
        np.testing.assert_allclose(trace["log_p"][first:], log_p, rtol=0, atol=0)
        np.testing.assert_array_equal(trace["ngram_length"][first:], lengths)
        assert (trace["ngram_length"][:first] == 0).all()
        assert (trace["log_p"][:first] == 0).all()
        _, scored = model.score(model.zero_state(1), ids[:-1, None], ids[1:, None])
        np.testing.assert_allclose(scored[:, 0], log_p[len(log_p) - len(ids) + 1 :], rtol=1e-6, atol=1e-6)


def test_rows_are_scored_side_by_side_and_in_stretches(case):
    problem, model, _ = case
    ids = np.random.default_rng(1).integers(0, len(problem.tokens), (12, 5)).astype(np.int64)
    targets = np.where(np.random.default_rng(2).random(ids.shape) < 0.2, -1, np.roll(ids, -1, axis=0))
    _, whole = model.score(model.zero_state(5), ids, targets)
    for row in range(5):
        state, log_p = model.zero_state(1), []
        for part in (slice(0, 1), slice(1, 7), slice(7, 7), slice(7, 12)):
            before = state.copy()
            after, scored = model.score(state, ids[part, [row]], targets[part, [row]])
            np.testing.assert_array_equal(state, before)
            state = after
            log_p.append(scored[:, 0])
        np.testing.assert_array_equal(np.concatenate(log_p), whole[:, row])
    assert (whole[targets < 0] == 0).all()


def test_states_are_gathered_by_row_and_never_change(case):
    problem, model, _ = case
    state, log_p = model.start(3)
    assert log_p.shape == (3, len(problem.tokens))
    after, _ = model.advance(state, np.array([0, len(problem.tokens) - 1, 0]))
    kept = after.copy()
    gathered = after[[1, 0, 0, 1]]
    further, log_p = model.advance(gathered, np.array([0, 0, 3, 3]))
    np.testing.assert_array_equal(after, kept)
    np.testing.assert_array_equal(gathered, kept[[1, 0, 0, 1]])
    for row, source, token in ((0, 1, 0), (1, 0, 0), (2, 2, 3), (3, 1, 3)):
        alone, alone_p = model.advance(after[[source]], np.array([token]))
        np.testing.assert_array_equal(alone[0], further[row])
        np.testing.assert_array_equal(alone_p[0], log_p[row])


def test_a_start_mark_is_never_predicted(case):
    problem, model, _ = case
    if problem.is_stream:
        return
    for context in problem.contexts(3, 4):
        assert problem.read(model, context)[1][problem.start] == -math.inf
    ids = np.array([problem.start, 3, problem.end, problem.start, 3], np.int32)
    assert np.flatnonzero(model.trace(ids)["log_p"] == -math.inf)[-1] == 3


@pytest.mark.parametrize("smoothing", SMOOTHING)
def test_texts_longer_than_are_looked_up_together(smoothing):
    problem = PROBLEMS["stream"]
    model, oracle = problem.model(3, smoothing), problem.oracle(3, smoothing)
    ids = problem.ids.astype(np.int32)
    cuts = np.array([0, 0, 1, 700, 701, 703, 703, 900])
    texts = [ids[begin:end] for begin, end in pairwise(cuts)]
    log_p, _ = model.score_texts(ids, cuts[:-1], cuts[1:])
    np.testing.assert_allclose(log_p, np.concatenate([wanted(problem, oracle, text) for text in texts]), rtol=2e-6, atol=2e-6)


def test_relative_frequencies_know_the_impossible():
    problem = PROBLEMS["few"]
    model = problem.model(3, "mle")
    (log_p,) = score_ids(model, [np.array([problem.start, problem.index[naive.UNKNOWN], problem.end], np.int32)])
    assert log_p[0] == -math.inf
    assert not np.isnan(log_p).any()


def test_figures():
    model = PROBLEMS["one word"].model(3, "kneser-ney")
    n_bytes = sum(tensor.nbytes for tensor in model.tensors().values())
    assert model.figures() == {"ngrams": [4, 2, 1], "bytes_per_ngram": round(n_bytes / 7, 2)}


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("name", ["some", "stream", "one word"])
def test_levels_give_the_same_model_back(name, order):
    model = PROBLEMS[name].model(order, "kneser-ney")
    again = NgramModel(model.settings, model.vocabulary_size, BACKEND, model.start_token)
    again.take_levels(model.levels())
    for tensor, values in model.tensors().items():
        np.testing.assert_array_equal(again.tensors()[tensor], values, err_msg=tensor)
        assert again.tensors()[tensor].dtype == values.dtype


def test_a_vocabulary_without_unknown_is_refused():
    with pytest.raises(DataError, match="must have UNKNOWN"):
        NgramModel.of(NgramSettings(), Vocabulary(TextFormat(), ["a"], [1]), BACKEND)


# Damaged checkpoints


def changed(name, place, value):
    def change(tensors):
        tensors[name][place] = value

    return change


def replaced(name, make):
    def change(tensors):
        tensors[name] = make(tensors[name])

    return change


DAMAGES = {
    "no words": lambda tensors: tensors.pop("words"),
    "another type": replaced("log_p", lambda array: array.astype(np.float64)),
    "another shape": replaced("words", lambda array: array.reshape(-1, 1)),
    "cut words": replaced("words", lambda array: array[:-1]),
    "cut weights": replaced("backoff", lambda array: array[:-1]),
    "cut children": replaced("children", lambda array: array[:-1]),
    "no levels": replaced("firsts", lambda array: array[:0]),
    "another order": replaced("firsts", lambda array: np.append(array, array[-1])),
    "another vocabulary": changed("firsts", 1, 5),
    "levels from elsewhere": changed("firsts", 0, 1),
    "levels that fall": changed("firsts", 2, 10**9),
    "levels below zero": changed("firsts", 2, -5),
    "a level that ends early": changed("firsts", 3, 20),
    "words out of order": replaced("words", lambda array: np.concatenate([array[:13], array[12:-1]])),
    "words below zero": changed("words", 20, -1),
    "words that are none": changed("words", 25, 12),
    "single words that are others": changed("words", 3, 4),
    "children from elsewhere": changed("children", 0, 0),
    "children beyond the end": changed("children", 5, 2**32 - 1),
    "children that fall": changed("children", 9, 3),
    "children that go on": changed("children", -1, 10),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_checkpoints_are_refused(damage):
    problem = PROBLEMS["some"]
    model = problem.model(4, "kneser-ney")
    before = model.tensors()
    tensors = {name: np.array(array) for name, array in before.items()}
    model.load({name: array.copy() for name, array in tensors.items()})  # these are sound
    DAMAGES[damage](tensors)
    kept = model.tensors()
    with pytest.raises(DataError, match=r"^The checkpoint is (no n-gram model|damaged)"):
        model.load(tensors)
    assert model.tensors() is kept
