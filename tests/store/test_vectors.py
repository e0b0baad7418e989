"""Files of word vectors: word2vec's text and binary, GloVe's and fastText's."""

import gzip
import struct
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqterm.errors import DataError, UsageError
from seqterm.store import vector_formats, vectors
from seqterm.store.vectors import FORMATS, Vectors, read_vectors, write_vectors

ODD_WORDS = [
    "0",
    "5",
    "-1",
    "the",
    "é",
    "hen’s",
    "日本",
    "😀",
    "a\xa0b",
    "\x85",
    "\u2028",
    "\ufeff",
    "nan",
    "true",
    "null",
    "[",
    '"',
    ",",
    "</s>",
]
ODD_NUMBERS = [
    0,
    -0.0,
    1,
    -1,
    0.1,
    1e-45,
    -1e-45,
    1e-40,
    1.1754942e-38,
    1.1754944e-38,
    3.4028235e38,
    -3.4028235e38,
    16777216,
    1e16,
    1e-5,
]
BINARY = "word2vec-binary"
HINT = "; --skip-bad-rows goes on without such rows."
HEADER_HINT = "; --skip-bad-rows goes on with the rows that are there."


def vectors_of(words, n_columns, seed=0):
    """Random finite bits."""
    bits = np.random.default_rng(seed).integers(0, 2**32, (len(words), n_columns), np.uint32)
    matrix = bits.view(np.float32)
    matrix[~np.isfinite(matrix)] = 1.5
    return Vectors(list(words), matrix)


def assert_same(found, expected):
    assert found.words == expected.words
    assert found.matrix.dtype == np.float32
    np.testing.assert_array_equal(found.matrix.view(np.uint32), np.asarray(expected.matrix, np.float32).view(np.uint32))


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


# Round trips


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("n_columns", [1, 2, 3, 300])
def test_random_bits_come_back(path, form, n_columns):
    written = vectors_of([*ODD_WORDS, *(f"w{i}" for i in range(500))], n_columns, n_columns)
    write_vectors(path, written, form)
    assert read_vectors(path, form)[1] == []
    assert_same(read_vectors(path, form)[0], written)
    assert_same(read_vectors(path)[0], written)


@pytest.mark.parametrize("form", FORMATS)
def test_extreme_numbers_come_back(path, form):
    written = Vectors([str(i) for i in range(len(ODD_NUMBERS))], np.array(ODD_NUMBERS, np.float32)[:, None])
    write_vectors(path, written, form)
    assert_same(read_vectors(path, form)[0], written)


@pytest.mark.parametrize("form", FORMATS)
def test_the_number_whose_shortest_text_is_rounded_twice_comes_back(path, form):
    odd = np.array([0x15AE43FC, 0x15AE43FD, 0x15AE43FE, 0x95AE43FD], np.uint32).view(np.float32)
    written = Vectors(["a", "b"], np.array([odd, odd[::-1]]))
    write_vectors(path, written, form)
    assert_same(read_vectors(path, form)[0], written)


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data())
def test_whatever_can_be_written_comes_back(tmp_path_factory, form, data):
    n_columns = data.draw(st.integers(1, 4))
    words = data.draw(
        st.lists(st.text(min_size=1).filter(lambda word: word.encode().split() == [word.encode()]), min_size=1, unique=True)
    )
    row = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=n_columns, max_size=n_columns)
    written = Vectors(words, np.array([data.draw(row) for _ in words], np.float32))
    path = tmp_path_factory.getbasetemp() / "vectors"
    write_vectors(path, written, form)
    assert_same(read_vectors(path, form)[0], written)


def test_the_formats_are_those_of_the_other_programs(path):
    written = Vectors(["hen", "é"], np.array([[1, -0.5], [0.1, 3e-20]], np.float32))
    contents = {
        "word2vec": "2 2\nhen 1.0 -0.5\né 0.1 3e-20\n".encode(),
        "fasttext": "2 2\nhen 1.0 -0.5\né 0.1 3e-20\n".encode(),
        "glove": "hen 1.0 -0.5\né 0.1 3e-20\n".encode(),
        BINARY: b"2 2\nhen " + floats(1, -0.5) + "\né ".encode() + floats(0.1, 3e-20) + b"\n",
    }
    for form in FORMATS:
        write_vectors(path, written, form)
        assert path.read_bytes() == contents[form]


