"""Figures of a model whose every probability is known."""

import math

import numpy as np
import pytest

from seqterm.evaluation.comparison import judge
from seqterm.text.format import TextFormat
from seqterm.text.vocabulary import END, START, UNKNOWN, Vocabulary
from tests.evaluation.bigrams import Bigrams

# UNKNOWN, START, END, dog, man: a sentence is "dog", "man" or an unknown word, over and over with a chance of one half.
VOCABULARY = Vocabulary(TextFormat("space", "line"), [UNKNOWN, START, END, "dog", "man"], [1] * 5, [UNKNOWN, START, END])
P = [[0.1, 0, 0.5, 0.2, 0.2]] * 5
MODEL = Bigrams(P, start_token=1)


def test_figures_of_each_line():
    """Two words, an unknown one, an empty line, one with a carriage return."""
    judged = judge(MODEL, VOCABULARY, ["dog man", "yak", "", "man\r"])
    np.testing.assert_allclose(np.exp(judged.log_p), [0.2 * 0.2 * 0.5, 0.1 * 0.5, 0.5, 0.2 * 0.5], rtol=1e-6, atol=0)
    np.testing.assert_allclose(np.exp(judged.known_log_p), [0.02, 0.5, 0.5, 0.1], rtol=1e-6, atol=0)
    assert judged.tokens.tolist() == [3, 2, 1, 2]
    assert judged.known_tokens.tolist() == [3, 1, 1, 2]
    assert judged.unknown.tolist() == [0, 1, 0, 0]
    assert judged.characters.tolist() == [8, 4, 1, 4]
    assert judged.seconds > 0


def test_figures_of_all():
    judged = judge(MODEL, VOCABULARY, ["dog man", "yak", "", "man"])
    assert judged.loss == pytest.approx(-math.log(0.02 * 0.05 * 0.5 * 0.1) / 8, rel=1e-6)
    assert judged.known_loss == pytest.approx(-math.log(0.02 * 0.5 * 0.5 * 0.1) / 7, rel=1e-6)
    clean = judged.unknown == 0
    assert judged.bits_per_character(clean) == pytest.approx(-math.log2(0.02 * 0.5 * 0.1) / 13, rel=1e-6)
    assert judged.bits_per_character(np.zeros(4, bool)) is None


def test_what_cannot_be_has_an_infinite_loss():
    never = Bigrams([[0.0, 0, 1, 0, 0]] * 5, start_token=1)
    judged = judge(never, VOCABULARY, ["dog", ""])
    assert (judged.loss, judged.bits_per_character(np.ones(2, bool))) == (math.inf, math.inf)


def test_no_lines_have_no_tokens():
    judged = judge(MODEL, VOCABULARY, [])
    assert judged.tokens.shape == (0,)
    assert judged.loss == math.inf
