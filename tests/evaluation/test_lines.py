"""Separate lines, scored side by side, each as if it were alone."""

import math
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqterm.backends.cpu import CPU
from seqterm.evaluation import lines as scoring
from seqterm.evaluation.lines import LETTERS, LINES, TOKENS, encode_line, score_ids, score_lines, score_sentences
from seqterm.models.recurrent import RecurrentModel
from seqterm.models.settings import ElmanSettings, GruSettings, LstmSettings
from seqterm.text.format import TextFormat
from seqterm.text.tokens import from_person, read
from seqterm.text.vocabulary import END, START, UNKNOWN, Vocabulary

TEXT = "the red hen has 2 eggs.\nthe white hen hasn't any eggs, has she?\nsix eggs are in the nest.\n" * 3
FORMS = {
    "char": (TextFormat("char"), None),
    "byte": (TextFormat("byte"), None),
    "space": (TextFormat("space"), None),
    "word": (TextFormat("word"), None),
    "limited words": (TextFormat("word"), 8),
    "sentences": (TextFormat("word", "line"), None),
    "limited sentences": (TextFormat("word", "line"), 8),
    "sentences of characters": (TextFormat("char", "line"), None),
}
SAID = ["the red hen", "", "has any hen six eggs?", "eggs", "the nest is in the hen.", " ", "t"]


def talker(form, size=None, settings_class=LstmSettings):
    """A vocabulary and a network with random weights, exact to many digits."""
    vocabulary = Vocabulary.count([from_person(TEXT, form)], form, size)
    start = vocabulary.special.get(START)
    settings = settings_class(hidden=7, embedding=5, layers=2, precision="float64")
    model = RecurrentModel(settings, vocabulary.log_frequencies(), CPU(2), start)
    model.flat[...] = np.random.default_rng(3).normal(0.0, 1.0, model.flat.size)
    model.changed()
    return model, vocabulary


@pytest.fixture(params=FORMS.values(), ids=FORMS.keys())
def any_talker(request):
    return talker(*request.param)


@pytest.fixture(scope="module")
def letters():
    return talker(TextFormat("char"), settings_class=ElmanSettings)


def alone(model, ids):
    """Log-probabilities of the ids of one line, read one by one from the model's start."""
    state, log_p = model.start(1)
    found = []
    for token in ids[0 if model.start_token is None else 1 :]:
        found.append(float(log_p[0, token]))
        state, log_p = model.advance(state, np.array([token], np.int64))
    return found


def alone_line(model, vocabulary, text):
    return np.concatenate([alone(model, ids) for ids in encode_line(vocabulary, text)[0]])


def test_a_line_scores_as_if_read_alone_token_by_token(any_talker):
    model, vocabulary = any_talker
    scored = list(score_lines(model, vocabulary, SAID))
    assert [line.text for line in scored] == SAID
    for line in scored:
        expected = alone_line(model, vocabulary, line.text)
        np.testing.assert_allclose(line.log_p, expected, rtol=1e-6, atol=1e-6)
        assert len(line.ids) == len(expected)


@pytest.mark.parametrize("settings_class", [ElmanSettings, GruSettings, LstmSettings])
def test_every_kind_of_network_scores_lines(settings_class):
    model, vocabulary = talker(TextFormat("word", "line"), settings_class=settings_class)
    for line in score_lines(model, vocabulary, SAID):
        np.testing.assert_allclose(line.log_p, alone_line(model, vocabulary, line.text), rtol=1e-6, atol=1e-6)


@settings(max_examples=20)
@given(st.lists(st.text("the rdn.\r\t\u0085\u2028", max_size=60), max_size=150))
def test_the_company_of_other_lines_changes_nothing(letters, lines):
    model, vocabulary = letters
    together = list(score_lines(model, vocabulary, lines))
    assert [line.text for line in together] == lines
    for line in together:
        (apart,) = score_lines(model, vocabulary, [line.text])
        np.testing.assert_array_equal(line.ids, apart.ids)
        np.testing.assert_allclose(line.log_p, apart.log_p, rtol=1e-6, atol=1e-6)


def test_more_lines_than_a_group_keep_their_order(letters):
    lines = ["hen " * (7 * i % 11) + "the"[: i % 4] for i in range(2 * LINES + 3)]
    assert [line.text for line in score_lines(*letters, lines)] == lines


