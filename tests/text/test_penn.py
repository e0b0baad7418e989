"""Words after the Penn Treebank: the very tokens of NLTK's NLTKWordTokenizer, and readable text from them again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.tokenize import NLTKWordTokenizer

from seqterm.text import corpus, penn
from seqterm.text.penn import tokenize
from seqterm.text.tokens import Decoder, split

NLTK = NLTKWordTokenizer()
PIECES = [
    *[
        "a",
        "b",
        "cannot",
        "gonna",
        "wanna",
        "more'n",
        "gimme",
        "d'ye",
        "'tis",
        "'twas",
        "Gotta",
        "lemme",
        "can",
        "not",
        "is",
        "é",
    ],
    *["do", "D", "LL", "Mr.", "e.g.", "3", "3.88", "3,000", "_", "/", "-", "--", "\u2012", "—", ".", "..", "...", ",", ":", ";"],
    *["'", "''", '"', "`", "``", "“", "”", "‘", "’", "«", "»", "„", "(", ")", "[", "]", "{", "}", "<", ">"],
    *["n't", "'s", "'S", "'ll", "'re", "'ve", "'m", "'d", "!", "?", "$", "%", "#", "@", "&", "*", "ſ", "İ"],
    *[" "] * 20,
]


def differing(text):
    """The lines of a text that the two split differently."""
    return [line for line in text.split("\n") if tokenize(line) != NLTK.tokenize(line)]


@settings(max_examples=3000)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_of_words_quotes_and_marks_is_split_as_nltk_does(line):
    assert tokenize(line) == NLTK.tokenize(line)


@settings(max_examples=500)
@given(st.text(st.characters(categories=("Lu", "Ll", "Lt", "Nd", "Ps", "Pe", "Pd", "Pi", "Pf", "Po", "Sm", "Sc")) | st.just(" ")))
def test_any_letters_digits_and_marks_are_split_as_nltk_does(line):
    """White space is spaces; other characters are letters to one regular-expression engine and not to the other."""
    assert tokenize(line) == NLTK.tokenize(line)


@pytest.mark.parametrize("name", sorted(set(corpus.bundled()) - {corpus.ALL}))
def test_every_line_of_the_bundled_corpora_is_split_as_nltk_does(name):
    (path,) = corpus.bundled()[name]
    assert differing(path.read_text()) == []


def test_every_line_of_tinyshakespeare_is_split_as_nltk_does(real_data):
    assert differing((real_data / "tinyshakespeare" / "input.txt").read_text()) == []


@pytest.mark.parametrize(
    ("line", "tokens"),
    [
        ("He left!", "He left !"),
        ("don't", "do n't"),
        ("(3,000 'men')", "( 3,000 ' men ' )"),
        ('"Come in," she said.', "`` Come in , '' she said ."),
        ("Mr. Smith's dogs can't bark.", "Mr. Smith 's dogs ca n't bark ."),
        ("It cost $3.88 -- 50% more...", "It cost $ 3.88 -- 50 % more ..."),
        ("We cannot; they're gonna.", "We can not ; they 're gon na ."),
        ("", ""),
        (" \t ", ""),
        ("'", "'"),
        (".", "."),
    ],
)
def test_conventions(line, tokens):
    assert tokenize(line) == tokens.split()


@given(
    st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(["\t", "\u00a0", "\u2028", "\x85", "\x1c", "\r", "\u3000"])
)
def test_any_white_space_is_a_space(pieces, white):
    """NLTK reads a quotation mark after a tab or an odd space as a closing one."""
    line = "".join(pieces)
    assert tokenize(line.replace(" ", white)) == tokenize(line)


def test_odd_line_ends_inside_a_line_are_white_space():
    assert split("He left\u2028then\x85he\u00a0came.", "word") == ["He", "left", "then", "he", "came", "."]


def test_each_sentence_of_a_line_ends_with_a_stop_of_its_own():
    """But for the stops of abbreviations, and those before a small letter."""
    assert split("Mr. Fenn left. He came. etc. and so on.", "word") == [
        "Mr.", "Fenn", "left", ".", "He", "came.", "etc.", "and", "so", "on", "."
    ]  # fmt: skip


def test_only_newlines_end_lines():
    assert split("He left.\nThey came.\n", "word") == ["He", "left", ".", "They", "came", "."]


@given(st.lists(st.sampled_from(["don't", "'Hen'", '"Hen"', "left.", "left.'", "(cannot)", "a's'"]), max_size=30))
def test_what_is_remembered_changes_nothing(stretches):
    line = " ".join(stretches)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(penn, "REMEMBERED", 2)
        patch.setattr(penn, "_inside", {})
        patch.setattr(penn, "_at_an_end", {})
        assert tokenize(line) == NLTK.tokenize(line)
        assert len(penn._inside) <= 2


# Readable text again


def detokenized(tokens):
    return Decoder("word").feed(tokens, final=True)


@pytest.mark.parametrize(
    "text",
    [
        "He left!",
        "I don't know (really), said he.",
        '"Come in," she said. "Please!"',
        '("Hi," he said.)',
        'He said "no" and left.',
        "It's 3,000 'men' here.",
        "'Hello,' he said, 'my dear.'",
        "The dogs' house, the dog's house.",
        "'Tis good, goin' home, rock 'n' roll.",
        "She can't; he'll go: they've been [there] {once}, she'd say I'm not and you're.",
        "It costs $3.88, 50% off #5.",
        "Well -- yes - and — no...",
        "“Yes,” he said. ‘No’ «d» x",
        "We cannot, we're gonna, I wanna, gimme more'n that, lemme, I've gotta, 'twas, d'ye.",
        "SHE CAN'T, HE'LL GO.",
        "e.g. Mr. Smith & Sons",
    ],
)
def test_ordinary_sentences_come_back_as_they_were(text):
    assert detokenized(tokenize(text)) == text


@pytest.mark.parametrize("name", ["tales", "letters", "almanac", "recipes", "dialogues", "verse"])
def test_nearly_all_lines_of_the_bundled_corpora_come_back(name):
    (path,) = corpus.bundled()[name]
    lines = [" ".join(line.split()) for line in path.read_text().split("\n")]
    changed = [line for line in lines if detokenized(tokenize(line)) != line]
    assert len(changed) <= 1 + len(lines) // 1000, changed[:5]


@given(st.data())
def test_pieces_decode_like_the_whole(data):
    drawn = data.draw(st.lists(st.sampled_from(["hen", "'", "``", "''", "n't", "(", ")", ".", "dogs", "gon", "na", ","])))
    cut = data.draw(st.integers(0, len(drawn)))
    decoder = Decoder("word")
    assert decoder.feed(drawn[:cut]) + decoder.feed(drawn[cut:]) == detokenized(drawn)


@pytest.mark.parametrize(
    ("prompt", "token", "text"),
    [
        ("the", "hen", " hen"),
        ("the ", "hen", "hen"),
        ("the\n", "hen", "hen"),
        ("do", "n't", "n't"),
        ("left", ".", "."),
        ("left,", "he", " he"),
        ("(", "he", "he"),
        ('He said, "', "Come", "Come"),
        ('"Come,"', "he", " he"),
        ("$", "3", "3"),
        ("hen ", "``", '"'),
        ("\u2028", "hen", "hen"),
    ],
)
def test_a_prompt_is_continued_with_a_space_only_where_one_belongs(prompt, token, text):
    assert Decoder("word", prompt).feed([token]) == text


def test_a_new_line_begins_without_a_space():
    decoder = Decoder("word")
    assert decoder.feed(["'", "hen"]) + decoder.new_line() + decoder.feed(["'", "hen"]) == "'hen\n'hen"