@pytest.mark.parametrize(
    "content",
    [
        b"2 3\na 1 2 3 \nb 4 5 6 \n",  # word2vec.c ends rows with a blank
        b"2 3\r\na 1 2 3\r\nb 4 5 6\r\n",
        b"2\t3\na 1\t2  3\nb +4 5. 6e0",
        b"a 1 2 3\n\nb 4 .5e1 6\n\n",
        b"2 3\na " + floats(1, 2, 3) + b"b " + floats(4, 5, 6),
        b"2 3\na " + floats(1, 2, 3) + b"\nb " + floats(4, 5, 6) + b"\n",
    ],
)
def test_what_other_programs_write_is_read(path, content):
    path.write_bytes(content)
    assert_same(read_vectors(path)[0], Vectors(["a", "b"], np.arange(1, 7).reshape(2, 3)))


def test_a_matrix_that_was_read_can_be_written_to(path):
    write_vectors(path, vectors_of("ab", 3), BINARY)
    read_vectors(path)[0].matrix[0, 0] = 1


# Which format


@pytest.mark.parametrize("seed", range(50))
def test_binary_is_told_from_text(path, seed):
    random = np.random.default_rng(seed)
    matrix = random.standard_normal((random.integers(1, 20), random.integers(3, 200))).astype(np.float32)
    written = Vectors([f"w{i}" for i in range(len(matrix))], matrix)
    for form in FORMATS:
        write_vectors(path, written, form)
        assert_same(read_vectors(path)[0], written)


def test_zeros_are_told_from_text(path):
    write_vectors(path, Vectors(["a", "b"], np.zeros((2, 4), np.float32)), BINARY)
    assert read_vectors(path)[0].words == ["a", "b"]


def test_a_first_line_of_a_word_and_a_number_is_no_header(path):
    path.write_bytes(b"5 3.0\n7 1.0\n")
    assert_same(read_vectors(path)[0], Vectors(["5", "7"], np.array([[3], [1]])))


def test_a_bad_first_row_does_not_settle_the_dimension(path):
    path.write_bytes(b". . 1 2\na 1 2\nb 3 4\n")
    with pytest.raises(DataError, match=r"file, line 1: it has 4 columns where other rows have a word and 2 numbers"):
        read_vectors(path)
    assert read_vectors(path, skip_bad_rows=True)[0].words == ["a", "b"]


def test_an_unknown_format_is_refused(path):
    for call in (lambda: read_vectors(path, "pickle"), lambda: write_vectors(path, vectors_of("a", 1), "pickle")):
        with pytest.raises(UsageError, match="no format pickle of word vectors: word2vec, word2vec-binary, glove, fasttext"):
            call()


# Bad files: what is said, and how many rows are left once they are skipped (None: nothing can go on)

