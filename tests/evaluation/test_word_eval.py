"""Analogies and pairs of words: reading them, and scores by the rules of other programs, followed literally."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.errors import DataError
from seqterm.evaluation.word_eval import (
    Accuracy,
    Section,
    evaluate_analogies,
    evaluate_pairs,
    mean_ranks,
    read_pairs,
    read_questions,
    spearman,
)
from seqterm.evaluation.word_space import WordSpace
from tests.naive import words as naive

RULES = {"gensim": naive.gensim_answers, "word2vec": naive.word2vec_answers}


@pytest.fixture
def write(tmp_path):
    """write(text) -> the path of a file that holds it."""

    def call(text):
        path = tmp_path / "file.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return call


# Reading


def test_questions_by_section(write):
    path = write("\ufeff: capital cities \r\nAthens Greece  Oslo Norway\r\n\r\n: gram1-plural\nmouse mice\tdie Würfel\n:empty")
    assert read_questions(path) == [
        Section("capital cities", [("Athens", "Greece", "Oslo", "Norway")]),
        Section("gram1-plural", [("mouse", "mice", "die", "Würfel")]),
        Section("empty", []),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (": a\n\nw x y\n", "line 3 has 3 words"),
        (": a\nv w x y z\n", "line 2 has 5 words"),
        ("w x y z\n: a\n", "line 1 has a question before the first section"),
        (": a\nw x y z\n :\n", "line 3 begins a section without a name"),
        (b": a\nw x y \xff\n", "line 2 is not UTF-8"),
        (": a\n", "has no questions"),
        ("", "has no questions"),
    ],
)
def test_bad_questions_are_refused_with_their_line(write, text, message):
    with pytest.raises(DataError, match=message):
        read_questions(write(text))


def test_pairs_between_tabs_commas_or_blanks(write):
    path = write("# Word 1\tWord 2\nlove\tsex\t6.77\nNew York\t the city\t10\r\n\ntiger, cat,7\n  old  new 1e0\n#\n")
    wanted = [("love", "sex", 6.77), ("New York", "the city", 10.0), ("tiger", "cat", 7.0), ("old", "new", 1.0)]
    assert read_pairs(path) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b 1\na b\n", "line 2 is not two words and a score"),
        ("a b 1 2\n", "line 1 is not two words and a score"),
        ("a,,1\n", "line 1 is not two words and a score"),
        ("Word 1,Word 2,Human (mean)\n", r"line 1 has the score 'Human \(mean\)'.*put # before a heading"),
        ("a b nan\n", "line 1 has the score 'nan'"),
        ("a b inf\n", "line 1 has the score 'inf'"),
        (b"a b 1\n\n\xe9 b 1\n", "line 3 is not UTF-8"),
        ("# a b 1\n", "has no pairs"),
    ],
)
def test_bad_pairs_are_refused_with_their_line(write, text, message):
    with pytest.raises(DataError, match=message):
        read_pairs(write(text))


@pytest.mark.parametrize("read", [read_questions, read_pairs])
def test_a_file_that_is_not_there(read, tmp_path):
    with pytest.raises(DataError, match=r"Cannot read .*nothing\.txt: No such file"):
        read(tmp_path / "nothing.txt")


def test_real_sets(real_data):
    questions = read_questions(real_data / "word-eval" / "questions-words.txt")
    assert [len(section.questions) for section in questions] == [
        506, 4524, 866, 2467, 506, 992, 812, 1332, 1122, 1056, 1599, 1560, 1332, 870,
    ]  # fmt: skip
    assert questions[-1].questions[-1] == ("write", "writes", "work", "works")
    similar = read_pairs(real_data / "word-eval" / "wordsim353.tsv")
    assert (len(similar), similar[2]) == (353, ("tiger", "tiger", 10.0))
    assert len(read_pairs(real_data / "word-eval" / "simlex999.txt")) == 999


# Analogies


def compass(**degrees):
    """Words in the plane, by the direction in which they lie."""
    angles = np.radians(list(degrees.values()))
    return WordSpace(list(degrees), np.stack([np.cos(angles), np.sin(angles)], axis=1))


def ask(space, *questions, **options):
    result = evaluate_analogies(space, [Section("all", [tuple(question.split()) for question in questions])], **options)
    return result.overall.correct, result.overall.total, result.overall.left_out


@pytest.mark.parametrize("rules", RULES)
def test_right_wrong_and_unknown(rules):
    space = compass(a=0, b=10, c=50, d=60, e=200)
    assert ask(space, "a b c d", "A b C D", "a b c e", "a b c x", "x b c d", rules=rules) == (2, 3, 2)


@pytest.mark.parametrize("rules", RULES)
def test_words_that_are_too_rare_are_unknown_and_no_answers(rules):
    space = compass(a=0, b=10, c=50, d=70, e=60)
    assert ask(space, "a b c d", "a b c e", rules=rules) == (1, 2, 0)
    assert ask(space, "a b c d", "a b c e", restrict=4, rules=rules) == (1, 1, 1)


@pytest.mark.parametrize(("rules", "correct"), [("gensim", 1), ("word2vec", 0)])
def test_a_question_word_in_another_case_is_an_answer_to_word2vec_alone(rules, correct):
    assert ask(compass(a=0, b=10, c=50, C=60, d=61), "a b c d", rules=rules) == (correct, 1, 0)


@pytest.mark.parametrize(("n_others", "correct"), [(4, 1), (5, 0)])
def test_gensim_looks_at_five_answers(n_others, correct):
    """Spellings of cccccc stand before d."""
    others = {"c" * i + "C" + "c" * (5 - i): 60 for i in range(n_others)}
    assert ask(compass(a=0, b=10, cccccc=50, **others, d=61), "a b cccccc d") == (correct, 1, 0)


@pytest.mark.parametrize(("rules", "found"), [("gensim", (1, 1, 0)), ("word2vec", (0, 0, 1))])
def test_letters_beyond_a_to_z_have_case_for_gensim_alone(rules, found):
    assert ask(compass(a=0, b=10, ä=50, d=60), "a b Ä d", rules=rules) == found


@pytest.mark.parametrize(("rules", "correct"), [("gensim", 1), ("word2vec", 0)])
def test_an_answer_that_points_the_other_way_is_none_to_word2vec(rules, correct):
    assert ask(compass(a=0, b=10, c=50, d=200), "a b c d", rules=rules) == (correct, 1, 0)


@pytest.mark.parametrize("rules", RULES)
def test_a_vocabulary_that_the_question_uses_up_has_no_answer(rules):
    assert ask(compass(a=0, b=10, c=50), "a b c c", "a b a b", rules=rules) == (0, 2, 0)


@pytest.mark.parametrize("restrict", [None, 12, 100])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rules", RULES)
def test_both_rules_followed_literally(rules, seed, restrict):
    """Short words in both cases, some of them twice."""
    random = np.random.default_rng(seed)
    words = ["".join(random.choice(list("abAä"), 2)) for _ in range(30)]
    matrix = random.normal(size=(30, 4)).astype(np.float32)
    questions = [tuple("".join(random.choice(list("abAÄ"), 2)) for _ in range(4)) for _ in range(60)]
    answers = [RULES[rules](words, matrix, question, restrict) for question in questions]
    found = evaluate_analogies(WordSpace(words, matrix), [Section("s", questions)], restrict, rules).sections
    assert found == [Accuracy("s", answers.count(True), len(answers) - answers.count(None), answers.count(None))]


@pytest.mark.parametrize("method", ["mul", "euclid"])
@pytest.mark.parametrize("rules", RULES)
def test_other_methods(rules, method):
    random = np.random.default_rng(1)
    matrix = random.normal(size=(12, 5)).astype(np.float32)
    questions = random.integers(0, 12, (40, 4))
    wanted = sum(naive.analogy(matrix, q[:3], 1, method)[0][0] == q[3] for q in questions.tolist())
    words = list("abcdefghijkl")
    asked = [Section("s", [tuple(words[i] for i in question) for question in questions])]
    assert evaluate_analogies(WordSpace(words, matrix), asked, rules=rules, method=method).overall.correct == wanted


def test_sections_and_their_kinds():
    space = compass(a=0, b=10, c=50, d=60, e=200)
    right, wrong, unknown = ("a", "b", "c", "d"), ("a", "b", "c", "e"), ("a", "b", "c", "x")
    kinds = [("capitals", [right, right, wrong, unknown]), ("gram1-adverbs", [right]), ("none", []), ("grammar", [wrong])]
    result = evaluate_analogies(space, [Section(name, questions) for name, questions in kinds])
    assert result.sections == [
        Accuracy("capitals", 2, 3, 1),
        Accuracy("gram1-adverbs", 1, 1, 0),
        Accuracy("none", 0, 0, 0),
        Accuracy("grammar", 0, 1, 0),
    ]
    assert result.semantic == Accuracy("semantic", 2, 3, 1)
    assert result.syntactic == Accuracy("syntactic", 1, 2, 0)
    assert result.overall == Accuracy("overall", 3, 5, 1)
    assert result.overall.accuracy == 0.6
    assert math.isnan(result.sections[2].accuracy)


# Pairs


def test_pairs_in_the_same_and_in_the_opposite_order():
    space = compass(a=0, b=10, c=40, d=100)
    rising = [("a", "d", 1.0), ("A", "C", 2.0), ("a", "B", 7.0), ("a", "x", 9.0)]
    falling = [(a, b, -score) for a, b, score in rising]
    assert evaluate_pairs(space, rising).spearman == pytest.approx(1, rel=1e-12)
    assert evaluate_pairs(space, falling).spearman == pytest.approx(-1, rel=1e-12)
    result = evaluate_pairs(space, rising, restrict=3)
    assert (result.total, result.left_out, result.out_of_vocabulary) == (2, 2, 0.5)


@pytest.mark.parametrize("pairs", [[], [("x", "y", 1.0)], [("a", "b", 1.0)], [("a", "b", 1.0), ("a", "c", 1.0)]])
def test_what_cannot_be_compared_has_no_rho(pairs):
    result = evaluate_pairs(compass(a=0, b=10, c=40), pairs)
    assert math.isnan(result.spearman)
    assert result.total + result.left_out == len(pairs)


def test_vectors_of_zeros_are_as_similar_as_right_angles():
    space = WordSpace(list("abc"), np.array([[1, 0], [0, 0], [1, 1]]))
    assert evaluate_pairs(space, [("a", "b", 1.0), ("a", "c", 2.0), ("b", "b", 1.0)]).spearman == pytest.approx(1, rel=1e-12)


def test_ranks_of_equals_are_their_mean():
    np.testing.assert_array_equal(mean_ranks(np.array([5.0, 1, 5, 7, 5, 1])), [4, 1.5, 4, 6, 4, 1.5])


@pytest.mark.parametrize(
    ("x", "y", "rho"),
    [
        # scipy.stats.spearmanr 1.17
        ([1, 2, 3, 4, 5], [5, 6, 7, 8, 7], 0.8207826816681233),
        ([1, 1, 2, 3, 3, 3], [2, 1, 2, 1, 4, 4], 0.45184805705753206),
        # by hand: 1 - 6 (1 + 1 + 4 + 0 + 4) / (5 * 24)
        ([1, 2, 3, 4, 5], [2, 1, 5, 4, 3], 0.5),
    ],
)
def test_known_correlations(x, y, rho):
    assert spearman(np.array(x), np.array(y)) == pytest.approx(rho, rel=1e-12)


@given(st.lists(st.tuples(st.integers(-4, 4), st.floats(-1, 1)), min_size=2, max_size=40))
@settings(max_examples=60)
def test_correlations_are_those_of_the_definition(values):
    x, y = zip(*values, strict=True)
    found, wanted = spearman(np.array(x), np.array(y)), naive.spearman(x, y)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)
