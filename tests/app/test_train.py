"""What training leaves on the disk: a run, or nothing."""

import shlex

import pytest

from seqterm.app.commands import COMMANDS
from seqterm.app.run import run
from seqterm.errors import DataError, SeqtermError, UsageError
from seqterm.events import Finished, Started, Stopped
from tests.conftest import TINY

BAD_CORPORA = {
    "empty": (b"", {}, DataError, "is empty"),
    "too short": (b"hen", {}, DataError, "too short"),
    "not UTF-8": (b"hen\xff" * 100, {}, DataError, "offset 3"),
    "binary": (b"hen\0" * 100, {}, DataError, "NUL byte at offset 3"),
    "without words": (b" \t" * 100, {"tokens": "space"}, DataError, "no tokens"),
    "a byte-order mark alone": (b"\xef\xbb\xbf", {}, DataError, "no tokens"),
    "all held out": (b"hen " * 100, {"validation": "0.999"}, DataError, "too short"),
    "absent validation": (b"hen " * 100, {"validation": "absent.txt"}, DataError, "no file absent.txt"),
    "impossible validation": (b"hen " * 100, {"validation": "1.5"}, UsageError, "--validation must be a share"),
    "absent base": (b"hen " * 100, {"from_run": "absent"}, DataError, "no run at"),
    "sizes that do not fit": (b"hen " * 100, {"tied": True}, UsageError, "--tied needs --embedding 12"),
}


def contents(folder):
    """{path: bytes} of everything below a folder."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture(params=BAD_CORPORA.values(), ids=BAD_CORPORA.keys())
def bad(request, tmp_path):
    """bad(out=...) fails to train."""
    data, values, kind, message = request.param
    path = tmp_path / "bad.txt"
    path.write_bytes(data)

    def train(do, out):
        with pytest.raises(kind, match=message):
            do("train", "lstm", corpus=(str(path),), out=out, **{**TINY, **values})

    return train


def test_a_failed_training_leaves_no_folder(do, bad, tmp_path):
    bad(do, str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_failed_training_leaves_no_folder_under_a_made_up_name(do, bad, home):
    bad(do, None)
    assert list((home / "runs").iterdir()) == []


def test_a_failed_training_leaves_an_empty_folder_empty(do, bad, tmp_path):
    (tmp_path / "run").mkdir()
    bad(do, str(tmp_path / "run"))
    assert list((tmp_path / "run").iterdir()) == []


def test_a_training_given_up_before_its_first_checkpoint_leaves_no_folder(session, corpus, tmp_path):
    events = run(COMMANDS["train", "lstm"](corpus=(str(corpus),), out=str(tmp_path / "run"), **TINY), session)
    assert isinstance(next(events), Started)
    events.close()
    assert not (tmp_path / "run").exists()


def test_an_empty_folder_becomes_a_run(do, corpus, tmp_path):
    (tmp_path / "run").mkdir()
    do("train", "lstm", corpus=(str(corpus),), out=str(tmp_path / "run"), **TINY)
    assert (tmp_path / "run" / "state.json").exists()


@pytest.mark.parametrize("name", ["notes.txt", ".hidden"])
def test_a_folder_with_files_is_refused_and_stays_as_it_was(do, corpus, tmp_path, name):
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / name).write_text("mine")
    with pytest.raises(UsageError, match="full is a folder with files in it already: name another with -o"):
        do("train", "lstm", corpus=(str(corpus),), out=str(folder), **TINY)
    assert contents(folder) == {folder / name: b"mine"}


def test_a_run_is_not_overwritten(do, corpus, tiny_run):
    before = contents(tiny_run)
    with pytest.raises(UsageError, match="tiny is a run already"):
        do("train", "lstm", corpus=(str(corpus),), out=str(tiny_run), **TINY)
    assert contents(tiny_run) == before


@pytest.mark.parametrize("below", ["", "run", "deep/run"])
def test_a_folder_cannot_be_where_a_file_is(do, corpus, tmp_path, below):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SeqtermError, match=r"Cannot make the folder .*file.*; name another with -o"):
        do("train", "lstm", corpus=(str(corpus),), out=str(tmp_path / "file" / below), **TINY)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_home_that_cannot_be_made_is_named(do, corpus, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("SEQTERM_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(SeqtermError, match=r"Cannot make the folder .*file/home/runs"):
        do("train", "lstm", corpus=(str(corpus),), **TINY)


@pytest.mark.parametrize("name", ["run", "my run", "it's"])
def test_the_line_that_goes_on_can_be_typed_into_a_shell(do, corpus, tmp_path, name):
    path = tmp_path / name
    stopped = do("train", "lstm", corpus=(str(corpus),), out=str(path), time_limit=1e-9, **TINY)[-1]
    assert isinstance(stopped, Stopped)
    assert shlex.split(stopped.resume) == ["seqterm", "train", "--resume", str(path)]
    assert isinstance(do("train", "--resume", run=shlex.split(stopped.resume)[-1])[-1], Finished)


@pytest.mark.parametrize("values", [{"sample_prompt": "\udcff"}, {"sample_prompt": "hen\udc80 egg"}])
def test_a_prompt_of_bytes_that_are_no_utf_8_is_no_reason_to_fail(do, corpus, tmp_path, values):
    events = do("train", "lstm", corpus=(str(corpus),), out=str(tmp_path / "run"), tokens="byte", **TINY, **values)
    assert isinstance(events[-1], Finished)
