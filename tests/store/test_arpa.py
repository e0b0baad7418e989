"""ARPA files: written and read back, as others write them, broken, and as KenLM reads them."""

import gzip
import math
import random
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqterm.errors import DataError
from seqterm.store import arpa, arpa_text
from seqterm.store.arpa import read_arpa, write_arpa
from seqterm.store.ngram_levels import Level
from tests.store.ngram_models import END, SPECIAL, START, TOKENS, UNKNOWN, WORDS, levels_of, log_p, ngrams_of, random_model

# As lmplz writes: ids in the order of the words, n-grams ordered by their ends.
LMPLZ = r"""\data\
ngram 1=5
ngram 2=4
ngram 3=2

\1-grams:
-1.1461281	<unk>	0
0	<s>	-0.30103
-0.69897	</s>	0
-0.5	hen	-0.25
-0.8	eggs	-0.125

\2-grams:
-0.4	eggs </s>	0
-0.2	<s> hen	-0.5
-0.7	hen hen	0
-0.3	hen eggs	-0.0625

\3-grams:
-0.1	hen eggs </s>
-0.15	<s> hen eggs

\end\
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.arpa"


def logs(*values):
    return np.array(values, np.float64) * math.log(10)


def read(path, text, **settings):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_arpa(path, **settings)


def assert_same(found, expected):
    assert found[:2] == expected[:2]
    assert len(found[2]) == len(expected[2])
    for one, other in zip(found[2], expected[2], strict=True):
        for array, wanted in zip(one, other, strict=True):
            if wanted is None:
                assert array is None
            else:
                assert array.dtype == wanted.dtype
                np.testing.assert_array_equal(array, wanted)


# Round trips


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz"])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_models_come_back_to_the_same_bits(tmp_path, name, order):
    for seed in range(5):
        model = TOKENS, SPECIAL, levels_of(random_model(seed, order), len(TOKENS))
        write_arpa(tmp_path / name, *model)
        assert (tmp_path / name).read_bytes().startswith(b"\x1f\x8b" if name.endswith("gz") else b"\\data\\\nngram 1=7\n")
        assert_same(read_arpa(tmp_path / name), model)


@pytest.mark.parametrize("small", [1, 3])
def test_stretches_and_buffers_end_anywhere(path, monkeypatch, small):
    model = TOKENS, SPECIAL, levels_of(random_model(1, 3), len(TOKENS))
    write_arpa(path, *model)
    whole = path.read_bytes()
    monkeypatch.setattr(arpa, "STRETCH", small)
    write_arpa(path, *model)
    assert path.read_bytes() == whole
    longest = max(map(len, whole.split(b"\n")))
    for size in (longest + 1, longest + 2, 3 * longest, len(whole) - 1, len(whole), len(whole) + 1):
        monkeypatch.setattr(arpa_text, "BUFFER", size)
        assert_same(read_arpa(path), model)
    monkeypatch.setattr(arpa_text, "BUFFER", longest)
    with pytest.raises(DataError, match=rf"line \d+: it has {longest} bytes or more"):
        read_arpa(path)


@given(st.lists(st.floats(max_value=0, allow_nan=False, width=32), min_size=1), st.floats(allow_nan=False, width=32))
def test_any_logarithms_come_back(tmp_path_factory, values, weight):
    path = tmp_path_factory.getbasetemp() / "logarithms.arpa"
    weight = min(weight, np.finfo(np.float32).max)
    unigrams = np.array([-math.inf, *values], np.float32)
    ids, weights = np.arange(len(unigrams), dtype=np.int32), np.full(len(unigrams), weight, np.float32)
    children = np.zeros(len(unigrams) + 1, np.uint32)
    empty = Level(np.zeros(0, np.int32), np.zeros(0, np.float32), None, None)
    model = ["UNKNOWN", *map(str, range(len(values)))], {"UNKNOWN": 0}, [Level(ids, unigrams, weights, children), empty]
    write_arpa(path, *model)
    assert_same(read_arpa(path), model)


ODD = [
    "<unk>",
    "<UNK>",
    "<Unk>",
    "<s>",
    "<S>",
    "</s>",
    "\\<s>",
    "\\\\<UNK>",
    "UNKNOWN",
    "SENTENCE_END",
    " ",
    "\n",
    "\0",
    "\v",
    "\\x20",
]
ODD += [
    "\\\\x20",
    "\\",
    "x20",
    "\\end\\",
    "\\2-grams:",
    "\xa0",
    "\u2028",
    "\udcff",
    "日本",
    "-1.5",
    "ngram",
    "\\data\\",
    "<unk>s",
]


def test_odd_words_come_back(path):
    tokens = [*SPECIAL, *ODD]
    model = {(i,): (-1.0, 0.0) for i in range(len(tokens))} | {(START, i): (-0.5, 0.0) for i in range(len(SPECIAL), len(tokens))}
    write_arpa(path, tokens, SPECIAL, levels_of(model, len(tokens)))
    assert_same(read_arpa(path), (tokens, SPECIAL, levels_of(model, len(tokens))))


@given(st.lists(st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), min_size=1)), unique=True))
def test_any_words_come_back_that_can_be_written(tmp_path_factory, words):
    path = tmp_path_factory.getbasetemp() / "words.arpa"
    words = [word for word in words if len(word) == 1 or not set(word) & set("\0\t\n\v\f\r ")]
    tokens = [*SPECIAL, *words]
    levels = [Level(np.arange(len(tokens), dtype=np.int32), np.full(len(tokens), -1.5, np.float32), None, None)]
    write_arpa(path, tokens, SPECIAL, levels)
    assert_same(read_arpa(path), (tokens, SPECIAL, levels))


def test_the_text_of_a_file(path):
    model = {(0,): (-math.inf, 0.0), (1,): (math.log(0.25), math.log(2)), (2,): (math.log(1e-7), 0.0)}
    model |= {(1, 1): (0.0, 0.0), (1, 2): (math.log(0.5), 0.0)}
    write_arpa(path, ["UNKNOWN", "<s>", "hen"], {"UNKNOWN": 0}, levels_of(model, 3))
    sections = [
        "\\data\\\nngram 1=3\nngram 2=2\n",
        "\\1-grams:\n-99\t<unk>\t0\n-0.602059993\t\\<s>\t0.301029996\n-6.99999989\then\t0\n",
    ]
    sections += ["\\2-grams:\n0\t\\<s> \\<s>\n-0.301029996\t\\<s> hen\n", "\\end\\\n"]
    assert path.read_text() == "\n".join(sections)


# Writing what cannot be written


@pytest.mark.parametrize("word", ["", "a b", "a\n", "\ud800"])
def test_a_token_that_no_file_can_hold_is_named(path, word):
    with pytest.raises(DataError, match="the token"):
        write_arpa(path, [*SPECIAL, word], SPECIAL, levels_of({(i,): (-1.0, 0.0) for i in range(4)}, 4))
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(("probability", "weight"), [(0.5, 0.0), (math.nan, 0.0), (-1.0, math.nan), (-1.0, math.inf)])
def test_what_is_no_logarithm_is_not_written(path, probability, weight):
    with pytest.raises(DataError, match="no logarithms"):
        write_arpa(path, TOKENS, SPECIAL, levels_of(random_model(1, 2) | {(UNKNOWN,): (probability, weight)}, len(TOKENS)))
    assert list(path.parent.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path):
    """A limit on the size of files stops a write half way, as a full disk does."""
    script = f"""
