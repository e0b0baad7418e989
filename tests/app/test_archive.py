"""Runs in tar files: all there again after the way, and nothing written where it does not belong."""

import io
import os
import shutil
import tarfile

import pytest

from seqterm.app.loaded import LoadedModel
from seqterm.errors import DataError, SeqtermError, UsageError
from seqterm.events import Finished, Imported, Sampled
from seqterm.store.run_folder import RunFolder

HARMLESS = ("lock", "stop")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "run.tar"


@pytest.fixture
def exported(do, tiny_run, file):
    """The tar file of `tiny_run`."""
    do("runs", "export", run=str(tiny_run), file=str(file))
    return file


def files(folder):
    """{name: bytes} of everything in a run that matters."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name not in HARMLESS)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def drawn(do, run):
    return next(event.text for event in do("sample", run=str(run), seed=3, length=50) if isinstance(event, Sampled))


# There and back


def test_a_run_comes_back_as_it_was(do, tiny_run, exported, tmp_path):
    (event,) = do("runs", "import", file=str(exported), out=str(tmp_path / "again"))
    assert event == Imported(str(tmp_path / "again"), str(exported))
    assert files(tmp_path / "again") == files(tiny_run)
    assert drawn(do, tmp_path / "again") == drawn(do, tiny_run)


def test_an_imported_run_stands_alone(do, tiny_run, exported, tmp_path):
    text = drawn(do, tiny_run)
    shutil.rmtree(tiny_run)
    do("runs", "import", file=str(exported), out=str(tmp_path / "again"))
    assert drawn(do, tmp_path / "again") == text


def test_without_a_name_it_has_the_one_it_had(do, exported, home):
    (event,) = do("runs", "import", file=str(exported))
    assert event.run == "tiny"
    assert RunFolder(home / "runs" / "tiny").read_state()["complete"]


def test_an_imported_run_can_be_trained_on_as_the_first(do, tiny_run, exported, session, tmp_path):
    do("runs", "import", file=str(exported), out=str(tmp_path / "again"))
    for run in (tiny_run, tmp_path / "again"):
        assert isinstance(do("train", "--resume", run=str(run), epochs=3)[-1], Finished)
    weights = [LoadedModel.open(str(run), session.backend).model.flat for run in (tiny_run, tmp_path / "again")]
    assert weights[0].tobytes() == weights[1].tobytes()


def test_a_run_with_a_validation_file_takes_it_along(do, corpus, file, tmp_path):
    sizes = {"hidden": 8, "embedding": 4, "batch": 4, "steps": 8, "epochs": 1, "sample_length": 0, "threads": 2}
    do("train", "gru", corpus=(str(corpus),), validation=str(corpus), out=str(tmp_path / "one"), **sizes)
    do("runs", "export", run=str(tmp_path / "one"), file=str(file))
    do("runs", "import", file=str(file), out=str(tmp_path / "two"))
    assert isinstance(do("train", "--resume", run=str(tmp_path / "two"), epochs=2)[-1], Finished)


def test_a_run_is_named_after_its_folder_wherever_one_stands(do, tiny_run, file, home, monkeypatch):
    monkeypatch.chdir(tiny_run)
    do("runs", "export", run=".", file=str(file))
    do("runs", "import", file=str(file))
    assert files(home / "runs" / "tiny") == files(tiny_run)


def test_locks_and_wishes_to_stop_stay_at_home(do, tiny_run, file):
    (tiny_run / "stop").touch()
    do("runs", "export", run=str(tiny_run), file=str(file))
    with tarfile.open(file) as archive:
        assert not {"tiny/lock", "tiny/stop"} & set(archive.getnames())


# What is refused


def test_a_file_that_is_there_is_not_written_over(do, tiny_run, file):
    file.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        do("runs", "export", run=str(tiny_run), file=str(file))
    assert file.read_text() == "mine"


def test_a_run_that_is_being_trained_is_not_exported(do, tiny_run, file, tmp_path):
    folder = RunFolder(tiny_run)
    folder.lock()
    try:
        with pytest.raises(SeqtermError, match="Another process is training"):
            do("runs", "export", run=str(tiny_run), file=str(file))
    finally:
        folder.unlock()
    assert not file.exists()


def test_a_folder_that_is_not_there_is_named_and_the_run_left_free(do, tiny_run, tmp_path):
    with pytest.raises(SeqtermError, match="Cannot write"):
        do("runs", "export", run=str(tiny_run), file=str(tmp_path / "nowhere" / "run.tar"))
    assert not RunFolder(tiny_run).is_locked()


def test_a_run_that_is_there_is_not_written_over(do, tiny_run, exported, tmp_path):
    before = files(tiny_run)
    with pytest.raises(UsageError, match="is there already"):
        do("runs", "import", file=str(exported), out=str(tiny_run))
    assert files(tiny_run) == before


def member(name, kind=tarfile.REGTYPE, target=""):
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


TRICKS = {
    "a path upwards": member("tiny/../../escaped"),
    "a path upwards alone": member("../escaped"),
    "a path upwards that comes back": member("tiny/../tiny/escaped"),
    "an absolute path": member("/escaped-from-an-archive"),
    "a symbolic link": member("tiny/link", tarfile.SYMTYPE, "/etc"),
    "a symbolic link inside": member("tiny/link", tarfile.SYMTYPE, "config.json"),
    "a hard link": member("tiny/link", tarfile.LNKTYPE, "tiny/config.json"),
    "a character device": member("tiny/null", tarfile.CHRTYPE),
    "a block device": member("tiny/disk", tarfile.BLKTYPE),
    "a pipe": member("tiny/pipe", tarfile.FIFOTYPE),
}


def nothing_left(home, tmp_path):
    """No run, no half-unpacked folder, no file beside them."""
    return not list((home / "runs").glob("*")) and not list(tmp_path.rglob("*escaped*"))


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize("trick", TRICKS)
def test_what_would_leave_its_folder_is_refused_whole(do, exported, file, home, tmp_path, trick, first):
    bad = tmp_path / "bad.tar"
    with tarfile.open(exported) as good, tarfile.open(bad, "w") as archive:
        members = [(m, good.extractfile(m)) for m in good.getmembers()]
        members.insert(0 if first else len(members), (TRICKS[trick], io.BytesIO()))
        for made, data in members:
            archive.addfile(made, data)
    with pytest.raises(DataError, match=r"not to be trusted: .* nothing was unpacked"):
        do("runs", "import", file=str(bad))
    assert nothing_left(home, tmp_path)
    assert not os.path.exists("/escaped-from-an-archive")


@pytest.mark.parametrize(
    "names",
    [[], ["letter.txt"], ["letters/one.txt", "letters/two.txt"], ["one/config.json", "two/config.json"], ["config.json"], ["."]],
    ids=str,
)
def test_an_archive_of_something_else_is_no_run(do, file, home, tmp_path, names):
    with tarfile.open(file, "w") as archive:
        for name in names:
            archive.addfile(member(name, tarfile.DIRTYPE if name == "." else tarfile.REGTYPE))
    with pytest.raises(DataError, match=r"holds no run"):
        do("runs", "import", file=str(file))
    assert nothing_left(home, tmp_path)


@pytest.mark.parametrize("share", [0.0005, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused(do, exported, home, tmp_path, share):
    with tarfile.open(exported) as archive:
        end = max(made.offset_data + made.size for made in archive.getmembers())
    exported.write_bytes(exported.read_bytes()[: int(end * share)])
    with pytest.raises(DataError, match=r"run\.tar"):
        do("runs", "import", file=str(exported))
    assert nothing_left(home, tmp_path)


def test_an_archive_cut_between_two_files_is_refused(do, exported, home, tmp_path):
    """Nothing tells such an archive from a whole one but what is missing from it."""
    with tarfile.open(exported) as archive:
        offsets = [made.offset for made in archive.getmembers()]
    data = exported.read_bytes()
    for number, offset in enumerate(offsets[1:]):
        cut = tmp_path / f"cut-{number}.tar"
        cut.write_bytes(data[:offset])
        with pytest.raises(DataError):
            do("runs", "import", file=str(cut))
    assert nothing_left(home, tmp_path)


@pytest.mark.parametrize("part", ["config.json", "vocabulary.json", "state.json", "checkpoints"])
def test_a_run_whose_parts_do_not_fit_is_refused(do, tiny_run, home, file, tmp_path, part):
    (path,) = tiny_run.glob(f"{part}/*" if part == "checkpoints" else part)
    path.write_bytes(path.read_bytes()[:-3] + b" x}")
    with tarfile.open(file, "w") as archive:
        archive.add(tiny_run, "tiny")
    with pytest.raises(DataError):
        do("runs", "import", file=str(file))
    assert nothing_left(home, tmp_path)


@pytest.mark.parametrize("data", [b"", b"no archive at all", bytes(10240)[:700]], ids=["empty", "text", "zeros"])
def test_a_file_that_is_no_archive_is_refused(do, file, home, tmp_path, data):
    file.write_bytes(data)
    with pytest.raises(DataError, match=r"run\.tar"):
        do("runs", "import", file=str(file))
    assert nothing_left(home, tmp_path)


def test_an_archive_that_is_not_there_is_named(do):
    with pytest.raises(DataError, match=r"Cannot read nowhere\.tar"):
        do("runs", "import", file="nowhere.tar")