# What a line is


@pytest.mark.parametrize("form", ["char", "byte", "space"])
def test_where_newlines_are_tokens_the_line_end_counts_once(form):
    model, vocabulary = talker(*FORMS[form])
    (line,) = score_lines(model, vocabulary, ["eggs"])
    assert vocabulary.tokens[line.ids[-1]] == "\n"
    assert [vocabulary.tokens[i] for i in line.ids].count("\n") == 1


@pytest.mark.parametrize("form", ["sentences", "sentences of characters"])
def test_the_end_mark_counts_once_and_the_start_mark_is_given(form):
    model, vocabulary = talker(*FORMS[form])
    (line,) = score_lines(model, vocabulary, ["eggs"])
    assert line.ids.tolist().count(vocabulary.special[END]) == 1
    assert line.ids[-1] == vocabulary.special[END]
    assert vocabulary.special[START] not in line.ids


def test_words_without_sentences_have_no_line_end():
    (line,) = score_lines(*talker(TextFormat("word")), ["the eggs"])
    assert len(line.ids) == 2


def test_a_line_without_tokens_has_no_probability_and_an_infinite_perplexity():
    (line,) = score_lines(*talker(TextFormat("word")), [""])
    assert (line.log_probability, len(line.log_p), line.perplexity) == (0.0, 0, math.inf)


def test_a_blank_sentence_is_its_end_mark():
    (line,) = score_lines(*talker(TextFormat("word", "line")), [""])
    assert len(line.ids) == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dressed", ["the eggs\r", "\ufeffthe eggs", "\ufeffthe eggs\r"], ids=ascii)
def test_a_carriage_return_at_the_end_and_a_byte_order_mark_are_no_text(form, dressed):
    _, vocabulary = talker(*FORMS[form])
    np.testing.assert_array_equal(encode_line(vocabulary, dressed)[0][0], encode_line(vocabulary, "the eggs")[0][0])
    assert encode_line(vocabulary, dressed)[1] == 0


def test_lower_case_models_read_lines_in_lower_case():
    _, vocabulary = talker(TextFormat("word", lowercase=True))
    assert encode_line(vocabulary, "The Eggs")[0][0].tolist() == encode_line(vocabulary, "the eggs")[0][0].tolist()
    assert encode_line(vocabulary, "The Eggs")[1] == 0


def test_a_byte_model_in_lower_case_reads_lines_as_it_read_its_text(tmp_path):
    """Half a letter has no case: É is the bytes C3 89, and C3 alone would be another letter."""
    form = TextFormat("byte", lowercase=True)
    (tmp_path / "text").write_text("É Eggs\n")
    (piece,) = read([tmp_path / "text"], form)
    vocabulary = Vocabulary.count([piece], form)
    (ids,), unknown = encode_line(vocabulary, "É Eggs")
    assert "".join(vocabulary.tokens[i] for i in ids).encode("latin-1") == "É eggs\n".encode()
    assert (ids.tolist(), unknown) == (vocabulary.encode(piece).tolist(), 0)


def test_bytes_that_are_no_utf8_are_bytes_to_a_byte_model():
    raw = b"the \xff\xc3 eggs"
    vocabulary = Vocabulary.count([raw.decode("latin-1") + "\n"], TextFormat("byte"))
    (ids,), unknown = encode_line(vocabulary, raw.decode("utf-8", "surrogateescape"))
    assert "".join(vocabulary.tokens[i] for i in ids).encode("latin-1") == raw + b"\n"
    assert unknown == 0


# Unknown tokens


@pytest.mark.parametrize("form", ["limited words", "limited sentences"])
def test_unknown_tokens_are_counted_and_judged_where_there_is_a_mark_for_them(form):
    model, vocabulary = talker(*FORMS[form])
    (line,) = score_lines(model, vocabulary, ["the purple eggs nobody"])
    assert line.unknown == 2
    assert line.ids.tolist().count(vocabulary.special[UNKNOWN]) == 2


@pytest.mark.parametrize("form", ["char", "space", "word", "sentences"])
def test_unknown_tokens_are_counted_and_left_out_where_there_is_none(form):
    model, vocabulary = talker(*FORMS[form])
    strange = "ZÄ" if vocabulary.form.joined else "Zebra Änne"
    plain, odd = score_lines(model, vocabulary, ["the hen", f"the {strange} hen".replace("  ", " ")])
    assert odd.unknown == 2
    if vocabulary.form.joined:
        assert len(odd.ids) == len(plain.ids) + 1  # the second space
    else:
        np.testing.assert_array_equal(odd.log_p, plain.log_p)