from pathlib import Path
import numpy as np
from seqterm.store.arpa import write_arpa
from seqterm.store.ngram_levels import Level
n = 100_000
write_arpa(Path({str(tmp_path / "model.arpa")!r}), [str(i) for i in range(n)], {{}},
           [Level(np.arange(n, dtype=np.int32), np.full(n, -1, np.float32), None, None)])
"""
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert "OSError: [Errno 27] File too large" in result.stderr
    assert list(tmp_path.iterdir()) == []


# What other programs write


def test_a_file_as_lmplz_writes_it(path):
    tokens, special, levels = read(path, LMPLZ)
    assert tokens == ["UNKNOWN", "SENTENCE_START", "SENTENCE_END", "hen", "eggs"]
    assert special == SPECIAL
    unigrams, bigrams, trigrams = levels
    np.testing.assert_array_equal(unigrams.words, range(5))
    np.testing.assert_allclose(unigrams.log_p, logs(-1.1461281, 0, -0.69897, -0.5, -0.8), rtol=1e-7, atol=0)
    np.testing.assert_allclose(unigrams.backoff, logs(0, -0.30103, 0, -0.25, -0.125), rtol=1e-7, atol=0)
    np.testing.assert_array_equal(unigrams.children, [0, 0, 1, 1, 3, 4])
    np.testing.assert_array_equal(bigrams.words, [3, 3, 4, 2])
    np.testing.assert_allclose(bigrams.log_p, logs(-0.2, -0.7, -0.3, -0.4), rtol=1e-7, atol=0)
    np.testing.assert_allclose(bigrams.backoff, logs(-0.5, 0, -0.0625, 0), rtol=1e-7, atol=0)
    np.testing.assert_array_equal(bigrams.children, [0, 1, 1, 2, 2])
    np.testing.assert_array_equal(trigrams.words, [4, 2])
    np.testing.assert_allclose(trigrams.log_p, logs(-0.15, -0.1), rtol=1e-7, atol=0)
    assert trigrams.backoff is None
    assert trigrams.children is None


@pytest.mark.parametrize(
    "text",
    [
        LMPLZ.replace("\t", " "),
        LMPLZ.replace("\t", " \t ").replace("\n", " \n"),
        LMPLZ.replace("\n", "\r\n"),
        "made by hand\n\n1 2 3\n" + LMPLZ,
        LMPLZ.removesuffix("\n"),
        LMPLZ + "\nwhatever follows",
        LMPLZ.replace("\n\n", "\n"),
        LMPLZ.replace(":\n", ":\n\n\n").replace("ngram 1=5", "\nngram  1 = 5"),
        LMPLZ.replace("\t0\n", "\n"),
        LMPLZ.replace("\then eggs </s>", "\then eggs </s>\t0"),
        LMPLZ.replace("-0.", "-.")
        .replace("-.5\t", "-5e-1\t")
        .replace("-.8\t", "-80.00E-2\t")
        .replace("-0.4", "-0.40000000000000000000000"),
        LMPLZ.replace("<unk>", "<UNK>"),
    ],
)
def test_other_spellings_of_the_same(path, text):
    expected = read(path, LMPLZ)
    assert_same(read(path, text), expected)
    path.write_bytes(gzip.compress(text.encode()))
    assert_same(read_arpa(path), expected)


def test_unigrams_in_any_order(path):
    """Special tokens come first; the others keep their order."""
    text = "\\data\\\nngram 1=4\nngram 2=2\n\\1-grams:\n-1 b\n-99 <s> -2\n-2 a\n-3 </s>\n\\2-grams:\n-1 b a\n-2 <s> b\n\\end\\\n"
    tokens, special, levels = read(path, text)
    assert (tokens, special) == ([*SPECIAL, "b", "a"], SPECIAL)
    model = ngrams_of(levels)
    assert model[UNKNOWN,] == (-math.inf, 0)  # the file has none
    assert model[START,] == (-math.inf, pytest.approx(-2 * math.log(10), rel=1e-7, abs=0))
    assert set(model) == {(0,), (1,), (2,), (3,), (4,), (3, 4), (1, 3)}


def test_a_model_without_sentence_marks(path):
    tokens, special, levels = read(path, "\\data\\\nngram 1=2\n\\1-grams:\n-0.5 a\n-0.5 b\n\\end\\\n")
    assert (tokens, special) == (["UNKNOWN", "a", "b"], {"UNKNOWN": 0})
    np.testing.assert_allclose(levels[0].log_p, logs(-math.inf, -0.5, -0.5), rtol=1e-7, atol=0)
    assert levels[0].backoff is None


def test_sections_may_be_empty(path):
    levels = read(path, "\\data\\\nngram 1=1\nngram 2=0\nngram 3=0\n\\1-grams:\n0 a\n\n\\2-grams:\n\n\\3-grams:\n\n\\end\\\n")[2]
    assert [len(level.words) for level in levels] == [2, 0, 0]
    assert [level.children is None for level in levels] == [False, False, True]
    np.testing.assert_array_equal(levels[0].children, [0, 0, 0])


def test_any_order_of_n_grams_is_the_same_model(path):
    write_arpa(path, TOKENS, SPECIAL, levels_of(random_model(3, 4), len(TOKENS)))
    expected, lines = read_arpa(path), path.read_text().split("\n")
    sections = [i for i, line in enumerate(lines) if line.endswith("-grams:")]
    for first in sections[1:]:
        end = lines.index("", first)
        lines[first + 1 : end] = random.Random(first).sample(lines[first + 1 : end], end - first - 1)
    assert_same(read(path, "\n".join(lines)), expected)


# Broken files


ERRORS = {
    "no header": (LMPLZ.replace("\\data\\", "data"), r"is no ARPA file: it has no line \\data\\"),
    "empty": ("", r"is no ARPA file"),
    "no counts": ("\\data\\\n\n\\1-grams:\n", r"line 3: \\data\\ promises no unigrams"),
    "no unigrams": (LMPLZ.replace("1=5", "1=0"), r"line 6: \\data\\ promises no unigrams"),
    "an order left out": (LMPLZ.replace("ngram 2=4\n", ""), r"line 3: 'ngram 3=2' stands where the number of 2-grams has to"),
    "more than can be": (LMPLZ.replace("2=4", "2=400"), r"line 3: \\data\\ promises 405 n-grams, .* can hold only \d+"),
    "very many": (LMPLZ.replace("1=5", "1=999999999999999999"), r"line 2: .* can hold only \d+"),
    "too few": (LMPLZ.replace("2=4", "2=5"), r"line 18: the section ends after 4 of the 5 2-grams that"),
    "too many": (
        LMPLZ.replace("2=4", "2=3"),
        r"line 17: '-0.3\\then eggs\\t-0.0625' stands where .3-grams: has to come after the 3 2-",
    ),
    "too many at the top": (LMPLZ.replace("3=2", "3=1"), r"line 21: .* stands where \\end\\ has to come after the 1 3-grams"),
    "a section left out": (LMPLZ.replace("\\2-grams:", "\\3-grams:"), r"line 13: .* stands where \\2-grams: has to come\."),
    "no end": (LMPLZ.replace("\\end\\\n", ""), r"line 23: the file ends where \\end\\ has to come"),
    "cut between sections": (LMPLZ[: LMPLZ.index("\\2-grams:")], r"line 13: the file ends where \\2-grams: has to come"),
    "cut in a section": (LMPLZ[: LMPLZ.index("-0.7")], r"line 16: the file ends after 2 of the 4 2-grams"),
    "cut in a line": (LMPLZ[: LMPLZ.index("hen hen")], r"line 16: it has fewer than 2 words"),
    "an unknown word": (LMPLZ.replace("hen hen", "hen cow"), r"line 16: its word 'cow' is no unigram of the file"),
    "an unknown first word": (LMPLZ.replace("hen hen", "cow hen"), r"line 16: its word 'cow' is no unigram of the file"),
    "no context": (
        LMPLZ.replace("-0.15\t<s> hen", "-0.15\t<s> eggs"),
        r"line 21: it goes on from '<s> eggs', which is no n-gram",
    ),
    "twice": (LMPLZ.replace("hen hen", "hen eggs"), r"line 17: this n-gram has a line already"),
    "a word twice": (LMPLZ.replace("\teggs\t", "\then\t"), r"line 11: the word 'hen' has a line already"),
    "a word twice, escaped": (
        LMPLZ.replace("\then\t", "\t<S>\t").replace("\teggs\t", "\t\\<S>\t"),
        r"line 11: the word '<S>' has a",
    ),
    "unknown twice": (LMPLZ.replace("\teggs\t", "\t<UNK>\t"), r"line 11: the word 'UNKNOWN' has a line already"),
    "half of the marks": (LMPLZ.replace("</s>", "end"), r"has one of the unigrams <s> and </s>, but not the other"),
    "no number": (LMPLZ.replace("-0.7\t", "-0.7x\t"), r"line 16: '-0.7x' is no number"),
    "a word for a number": (LMPLZ.replace("-0.7\t", ""), r"line 16: 'hen' is no number"),
    "nan": (LMPLZ.replace("-0.7\t", "nan\t"), r"line 16: 'nan' is no number"),
    "positive": (LMPLZ.replace("-0.7\t", "0.7\t"), r"line 16: the log10 probability '0.7' is above zero"),
    "positive unigram": (LMPLZ.replace("-0.8\t", "1e-30\t"), r"line 11: the log10 probability '1e-30' is above zero"),
    "infinite": (LMPLZ.replace("-0.7\t", "inf\t"), r"line 16: the log10 probability 'inf' is above zero"),
    "no weight": (LMPLZ.replace("-0.0625", "-0.0.625"), r"line 17: '-0.0.625' is no number"),
    "infinite weight": (LMPLZ.replace("-0.0625", "1e999"), r"line 17: the back-off weight '1e999' is not finite"),
    "no weight of a unigram": (LMPLZ.replace("-0.125", "--"), r"line 11: '--' is no number"),
    "no word": (LMPLZ.replace("\teggs\t-0.125", ""), r"line 11: it has fewer than 1 words"),
    "too few words": (LMPLZ.replace("hen hen\t0", "hen"), r"line 16: it has fewer than 2 words"),
    "too many words": (
        LMPLZ.replace("hen hen", "hen hen hen"),
        r"line 16: '0' is more than a number, 2 words and a back-off weight",
    ),
    "too many at the end": (
        LMPLZ.replace("hen eggs </s>", "hen eggs </s>\t-0.1"),
        r"line 20: '-0.1' is more than a number, 3 words and",
    ),
    "too many in a unigram": (LMPLZ.replace("\teggs\t", "\teggs yolk\t"), r"line 11: '-0.125' is more than a number, 1 words"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_name_the_line(path, name):
    text, message = ERRORS[name]
    with pytest.raises(DataError, match=message) as caught:
        read(path, text)
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).count("\n") == 0


def test_every_cut_is_an_error(path):
    whole = LMPLZ.encode().removesuffix(b"\n")
    for size in range(len(whole)):
        with pytest.raises(DataError):
            read(path, whole[:size])


def test_any_damage_is_an_error_or_a_model(path):
    choose, text = random.Random(1), LMPLZ.encode()
    for _ in range(400):
        first = choose.randrange(len(text))
        try:
            read(path, text[:first] + choose.randbytes(choose.randint(0, 3)) + text[first + choose.randint(0, 3) :])
        except DataError as error:
            assert str(error).startswith(str(path)) or "is no ARPA file" in str(error)  # noqa: PT017


def test_binary_files_are_no_arpa_files(path):
    with pytest.raises(DataError, match="is no ARPA file"):
        read(path, random.Random(1).randbytes(100_000))


@pytest.mark.parametrize("name", ["missing.arpa", "."])
def test_what_cannot_be_opened_is_named(tmp_path, name):
    with pytest.raises(DataError, match=r"Cannot read|is no file"):
        read_arpa(tmp_path / name)


# Packed


def test_a_cut_packed_file_is_an_error(path):
    packed = gzip.compress(LMPLZ.encode())
    for size in (len(packed) // 2, len(packed) - 40):
        with pytest.raises(DataError, match=r"Cannot read .*model.arpa from line \d+ on: Compressed file ended"):
            read(path, packed[:size])


def test_what_unpacks_to_too_much_is_refused(path, monkeypatch):
    comments = b"#\n" * 5000
    assert_same(read(path, gzip.compress(comments + LMPLZ.encode()), limit=20_000), read(path, LMPLZ))
    with pytest.raises(DataError, match="unpacks to more than 9000 bytes"):
        read(path, gzip.compress(comments + LMPLZ.encode()), limit=9000)
    monkeypatch.setattr(arpa, "UNPACKED", 1000)
    with pytest.raises(DataError, match=r"unpacks to more than \d+ bytes"):
        read(path, gzip.compress(b"#\n" * 100_000 + LMPLZ.encode()))


def test_a_bomb_is_refused(path):
    """Its line of many megabytes, or what its header promises, is found out before there is memory for it."""
    with pytest.raises(DataError, match="bytes or more"):
        read(path, gzip.compress(b"\\data\\\n" + bytes(1 << 25), 9))
    with pytest.raises(DataError, match="can hold only"):
        read(path, gzip.compress(LMPLZ.replace("1=5", "1=9999999").encode()))


# KenLM


@pytest.mark.parametrize("order", [2, 3, 4])
def test_kenlm_finds_the_same_probabilities(tmp_path, order):
    kenlm = pytest.importorskip("kenlm")
    for seed, name in enumerate(["model.arpa", "model.arpa.gz"]):
        model = random_model(seed, order)
        model[UNKNOWN,] = (-7.0, 0.0)
        write_arpa(tmp_path / name, TOKENS, SPECIAL, levels_of(model, len(TOKENS)))
        levels = ngrams_of(read_arpa(tmp_path / name)[2])
        peer = kenlm.Model(str(tmp_path / name))
        choose = random.Random(seed)
        for _ in range(20):
            words = choose.choices([*WORDS, "yolk"], k=8)
            ids = [START, *(TOKENS.index(word) if word in TOKENS else UNKNOWN for word in words), END]
            wanted = [log_p(levels, ids[i], tuple(ids[max(0, i - order + 1) : i])) / math.log(10) for i in range(1, len(ids))]
            found = [score for score, _, _ in peer.full_scores(" ".join(words))]
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
