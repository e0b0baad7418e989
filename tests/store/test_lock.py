"""One writer a run, whichever process it is in."""

import errno
import subprocess
import sys

import portalocker
import pytest

from seqterm.errors import DataError, SeqtermError
from seqterm.events import Note
from seqterm.store.run_folder import RunFolder
from tests.conftest import TINY

HOLD = """
import sys
from pathlib import Path
from seqterm.store.run_folder import RunFolder
folder = RunFolder(Path(sys.argv[1]))
folder.lock()
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def writer(tiny_run):
    """Another process that holds the lock of a tiny run until its input ends."""
    with subprocess.Popen([sys.executable, "-c", HOLD, tiny_run], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"locked\n"
            yield process
        finally:
            process.kill()


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("writer")
def test_a_second_writer_is_refused(tiny_run):
    with pytest.raises(SeqtermError, match=r"Another process is training .*tiny: wait for it, or `seqterm stop"):
        RunFolder(tiny_run).lock()


@pytest.mark.usefixtures("writer")
def test_a_second_training_is_refused_and_changes_nothing(do, tiny_run):
    before = contents(tiny_run)
    with pytest.raises(SeqtermError, match="Another process is training"):
        do("train", "--resume", run=str(tiny_run), epochs=4)
    assert contents(tiny_run) == before


@pytest.mark.usefixtures("writer")
def test_a_run_that_trains_is_not_deleted(do, tiny_run):
    before = contents(tiny_run)
    with pytest.raises(SeqtermError, match="is being trained: `seqterm stop"):
        do("runs", "rm", runs=(str(tiny_run),))
    assert contents(tiny_run) == before


@pytest.mark.usefixtures("writer")
def test_readers_need_no_lock(do, tiny_run):
    assert do("info", run=str(tiny_run))[-1].kind == "run_info"
    assert do("sample", run=str(tiny_run), length=1)[-1].kind == "sampled"


@pytest.mark.usefixtures("writer")
def test_a_stop_is_left_for_the_process_that_trains(do, tiny_run):
    (note,) = do("stop", run=str(tiny_run))
    assert isinstance(note, Note)
    assert "will save and stop" in note.text
    assert RunFolder(tiny_run).stop_requested()


def test_a_stop_is_left_for_a_training_that_reads_its_text_and_forgotten_by_the_next(do, tmp_path, corpus):
    folder = RunFolder.create(tmp_path / "slow")
    folder.lock()
    (note,) = do("stop", run=str(folder.path))
    assert note.text == f"{folder.name} reads its text; it will save and stop once its training begins."
    assert folder.stop_requested()
    folder.unlock()
    with pytest.raises(DataError, match="There is no run"):
        do("stop", run=str(folder.path))
    assert do("train", "lstm", corpus=(str(corpus),), out=str(folder.path), **TINY)[-1].kind == "finished"


def test_others_see_the_lock_come_and_go(writer, tiny_run):
    assert RunFolder(tiny_run).is_locked()
    writer.communicate()
    assert not RunFolder(tiny_run).is_locked()


def test_the_lock_dies_with_a_process_that_is_killed(writer, do, tiny_run):
    writer.kill()
    writer.wait()
    assert not RunFolder(tiny_run).is_locked()
    assert do("train", "--resume", run=str(tiny_run), epochs=3)[-1].kind == "finished"


def test_one_process_cannot_write_twice_either(tiny_run):
    first, second = RunFolder(tiny_run), RunFolder(tiny_run)
    first.lock()
    with pytest.raises(SeqtermError, match="Another process"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()


def test_looking_does_not_lock(tiny_run):
    assert not RunFolder(tiny_run).is_locked()
    folder = RunFolder(tiny_run)
    folder.lock()
    assert RunFolder(tiny_run).is_locked()
    folder.unlock()


def test_a_file_system_without_locks_is_told_from_one_where_another_trains(tiny_run, monkeypatch):
    def lock(*_):
        raise portalocker.LockException(OSError(errno.ENOLCK, "No locks available"))

    monkeypatch.setattr(portalocker.portalocker, "lock", lock)
    monkeypatch.setattr(portalocker, "lock", lock)
    folder = RunFolder(tiny_run)
    with pytest.raises(SeqtermError, match=r"The file system of .*tiny has no locks"):
        folder.lock()
    assert not folder.is_locked()