A, B = b"a " + floats(1, 2), b"b " + floats(3, 4)
BAD = {
    "columns": (b"2 2\na 1 2\nb 3\n", "line 3: it has 2 columns where the header promises a word and 2 numbers" + HINT, 1),
    "no numbers": (b"a 1 2\nb\n", "line 2: it has 1 column where other rows have a word and 2 numbers" + HINT, 1),
    "space": (
        b"2 2\na 1 2\nb c 3 4\n",
        "line 3: it has 4 columns where the header promises a word and 2 numbers (its word may contain a space)" + HINT,
        1,
    ),
    "dimension": (b"2 1\na 1 2\nb 3 4\n", "line 2: it has 3 columns where the header promises a word and 1 number ", None),
    "dimension, binary": (b"2 1\n" + A + B, "line 1: the header promises 2 rows, but more follow", 2),
    "no number": (b"2 2\na 1 2\nb 3 x\n", "line 3: 'x' is no number" + HINT, 1),
    "underscore": (b"2 2\na 1 2\nb 3 1_0\n", "line 3: '1_0' is no number" + HINT, 1),
    "decimal comma": (b"2 2\na 1 2\nb 3 0,5\n", "line 3: '0,5' is no number" + HINT, 1),
    "comma for a blank": (b"2 2\na 1 2\nb 0,5\n", "line 3: it has 2 columns where", 1),
    "true": (b"2 2\na 1 2\nb 3 true\n", "line 3: 'true' is no number" + HINT, 1),
    "false": (b"2 2\na 1 2\nb 3 false\n", "line 3: 'false' is no number" + HINT, 1),
    "null": (b"2 2\na 1 2\nb 3 null\n", "line 3: 'null' is no number" + HINT, 1),
    "quoted": (b'2 2\na 1 2\nb 3 "4"\n', "line 3: '\"4\"' is no number" + HINT, 1),
    "nested": (b"2 2\na 1 2\nb 3 [4]\n", "line 3: '[4]' is no number" + HINT, 1),
    "nan": (b"2 2\na 1 2\nb 3 nan\n", "line 3: 'nan' is not finite" + HINT, 1),
    "inf": (b"2 2\na 1 2\nb -inf 4\n", "line 3: '-inf' is not finite" + HINT, 1),
    "beyond float64": (b"2 2\na 1 2\nb 3 1e400\n", "line 3: '1e400' is not finite" + HINT, 1),
    "beyond float32": (b"2 2\na 1 2\nb 3 -1e39\n", "line 3: '-1e39' is beyond the range of float32" + HINT, 1),
    "nan, binary": (
        b"2 2\n" + A + b"b " + floats(3, np.nan),
        "row 2: the vector of 'b' has a number that is not finite" + HINT,
        1,
    ),
    "inf, binary": (b"2 2\na " + floats(np.inf, 1) + B, "row 1: the vector of 'a' has a number that is not finite" + HINT, 1),
    "duplicate": (b"2 2\na 1 2\na 3 4\n", "line 3: its word 'a' has a line already" + HINT, 1),
    "duplicate, glove": (b"a 1 2\nb 1 2\na 3 4\n", "line 3: its word 'a' has a line already" + HINT, 2),
    "duplicate, binary": (b"2 2\n" + A + A, "row 2: its word 'a' has a row already" + HINT, 1),
    "no word": (b"2 2\na 1 2\n 3 4\n", "line 3: its word '' is empty" + HINT, 1),
    "tab in a word": (b"2 2\na 1 2\nb\tc 3 4\n", "line 3: its word 'b\\tc' has white space in it" + HINT, 1),
    "not UTF-8": (b"2 2\na 1 2\n\xff 3 4\n", "line 3: its word '\ufffd' is not UTF-8" + HINT, 1),
    "not UTF-8, binary": (b"2 2\n" + A + b"\xc3" + B, "row 2: its word '\ufffdb' is not UTF-8" + HINT, 1),
    "newline, binary": (b"2 2\n" + A + b"b\n" + B, "row 2: its word 'b\\nb' has white space in it" + HINT, 1),
    "cut": (b"a 1 2\nb 3", "line 2: the file ends after 1 of its 2 numbers" + HINT, 1),
    "cut in the word": (b"a 1 2\nb", "line 2: the file ends after 0 of its 2 numbers" + HINT, 1),
    "cut, binary": (b"2 2\na" + A + b"b" + B[:-1], "row 2: the file ends within it" + HINT, 1),
    "cut in the word, binary": (b"2 2\nlong" + A + b"long", "row 2: the file ends within it" + HINT, 1),
    "fewer rows": (b"3 1\naa 1\nbb 2\n", "line 1: the header promises 3 rows, but 2 follow" + HEADER_HINT, 2),
    "more rows": (b"1 2\na 1 2\nb 3 4\n", "line 1: the header promises 1 row, but more follow" + HEADER_HINT, 2),
    "fewer rows, binary": (b"2 2\n" + b"x" * 20 + A, "line 1: the header promises 2 rows, but 1 follow", 1),
    "more rows, binary": (b"1 2\n" + A + B, "line 1: the header promises 1 row, but more follow" + HEADER_HINT, 2),
    "too many rows": (
        b"1000000000000 2\na 1 2\n",
        "line 1: the header promises 1000000000000 rows of 2 numbers, at least 5999999999999 bytes, but the file can hold only 22"
        + HEADER_HINT,
        1,
    ),
    "too many rows, binary": (b"3 2\n" + A + B, "line 1: the header promises 3 rows of 2 numbers, at least 30 bytes", 2),
    "no rows": (b"0 2\n", "line 1: the header promises 0 rows of 2 numbers; there have to be rows", None),
    "no columns": (b"2 0\na\nb\n", "line 1: the header promises 2 rows of 0 numbers; ", None),
    "absurd dimension": (
        b"2 99999999\na 1\nb 1\n",
        "line 1: the header promises 2 rows of 99999999 numbers; there have to be",
        None,
    ),
    "empty": (b"", "is empty: there are no vectors in it.", None),
    "blank lines": (b"\n\n", "is no file of word vectors: its rows are no word and 1 to 65536 numbers.", None),
    "words alone": (b"a\nb\n", "is no file of word vectors", None),
}


