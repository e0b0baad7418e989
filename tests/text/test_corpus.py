"""What a corpus is called, and where it is."""

import io
import os
import sys

import pytest

from seqterm.errors import DataError
from seqterm.text import corpus


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool.txt"


@pytest.fixture
def stdin(monkeypatch):
    """stdin(data) makes data what standard input gives, through a pipe."""

    def give(data):
        reader, writer = os.pipe()
        os.write(writer, data)
        os.close(writer)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(os.fdopen(reader, "rb")))

    return give


def test_a_path_is_taken_as_it_is(tmp_path, spool):
    path = tmp_path / "text"
    path.write_text("hen")
    assert corpus.find((str(path),), spool, spool.parent / "fetched") == [path]


@pytest.mark.parametrize("name", ["almanac", "dialogues", "letters", "recipes", "tales", "verse"])
def test_a_bundled_name_is_its_file(spool, name):
    assert corpus.find((name,), spool, spool.parent / "fetched") == [corpus.bundled_folder() / f"{name}.txt"]


def test_the_name_of_the_whole_is_every_bundled_file(spool):
    assert corpus.find(("wend",), spool, spool.parent / "fetched") == sorted(corpus.bundled_folder().glob("*.txt"))


def test_several_sources_keep_their_order(tmp_path, spool):
    path = tmp_path / "text"
    path.write_text("hen")
    found = corpus.find(("verse", str(path), "letters"), spool, spool.parent / "fetched")
    assert [one.name for one in found] == ["verse.txt", "text", "letters.txt"]


def test_a_file_that_is_there_goes_before_a_bundled_corpus_of_its_name(tmp_path, monkeypatch, spool):
    (tmp_path / "tales").write_text("hen")
    monkeypatch.chdir(tmp_path)
    assert [path.read_text() for path in corpus.find(("tales",), spool, spool.parent / "fetched")] == ["hen"]


def test_standard_input_is_kept_to_be_read_twice(stdin, spool):
    data = "the hén\r\n".encode() + b"\xff"
    stdin(data)
    assert corpus.find(("-",), spool, spool.parent / "fetched") == [spool]
    assert spool.read_bytes() == data


def test_standard_input_goes_with_files(stdin, spool):
    stdin(b"hen")
    assert [path.name for path in corpus.find(("tales", "-"), spool, spool.parent / "fetched")] == ["tales.txt", "spool.txt"]


def test_a_terminal_is_not_waited_for(monkeypatch, spool):
    ours, theirs = os.openpty()
    with os.fdopen(ours, "wb", buffering=0), os.fdopen(theirs, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with pytest.raises(DataError, match=r"Standard input is a terminal.*name a file"):
            corpus.find(("-",), spool, spool.parent / "fetched")


def test_what_is_nowhere_is_named_with_the_corpora_that_there_are(spool):
    with pytest.raises(DataError, match=r"no file tails, .*bundled: wend, almanac, dialogues, letters, recipes, tales, verse"):
        corpus.find(("tails",), spool, spool.parent / "fetched")


def test_a_folder_is_no_corpus(tmp_path, spool):
    with pytest.raises(DataError, match=f"{tmp_path} is a folder"):
        corpus.find((str(tmp_path),), spool, spool.parent / "fetched")


def test_an_empty_file_is_named(tmp_path, spool):
    (tmp_path / "nothing").touch()
    with pytest.raises(DataError, match="nothing is empty"):
        corpus.find((str(tmp_path / "nothing"),), spool, spool.parent / "fetched")


def test_empty_standard_input_is_named(stdin, spool):
    stdin(b"")
    with pytest.raises(DataError, match="Standard input is empty"):
        corpus.find(("-",), spool, spool.parent / "fetched")
