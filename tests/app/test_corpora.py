"""Corpora listed, shown, split and counted."""

import hashlib
from collections import Counter
from itertools import chain

import pytest
from nltk.tokenize import NLTKWordTokenizer

from seqterm.app.corpora import KNOWN
from seqterm.errors import DataError, UsageError
from seqterm.text.corpus import bundled

TEXT = "".join(f"line {n}: the cat, the dog; and {n % 7} hens.\n" for n in range(100))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def fetched(home):
    """A text that has been fetched under the name `pond`."""
    (home / "corpora").mkdir(parents=True)
    path = home / "corpora" / "pond.txt"
    path.write_text("frogs and newts.\n" * 50)
    return path


# list, info


def test_the_list_has_bundled_and_known_texts(do):
    entries = {event.name: event for event in do("corpus", "list")}
    assert {name for name, event in entries.items() if event.origin == "bundled"} == set(bundled())
    assert {name for name, event in entries.items() if event.origin == "known"} == set(KNOWN)
    assert entries["tales"].size == bundled()["tales"][0].stat().st_size
    assert entries["wend"].size == sum(path.stat().st_size for path in bundled()["wend"])


def test_the_list_has_fetched_texts(do, fetched):
    (entry,) = (event for event in do("corpus", "list") if event.name == "pond")
    assert (entry.origin, entry.size, entry.path) == ("fetched", fetched.stat().st_size, str(fetched))


@pytest.mark.parametrize(("name", "origin"), [("tales", "bundled"), ("pond", "fetched")])
def test_info_shows_the_checksum(do, fetched, name, origin):
    (entry,) = do("corpus", "info", corpus=name)
    path = fetched if name == "pond" else bundled()[name][0]
    assert (entry.name, entry.origin, entry.path) == (name, origin, str(path))
    assert entry.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_info_of_all_bundled_texts_is_an_entry_a_file(do):
    assert [event.path for event in do("corpus", "info", corpus="wend")] == [str(path) for path in bundled()["wend"]]


def test_info_of_a_file(do, file):
    (entry,) = do("corpus", "info", corpus=str(file))
    assert (entry.origin, entry.size, entry.sha256) == ("file", len(TEXT), hashlib.sha256(TEXT.encode()).hexdigest())


def test_info_of_a_text_that_can_be_fetched(do):
    (entry,) = do("corpus", "info", corpus="tinyshakespeare")
    assert (entry.origin, entry.sha256) == ("known", KNOWN["tinyshakespeare"].sha256)


def test_the_known_checksum_is_that_of_the_text(real_data):
    (path,) = (real_data / "tinyshakespeare").rglob("input.txt")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == KNOWN["tinyshakespeare"].sha256


def test_info_of_nothing_names_what_there_is(do, fetched):
    with pytest.raises(DataError, match=r"no corpus of that name \(bundled: .*tales.*fetched: pond\)"):
        do("corpus", "info", corpus="marsh")


# split


def parts(file):
    return [file.with_name(f"lines.{part}.txt").read_bytes() for part in ("train", "held-out")]


@pytest.mark.parametrize(("share", "n"), [(0.9, 90), (0.5, 50), (0.001, 1), (0.9999, 99)])
def test_the_last_lines_are_held_out(do, file, share, n):
    events = do("corpus", "split", file=str(file), train=share)
    train, held_out = parts(file)
    assert train + held_out == TEXT.encode()
    assert train.count(b"\n") == n
    assert [(event.name, event.size) for event in events] == [
        ("lines.train.txt", len(train)),
        ("lines.held-out.txt", len(held_out)),
    ]


def test_lines_chosen_at_random_stay_whole_and_in_their_order(do, file):
    do("corpus", "split", file=str(file), train=0.8, shuffle=True)
    train, held_out = (part.splitlines(keepends=True) for part in parts(file))
    lines = TEXT.encode().splitlines(keepends=True)
    assert (len(train), len(held_out)) == (80, 20)
    assert sorted(train + held_out) == sorted(lines)
    assert [train, held_out] == [sorted(part, key=lines.index) for part in (train, held_out)]
    assert held_out != lines[80:]


def test_the_same_seed_chooses_the_same_lines(do, file):
    chosen = []
    for seed in (1, 1, 2):
        do("corpus", "split", file=str(file), shuffle=True, seed=seed)
        chosen.append(parts(file))
        for part in ("train", "held-out"):
            file.with_name(f"lines.{part}.txt").unlink()
    assert chosen[0] == chosen[1] != chosen[2]