@pytest.mark.parametrize(("content", "said", "n_left"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_described_and_its_bad_rows_can_be_skipped(path, content, said, n_left):
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_vectors(path)
    assert str(path) in str(error.value)
    assert said in str(error.value)
    if n_left is None:
        with pytest.raises(DataError, match=str(path)):
            read_vectors(path, skip_bad_rows=True)
    else:
        found, troubles = read_vectors(path, skip_bad_rows=True)
        assert len(found.words) == len(found.matrix) == n_left
        assert troubles
        assert all(trouble.startswith(str(path)) and trouble.endswith(".") and "skip" not in trouble for trouble in troubles)


def test_each_kind_of_trouble_is_one_sentence_with_its_first_line(path):
    path.write_bytes(b"9 2\na 1 2\nb 1\nc nan 3\na 5 6\nd 1 2 3\ne 7 8\na 1 1\nf inf 1\n\xff 1 1\n")
    found, troubles = read_vectors(path, skip_bad_rows=True)
    assert_same(found, Vectors(["a", "e"], np.array([[1, 2], [7, 8]])))
    assert troubles == [
        f"{path}: 2 rows left out, the first at line 3: it has 2 columns where the header promises a word and 2 numbers.",
        f"{path}: 2 rows left out, the first at line 4: 'nan' is not finite.",
        f"{path}: 2 rows left out, the first at line 5: its word 'a' has a line already.",
        f"{path}: 1 row left out, at line 10: its word '\ufffd' is not UTF-8.",
    ]


def test_a_good_row_counts_though_a_bad_one_of_its_word_came_before(path):
    for content in (b"2 1\na nan\na 2.0\n", b"2 1\na " + floats(np.nan) + b"\na " + floats(2)):
        path.write_bytes(content)
        assert_same(read_vectors(path, skip_bad_rows=True)[0], Vectors(["a"], np.array([[2]])))


def test_where_no_row_is_left_the_troubles_are_said(path):
    path.write_bytes(b"1 2\na 1 nan\n")
    with pytest.raises(
        DataError, match=r"file has no row that can be taken. .*file: 1 row left out, at line 2: 'nan' is not finite."
    ):
        read_vectors(path, skip_bad_rows=True)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("word2vec", BINARY),
        ("word2vec", "glove"),
        (BINARY, "word2vec"),
        (BINARY, "glove"),
        ("glove", "word2vec"),
        ("glove", BINARY),
    ],
)
def test_the_wrong_format_is_a_data_error(path, written, read):
    write_vectors(path, vectors_of(ODD_WORDS, 20), written)
    with pytest.raises(DataError, match=rf"{path}, (line|row) \d+"):
        read_vectors(path, read)


@pytest.mark.parametrize("size", [vector_formats.LINE_LIMIT - 1, vector_formats.LINE_LIMIT, 3 * vector_formats.LINE_LIMIT])
@pytest.mark.parametrize("head", [b"", b"1 1\n"])
def test_a_file_without_line_ends_is_not_read_into_memory(path, head, size):
    path.write_bytes(head + b"a" * size)
    with pytest.raises(
        DataError, match=r"(line \d has 2097152 bytes or more|no file of word vectors|ends after 0 of its 1 number)"
    ):
        read_vectors(path)


def test_a_binary_word_without_end_ends_the_search(path):
    path.write_bytes(b"2 2\n" + A + b"b" * 3 * vector_formats.WORD_LIMIT)
    with pytest.raises(DataError, match=r"row 2: no blank ends its word 'b{40}'\.\.\.; --skip"):
        read_vectors(path, BINARY)
    assert read_vectors(path, BINARY, skip_bad_rows=True)[0].words == ["a"]