@pytest.mark.parametrize("text", ["a\0b", "\udcff", "\U0010ffff\ufffe"], ids=ascii)
def test_what_is_hardly_text_is_unknown_and_no_error(letters, text):
    (line,) = score_lines(*letters, [text])
    assert line.unknown >= 1
    assert np.all(np.isfinite(line.log_p))


# Long lines


@pytest.mark.parametrize("form", ["char", "sentences"])
@pytest.mark.parametrize("limit", [2, 3, 5, 17])
def test_a_line_scored_in_stretches_equals_one_scored_at_once(form, limit, monkeypatch):
    model, vocabulary = talker(*FORMS[form])
    texts = [encode_line(vocabulary, text)[0][0] for text in ("the red hen has any eggs", "eggs", "", "the nest. six eggs")]
    expected = score_ids(model, texts)
    monkeypatch.setattr(scoring, "TOKENS", limit)
    for found, whole in zip(score_ids(model, texts), expected, strict=True):
        np.testing.assert_allclose(found, whole, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("n", [TOKENS - 1, TOKENS, TOKENS + 1, 2 * TOKENS + 1])
def test_a_line_of_the_longest_batch_and_beyond_counts_every_token_once(letters, n):
    """A model that looks at nothing gives each token its own number, however the text is cut."""
    _, vocabulary = letters
    model = RecurrentModel(ElmanSettings(hidden=2, embedding=2), vocabulary.log_frequencies(), CPU(2))
    model.parameters["output"]["b"][...] = vocabulary.log_frequencies()
    ids = np.random.default_rng(1).integers(0, len(vocabulary), n).astype(np.int32)
    (found,) = score_ids(model, [ids])
    np.testing.assert_allclose(found, vocabulary.log_frequencies()[ids], rtol=0, atol=1e-5)


# How much is read before something is given


def taken_before_first(model, vocabulary, line):
    """How many of endlessly many lines are read before the first is given back."""
    taken = count()
    next(score_lines(model, vocabulary, (line for _ in taken)))
    return next(taken)


def test_few_lines_are_read_before_they_are_scored(letters):
    assert taken_before_first(*letters, "hen") == LINES


def test_fewer_long_lines_are_read_before_they_are_scored(letters):
    assert taken_before_first(*letters, "Z" * (LETTERS // 4)) == 4  # letters that the model does not know


class Watched:
    """A model, and the shapes of all that it is asked to score."""

    def __init__(self, model):
        self._model, self.shapes, self.start_token = model, [], model.start_token

    def score(self, state, ids, targets):
        self.shapes.append(ids.shape)
        return self._model.score(state, ids, targets)

    def __getattr__(self, name):
        return getattr(self._model, name)


def test_long_and_short_lines_together_do_not_make_a_large_batch(letters):
    model, vocabulary = letters
    watched = Watched(model)
    lines = ["hen " * n for n in (1, 2, 3000, 1, 10_000, 5, 9000, *range(1, 200))]
    list(score_lines(watched, vocabulary, lines))
    assert max(steps * rows for steps, rows in watched.shapes) <= TOKENS


def test_lines_that_begin_alike_share_their_beginning_and_all_lines_their_likes(letters):
    model, vocabulary = letters
    watched = Watched(model)
    list(score_lines(watched, vocabulary, ["the hen", "the hen has", "the nest", "the hen"] * 50))
    assert watched.shapes[0][1] == 1
    assert max(rows for _, rows in watched.shapes) == 3


# A stream of sentences


def test_a_stream_of_sentences_scores_as_its_lines_do():
    model, vocabulary = talker(TextFormat("word", "line"))
    lines = [line for line in SAID if line.strip()] * 100  # more than one group
    ids = vocabulary.encode("\n".join(lines) + "\n")
    ids = ids[ids >= 0]
    total = score_sentences(model, ids, vocabulary.special[START])
    each = list(score_lines(model, vocabulary, lines))
    assert total.tokens == sum(len(line.log_p) for line in each)
    np.testing.assert_allclose(total.log_probability, sum(line.log_probability for line in each), rtol=1e-9, atol=0)
