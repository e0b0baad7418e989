"""Questions to word vectors: numbers worked out elsewhere, and the same one candidate at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.backends.cpu import CPU
from seqterm.errors import DataError, UsageError
from seqterm.evaluation import word_space
from seqterm.evaluation.word_space import WordSpace, normalised, principal_components
from tests.naive import words as naive

MAN_WOMAN = {
    "man": [-1, 0.01, 0.03, 0.09],
    "woman": [1, 0.02, 0.02, 0.01],
    "king": [-0.95, 0.93, 0.70, 0.02],
    "queen": [0.97, 0.95, 0.69, 0.01],
    "apple": [0, -0.01, 0.03, 0.95],
    "orange": [0.01, 0, -0.02, 0.97],
}
WORDS = ["a", "an", "Arjun", "boy", "girl", "good", "is", "Ram", "Zero"]
EMBEDDING = np.array(
    [
        [0, 0, 0.93, 0.95, 0.92, 0, 0, 0.96, 0],  # age and gender
        [0, 0, 0, 0, 0, 0.1, 0, 0, 0],  # place
        [0.9, 0.9, 0, 0, 0, 0.1, 0.9, 0, 0],  # verb
        [0, 0, 0, 0, 0, 0.9, 0, 0, 0],  # quality
    ]
)
METHODS = ["add", "mul", "euclid"]
METRICS = ["cosine", "euclid"]
WORST = {"add": -np.inf, "mul": -np.inf, "cosine": -np.inf, "euclid": np.inf}


@pytest.fixture
def royals():
    return WordSpace(list(MAN_WOMAN), np.array(list(MAN_WOMAN.values()), np.float32))


@pytest.fixture
def school():
    return WordSpace(WORDS, EMBEDDING.T)


def some_space(n_words=40, size=6, seed=1, threads=2):
    """Of its vectors one is zero, and two are equal."""
    matrix = np.random.default_rng(seed).normal(size=(n_words, size)).astype(np.float32)
    matrix[3], matrix[9] = 0, matrix[5]
    return WordSpace([f"w{i}" for i in range(n_words)], matrix, CPU(threads))


def question(space, *words):
    return np.array([[space.id_of(word) for word in words]])


def agrees(found, wanted, worst):
    """found (ids, scores), wanted [[(id, score)]], which where too short goes on with no words."""
    for ids, scores, best in zip(*found, wanted, strict=True):
        padding = len(ids) - len(best)
        assert ids.tolist() == [i for i, _ in best] + [-1] * padding
        np.testing.assert_allclose(scores, [score for _, score in best] + [worst] * padding, rtol=1e-5, atol=1e-6)


# Analogies


@pytest.mark.parametrize(
    ("method", "score"),
    # by hand; gensim 4.4 has the same: most_similar(positive=["king", "woman"], negative=["man"]) is queen with 0.93398
    [("add", 0.93398), ("euclid", 0.0114)],
)
def test_man_is_to_woman_as_king_is_to_queen(royals, method, score):
    ids, scores = royals.analogy(question(royals, "man", "woman", "king"), 1, method)
    assert royals.words[ids[0, 0]] == "queen"
    np.testing.assert_allclose(scores, [[score]], rtol=2e-5, atol=0)


def test_the_cosine_with_the_sum_of_vectors_as_they_are_is_another(royals):
    vector, asked = royals.expression("king - man + woman", "euclid")
    ids, scores = royals.neighbours(vector[None], 1, "cosine", asked)
    assert royals.words[ids[0, 0]] == "queen"
    np.testing.assert_allclose(scores, [[0.9981]], rtol=0, atol=5e-5)


def test_multiplied_cosines_by_hand():
    """Vectors at 0, 90, 180 and 60 degrees: cosines moved to 0..1 are 1, 0.5, 0 and 0.75."""
    angles = np.radians([0, 90, 180, 60])
    space = WordSpace(list("abcd"), np.stack([np.cos(angles), np.sin(angles)], axis=1))
    ids, scores = space.analogy(np.array([[2, 0, 1]]), 1, "mul")
    to_a, to_b, to_c = 0.25, 0.75, (np.cos(np.radians(30)) + 1) / 2
    assert ids.tolist() == [[3]]
    np.testing.assert_allclose(scores, [[to_b * to_c / (to_a + 0.001)]], rtol=1e-6, atol=0)


@pytest.mark.parametrize("restrict", [None, 1, 17, 100])
@pytest.mark.parametrize("n", [1, 4, 100])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("m", [1, 60])
def test_analogies_are_those_of_the_definition(m, method, n, restrict):
    """A few words in many questions, or many in one; zeros, equals and the same word twice or three times among them."""
    space = some_space()
    questions = np.random.default_rng(2).integers(0, 40, (m, 3))
    questions[0], questions[m // 3], questions[m // 2] = (3, 3, 3), (3, 5, 9), (7, 7, 2)
    columns = min(n, restrict or 40, 40)
    wanted = [naive.analogy(space.matrix, asked, columns, method, restrict) for asked in questions.tolist()]
    agrees(space.analogy(questions, n, method, restrict), wanted, WORST[method])


@pytest.mark.parametrize("method", METHODS)
def test_questions_in_blocks_and_alone_have_the_same_answers(method, monkeypatch):
    space, questions = some_space(300, 20), np.random.default_rng(3).integers(0, 300, (70, 3))
    together = space.analogy(questions, 5, method)
    monkeypatch.setattr(word_space, "TOGETHER", 16)
    in_blocks = space.analogy(questions, 5, method)
    alone = [space.analogy(asked, 5, method) for asked in questions]
    for i in range(2):
        np.testing.assert_allclose(in_blocks[i], together[i], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(np.concatenate([found[i] for found in alone]), together[i], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_number_of_threads_changes_nothing(method):
    questions = np.random.default_rng(3).integers(0, 300, (50, 3))
    found = [some_space(300, 20, threads=threads).analogy(questions, 7, method) for threads in (1, 2, 3, 7)]
    for other in found[1:]:
        np.testing.assert_array_equal(found[0][0], other[0])
        np.testing.assert_array_equal(found[0][1], other[1])


@pytest.mark.parametrize("method", METHODS)
def test_no_question_has_no_answer(method):
    ids, scores = some_space().analogy(np.zeros((0, 3), np.int64), 3, method)
    assert ids.shape == scores.shape == (0, 3)


@pytest.mark.parametrize("method", METHODS)
def test_of_a_vocabulary_of_zeros_the_first_words_are_the_best_and_nothing_is_nan(method):
    ids, scores = WordSpace(list("abcdef"), np.zeros((6, 4))).analogy(np.array([[0, 2, 4]]), 3, method)
    assert ids.tolist() == [[1, 3, 5]]
    assert np.isfinite(scores).all()


# Neighbours


def test_a_one_hot_vector_times_the_embedding_looks_a_word_up(school):
    for i, word in enumerate(WORDS):
        np.testing.assert_array_equal(school.matrix.T @ np.eye(9, dtype=np.float32)[i], school.matrix[school.id_of(word)])


def test_neighbours_of_ram(school):
    ram = school.id_of("Ram")
    ids, scores = school.neighbours(school.matrix[[ram]], 3, "euclid", [ram])
    assert [school.words[i] for i in ids[0]] == ["boy", "Arjun", "girl"]
    np.testing.assert_allclose(scores, [[0.01**2, 0.03**2, 0.04**2]], rtol=1e-4, atol=0)


@pytest.mark.parametrize("n", [1, 3, 41])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("exclude", [[], [4], [5, 5, 0], list(range(40))])
def test_neighbours_are_those_of_the_definition(metric, n, exclude):
    space = some_space()
    vectors = np.concatenate([space.matrix[:12], np.random.default_rng(4).normal(size=(5, 6))]).astype(np.float32)
    wanted = [naive.neighbours(space.matrix, vector, n, metric, exclude) for vector in vectors]
    agrees(space.neighbours(vectors, n, metric, exclude), wanted, WORST[metric])


def test_each_vector_may_exclude_its_own():
    space = some_space()
    ids, scores = space.neighbours(space.matrix, 1, "euclid", np.arange(40)[:, None])
    assert (ids[:, 0] != np.arange(40)).all()
    assert (ids[5, 0], ids[9, 0]) == (9, 5)
    assert scores[5, 0] == 0


def test_of_equals_the_more_frequent_is_first():
    space = WordSpace(list("abcd"), np.array([[1, 0], [0, 1], [0, 2], [0, 1]]))
    assert space.neighbours(np.array([[0, 3]]), 3)[0].tolist() == [[1, 2, 3]]
    assert space.neighbours(np.array([[0, 1.5]]), 4, "euclid")[0].tolist() == [[1, 2, 3, 0]]


def test_a_distance_between_long_vectors_is_not_rounded_away():
    """|x|^2 - 2 x y + |y|^2 would be off by a hundred in float32."""
    matrix = np.full((3, 4), 1e4, np.float32)
    matrix[1, 0] += 0.25
    ids, scores = WordSpace(list("abc"), matrix).neighbours(matrix[:1], 3, "euclid")
    assert ids.tolist() == [[0, 2, 1]]
    assert scores.tolist() == [[0, 0, 0.0625]]


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_lengths_neither_overflow_nor_vanish(size):
    matrix = np.array([[3, 4], [0, 0], [-4, 3]], np.float32) * np.float32(size)
    np.testing.assert_allclose(normalised(matrix), [[0.6, 0.8], [0, 0], [-0.8, 0.6]], rtol=1e-6, atol=0)


@given(st.integers(1, 60), st.integers(9, 40), st.integers(1, 70), st.integers(0, 1000))
@settings(max_examples=30)
def test_a_word_is_its_own_nearest(n_words, size, n, seed):
    matrix = np.random.default_rng(seed).normal(size=(n_words, size)).astype(np.float32)
    space = WordSpace([str(i) for i in range(n_words)], matrix)
    for metric in METRICS:
        ids, scores = space.neighbours(matrix, n, metric)
        assert ids.shape == (n_words, min(n, n_words))
        np.testing.assert_array_equal(ids[:, 0], np.arange(n_words))
        assert (np.diff(scores, axis=1) * (1 if metric == "euclid" else -1) >= 0).all()


# Words


def test_words_have_ids(school):
    assert [school.id_of(word) for word in WORDS] == list(range(9))
    assert WordSpace(["ist", "schön", "日本", "ist"], np.eye(4)).id_of("日本") == 2


def test_of_doubles_the_more_frequent_counts():
    assert WordSpace(["x", "y", "x"], np.eye(3)).id_of("x") == 0


@pytest.mark.parametrize(
    ("word", "close"),
    [
        ("kng", "king, kang"),
        ("KING", "king, King, kang"),
        ("quene", "queen"),
        ("SCHON", "schön"),
        ("STRASSE", "Straße"),
    ],
)
def test_an_unknown_word_is_told_with_close_spellings(word, close):
    space = WordSpace(["the", "king", "queen", "kang", "King", "schön", "Straße", "cat"], np.eye(8))
    with pytest.raises(DataError) as caught:
        space.id_of(word)
    assert str(caught.value) == f"{word!r} is not in the vocabulary; close spellings: {close}."


@pytest.mark.parametrize("word", ["xyzzy", "", "\x1b[31m", "日本"])
def test_an_unknown_word_like_no_other_is_told_plainly(royals, word):
    with pytest.raises(DataError) as caught:
        royals.id_of(word)
    assert str(caught.value) == f"{word!r} is not in the vocabulary."


# Expressions


@pytest.mark.parametrize("metric", METRICS)
def test_an_expression_is_a_sum(royals, metric):
    vector, ids = royals.expression("  king - man\t+ woman ", metric)
    man, woman, king, *_ = royals.matrix if metric == "euclid" else royals.unit
    assert ids.tolist() == [2, 0, 1]
    np.testing.assert_allclose(vector, king - man + woman, rtol=1e-6, atol=1e-7)


def test_words_in_an_expression_may_contain_signs_or_be_signs():
    space = WordSpace(["co-op", "-", "+", "c++"], np.eye(4))
    vector, ids = space.expression("co-op - - + + - c++")
    assert vector.tolist() == [1, -1, 1, -1]
    assert ids.tolist() == [0, 1, 2, 3]


def test_one_word_is_an_expression(royals):
    assert royals.expression("king")[1].tolist() == [2]


MALFORMED = ["", " ", "king -", "- king", "king man", "king -man", "king - man woman", "king * man", "king + - man"]


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_expression_is_refused(royals, text):
    with pytest.raises(UsageError, match="write words, and between them"):
        royals.expression(text)


def test_an_unknown_word_in_an_expression_is_named(royals):
    with pytest.raises(DataError, match="'womn' is not in the vocabulary; close spellings: woman"):
        royals.expression("king - womn")


# The odd one out


@pytest.mark.parametrize(
    ("words", "odd", "similarities"),
    # gensim 4.4: doesnt_match and rank_by_centrality
    [
        (["man", "king", "apple"], "apple", [0.81845427, 0.78607076, 0.52269083]),
        (["king", "queen", "woman", "apple"], "king", [0.28319156, 0.8726356, 0.49472082, 0.48898673]),
    ],
)
def test_the_odd_one_out(royals, words, odd, similarities):
    found, cosines = royals.odd_one_out(words)
    assert found == odd
    np.testing.assert_allclose(cosines, similarities, rtol=1e-6, atol=0)


def test_of_words_that_are_equally_odd_the_first_is_it():
    space = WordSpace(list("abc"), np.eye(3))
    assert space.odd_one_out(["c", "a", "b"])[0] == "c"
    odd, similarities = WordSpace(list("abc"), np.zeros((3, 2))).odd_one_out(["b", "c", "a"])
    assert odd == "b"
    assert similarities.tolist() == [0, 0, 0]


@pytest.mark.parametrize("words", [[], ["man"], ["man", "king"]])
def test_fewer_than_three_words_have_no_odd_one(royals, words):
    with pytest.raises(UsageError, match="at least three"):
        royals.odd_one_out(words)


# Principal components


def test_components_of_a_stretched_plane():
    """Points of a rectangle 6 x 2, turned into five dimensions: its sides are the components, with 9 : 1 of the variance."""
    corners = np.array([[-3, -1], [-3, 1], [3, -1], [3, 1]])
    axes = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0][:2]
    points, shares = principal_components(corners @ axes + 7)
    np.testing.assert_allclose(shares, [0.9, 0.1], rtol=1e-12, atol=0)
    np.testing.assert_allclose(np.abs(points), np.abs(corners), rtol=1e-12, atol=0)
    np.testing.assert_allclose(points.sum(axis=0), 0, rtol=0, atol=1e-12)


def test_distances_within_a_plane_are_kept_whichever_way_it_faces():
    vectors = np.random.default_rng(2).normal(size=(7, 2)) @ np.random.default_rng(3).normal(size=(2, 30))
    points, shares = principal_components(vectors)
    again, _ = principal_components(-vectors)
    for i in range(7):
        wanted = np.linalg.norm(vectors - vectors[i], axis=1)
        np.testing.assert_allclose(np.linalg.norm(points - points[i], axis=1), wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(shares.sum(), 1, rtol=1e-12, atol=0)
    assert (points.max(axis=0) >= -points.min(axis=0)).all()
    assert (again.max(axis=0) >= -again.min(axis=0)).all()


@pytest.mark.parametrize(
    ("vectors", "points", "shares"),
    [
        ([[1, 2, 3]], [[0, 0]], [0, 0]),
        ([[0.1, 0.7, 3]] * 5, [[0, 0]] * 5, [0, 0]),
        ([[0, 0, 0]] * 2, [[0, 0]] * 2, [0, 0]),
        ([[3, 0, 4], [0, 0, 0]], [[2.5, 0], [-2.5, 0]], [1, 0]),
        ([[5], [1], [0]], [[3, 0], [-1, 0], [-2, 0]], [1, 0]),
    ],
)
def test_components_that_there_are_not_are_zero(vectors, points, shares):
    found, found_shares = principal_components(np.array(vectors, np.float32))
    np.testing.assert_allclose(np.abs(found), np.abs(points), rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(found_shares, shares, rtol=1e-9, atol=0)