def test_the_longest_rows_come_back(path):
    for form in FORMATS:
        written = vectors_of(["a" * vector_formats.WORD_LIMIT, "b"], vector_formats.DIMENSION_LIMIT)
        write_vectors(path, written, form)
        assert_same(read_vectors(path, form)[0], written)


def test_a_number_is_rounded_as_numpy_rounds_it(path):
    numbers = np.random.default_rng(0).standard_normal(300).tolist()
    texts = [*map(repr, numbers), "1e-46", "7.006492321624085e-46", "16777217", "+.5", "5."]
    path.write_text(f"a {' '.join(texts)}\n")
    expected = np.array([[float(text) for text in texts]]).astype(np.float32)
    assert_same(read_vectors(path)[0], Vectors(["a"], expected))


def test_reading_warns_of_nothing(path):
    path.write_bytes(b"2 1\na nan\nb 1e39\nc x\nd 1\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_vectors(path, skip_bad_rows=True)


@given(
    st.binary(),
    st.sampled_from([b"", b"2 1\n", b"1 2\na ", b"a 1 2\n", b"\x1f\x8b\x08"]),
    st.sampled_from([None, *FORMATS]),
    st.booleans(),
)
def test_any_bytes_are_vectors_or_a_data_error(tmp_path_factory, tail, head, form, skip):
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(head + tail)
    try:
        found, _ = read_vectors(path, form, skip)
    except DataError as error:
        found, said = None, str(error)
    if found is None:
        assert str(path) in said
    else:
        assert len(found.words) == len(found.matrix) > 0
        assert np.isfinite(found.matrix).all()


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_cut_anywhere_gives_its_whole_rows(path, form):
    written = vectors_of(["a", "bb", "é", "dd"], 3)
    write_vectors(path, written, form)
    data = path.read_bytes()
    first = data.index(b"bb ")  # without a header it is the first row that has to be whole
    for size in range(first, len(data)):
        path.write_bytes(data[:size])
        found, _ = read_vectors(path, form, skip_bad_rows=True)
        n = len(found.words)
        assert found.words == written.words[:n]
        whole = n if form == BINARY else n - 1  # a last number of text that lost digits is a number still
        np.testing.assert_array_equal(found.matrix[:whole], written.matrix[:whole])


# Packed


@pytest.mark.parametrize("piece", [1, 7, 64, 1 << 24])
@pytest.mark.parametrize("form", FORMATS)
def test_gzip_is_unpacked_whatever_the_name(path, monkeypatch, form, piece):
    monkeypatch.setattr(vectors, "PIECE", piece)
    written = vectors_of(ODD_WORDS, 30)
    write_vectors(path, written, form)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert_same(read_vectors(path)[0], written)


@pytest.mark.parametrize("form", FORMATS)
def test_a_damaged_gzip_file_is_named(path, form):
    write_vectors(path, vectors_of(ODD_WORDS, 30), form)
    data = gzip.compress(path.read_bytes())
    flipped = data[:-6] + bytes([data[-6] ^ 1]) + data[-5:]  # in the checksum
    for damaged in (data[: len(data) // 2], data[:20], data[:2], data[:-1], flipped, data[:30] + b"\xff" * 30 + data[60:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=str(path)):
            read_vectors(path)


@pytest.mark.parametrize("form", FORMATS)
def test_what_unpacks_without_end_is_refused(path, monkeypatch, form):
    monkeypatch.setattr(vectors, "GZIP_LIMIT", 3_000_000)
    head = b"" if form == "glove" else b"20000 100\n"
    row = b"a " + bytes(400) if form == BINARY else b"a" + b" 1" * 100 + b"\n"
    path.write_bytes(gzip.compress(head + row * 20_000, 1))
    with pytest.raises(DataError, match=r"file unpacks to more than 3000000 bytes"):
        read_vectors(path, skip_bad_rows=True)


def test_a_packed_header_that_promises_too_much_is_refused(path):
    path.write_bytes(gzip.compress(b"100000 300\na 1 2\n"))
    with pytest.raises(DataError, match=r"line 1: the header promises 100000 rows of 300 numbers, .* can hold only \d+; --skip"):
        read_vectors(path)


# Writing


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (
            Vectors(["a", "b c"], np.zeros((2, 1))),
            "the word 'b c' has white space in it, which no file of word vectors can hold.",
        ),
        (Vectors(["a", "b\n"], np.zeros((2, 1))), r"the word 'b\\n' has white space in it"),
        (Vectors(["a", " "], np.zeros((2, 1))), "the word ' ' has white space in it"),
        (Vectors(["a", ""], np.zeros((2, 1))), "the word '' is empty"),
        (Vectors(["a", "\ud800"], np.zeros((2, 1))), r"the word '\\ud800' is no Unicode text"),
        (Vectors(["a", "b" * 70_000], np.zeros((2, 1))), "the word 'b{40}'... has more than 65536 bytes"),
        (Vectors(["a", "a"], np.zeros((2, 1))), "the word 'a' has several vectors"),
        (Vectors(["a", "b"], np.array([[1], [np.nan]])), "the vector of 'b' has a number that is not finite"),
        (Vectors([], np.zeros((0, 3))), "there are no vectors"),
        (Vectors(["a"], np.zeros((1, 0))), "there are no vectors"),
        (Vectors(["a"], np.zeros((1, 65_537))), "vectors of more than 65536 numbers cannot be read back"),
    ],
)
def test_what_no_file_can_hold_is_refused_before_anything_is_written(tmp_path, form, bad, said):
    with pytest.raises(DataError, match=f"Cannot write .*/file: {said}"):
        write_vectors(tmp_path / "file", bad, form)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_was_half_written_leaves_the_old_one(path, monkeypatch, form):
    class FullDisk:
        def __init__(self, file):
            self.file = file

        def write(self, data):
            self.file.write(data)
            raise OSError(28, "No space left on device")

    write_vectors(path, vectors_of("ab", 3), form)
    old, whole = path.read_bytes(), vectors.writing_whole
    path.with_name(".file.0123").write_bytes(b"9 9\nhalf")  # of a process that was killed

    @contextmanager
    def failing(path):
        with whole(path) as file:
            yield FullDisk(file)

    monkeypatch.setattr(vectors, "writing_whole", failing)
    with pytest.raises(OSError, match="No space left"):
        write_vectors(path, vectors_of("cde", 4), form)
    assert path.read_bytes() == old
    assert sorted(entry.name for entry in path.parent.iterdir()) == [".file.0123", "file"]
    monkeypatch.undo()
    write_vectors(path, vectors_of("cde", 4), form)
    assert_same(read_vectors(path)[0], vectors_of("cde", 4))


def test_what_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(DataError, match=r"Cannot read .*absent: No such file or directory\."):
        read_vectors(tmp_path / "absent")
    with pytest.raises(DataError, match=f"{tmp_path} is no file"):
        read_vectors(tmp_path)


# gensim


@pytest.fixture
def keyed_vectors():
    return pytest.importorskip("gensim.models", reason="interchange with gensim needs gensim").KeyedVectors


@pytest.mark.parametrize(("form", "binary"), [("word2vec", False), ("fasttext", False), (BINARY, True)])
def test_gensim_reads_what_was_written(path, keyed_vectors, form, binary):
    written = vectors_of(ODD_WORDS, 50)
    write_vectors(path, written, form)
    read = keyed_vectors.load_word2vec_format(path, binary=binary)
    assert_same(Vectors(read.index_to_key, read.vectors), written)


def test_gensim_reads_glove(path, keyed_vectors):
    written = vectors_of(ODD_WORDS, 50)
    write_vectors(path, written, "glove")
    read = keyed_vectors.load_word2vec_format(path, no_header=True)
    assert_same(Vectors(read.index_to_key, read.vectors), written)


@pytest.mark.parametrize(("binary", "header"), [(True, True), (False, True), (False, False)])
def test_what_gensim_writes_is_read(path, keyed_vectors, binary, header):
    written = vectors_of(ODD_WORDS, 50)
    keyed = keyed_vectors(50)
    keyed.add_vectors(written.words, written.matrix)
    keyed.save_word2vec_format(path, binary=binary, write_header=header, sort_attr=None)
    assert_same(read_vectors(path)[0], written)