@pytest.mark.parametrize("shuffle", [False, True])
def test_only_a_newline_ends_a_line_and_bytes_stay(do, file, shuffle):
    lines = ["one\u0085two\u2028three\r\n".encode(), b"\0nul\n", b"\xff\xfe\n", b"\n", b"\xef\xbb\xbfbom\rcr\n", b"no end"]
    file.write_bytes(b"".join(lines))
    do("corpus", "split", file=str(file), train=0.5, shuffle=shuffle)
    found = [part.split(b"\n") for part in parts(file)]
    assert sorted(line for part in found for line in part if line) == sorted(line.strip(b"\n") for line in lines if line != b"\n")
    assert sum(map(len, parts(file))) == sum(map(len, lines))


@pytest.mark.parametrize("part", ["train", "held-out"])
def test_a_file_that_is_there_is_not_written_over(do, file, part):
    file.with_name(f"lines.{part}.txt").write_text("mine")
    with pytest.raises(UsageError, match=rf"lines\.{part}\.txt is there already"):
        do("corpus", "split", file=str(file))
    assert sorted(path.name for path in file.parent.glob("lines*")) == sorted([file.name, f"lines.{part}.txt"])
    assert file.with_name(f"lines.{part}.txt").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "one", "one\n"], ids=repr)
def test_less_than_two_lines_cannot_be_split(do, file, text):
    file.write_text(text)
    with pytest.raises(DataError, match="there is nothing to split"):
        do("corpus", "split", file=str(file))
    assert [path.name for path in file.parent.glob("lines*")] == ["lines.txt"]


@pytest.mark.parametrize("name", ["nowhere.txt", "."])
def test_what_cannot_be_read_is_named(do, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="Cannot split"):
        do("corpus", "split", file=name)


# stats

SPLITS = {
    "char": list,
    "byte": lambda text: [bytes([b]).decode("latin-1") for b in text.encode()],
    "space": lambda text: chain.from_iterable([*line.split(" "), "\n"] for line in text.split("\n")[:-1]),
    "word": lambda text: chain.from_iterable(map(NLTKWordTokenizer().tokenize, text.split("\n"))),
}


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("kind", SPLITS)
def test_counts_are_those_of_counting(do, file, kind, lowercase):
    text = TEXT + "The Élan of a café.\n"
    file.write_text(text)
    (counts,) = do("corpus", "stats", corpus=(str(file),), tokens=kind, lowercase=lowercase)
    if lowercase:  # half a letter has no case
        text = text.encode().lower().decode() if kind == "byte" else text.lower()
    expected = Counter(SPLITS[kind](text))
    assert (counts.tokens, counts.types) == (expected.total(), len(expected))
    assert counts.hapaxes == sum(n == 1 for n in expected.values())
    assert counts.lines == 101
    assert [n for _, n in counts.most_frequent] == [n for _, n in expected.most_common(10)]
    assert all(expected[token] == n for token, n in counts.most_frequent)


def test_frequencies_stand_at_their_ranks(do, file):
    (counts,) = do("corpus", "stats", corpus=(str(file),))
    ordered = sorted(Counter(SPLITS["word"](TEXT)).values(), reverse=True)
    assert (counts.ranks[0], counts.ranks[-1]) == (1, len(ordered))
    assert counts.ranks == sorted(set(counts.ranks))
    assert counts.frequencies == [ordered[rank - 1] for rank in counts.ranks]


def test_several_texts_are_counted_together(do, file, fetched):
    apart = [do("corpus", "stats", corpus=(name,))[0].tokens for name in (str(file), "pond")]
    assert do("corpus", "stats", corpus=(str(file), "pond"))[0].tokens == sum(apart)


def test_counting_nothing_asks_for_a_text(do):
    with pytest.raises(UsageError, match="Name the text to count"):
        do("corpus", "stats")


@pytest.mark.parametrize("text", ["", "\n \t\n"], ids=repr)
def test_a_text_without_words_has_nothing_to_count(do, file, text):
    file.write_text(text)
    with pytest.raises(DataError, match=r"is empty|has no tokens"):
        do("corpus", "stats", corpus=(str(file),))
