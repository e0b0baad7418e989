"""`runs export` and `runs import` as a person sees them."""

import shutil
import signal
import tarfile

import pytest

from tests.cli.program import ENDLESS, stderr_lines, under_way


def sample(seqterm, run):
    return seqterm("sample", run, "--seed", "5", "--length", "60").stdout


def test_a_run_goes_into_a_file_and_comes_out_under_its_name(seqterm, trained, home, tmp_path):
    shutil.copytree(trained, home / "runs" / "hens")
    expected = sample(seqterm, "hens")
    done = seqterm("runs", "export", "hens", "hens.tar", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hens\n", b"")
    assert seqterm("runs", "rm", "hens").returncode == 0
    done = seqterm("runs", "import", "hens.tar", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hens\n", b"")
    assert sample(seqterm, "hens") == expected


def test_a_run_that_is_being_trained_is_refused(seqterm, start, corpus, tmp_path):
    process = start("train", "lstm", corpus, *ENDLESS, "-o", "busy")
    under_way(process)
    done = seqterm("runs", "export", "busy", tmp_path / "busy.tar")
    assert done.returncode == 1
    assert "Another process is training busy" in stderr_lines(done)[0]
    assert not list(tmp_path.glob("*busy*"))
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert seqterm("runs", "export", "busy", tmp_path / "busy.tar").returncode == 0


@pytest.fixture
def wrong(tmp_path):
    """A folder with archives that are none, or are not to be trusted."""
    (tmp_path / "text.tar").write_text("no archive")
    with tarfile.open(tmp_path / "tricky.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("run/../../../escaped"))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["export"], 2, "RUN"),
        (["export", "nobody"], 2, "FILE.tar"),
        (["export", "nobody", "x.tar"], 3, "There is no run at"),
        (["export", "RUN", "text.tar"], 2, "text.tar is there already"),
        (["export", "RUN", "nowhere/x.tar"], 1, "Cannot write nowhere/x.tar"),
        (["import"], 2, "FILE.tar"),
        (["import", "nowhere.tar"], 3, "Cannot read nowhere.tar"),
        (["import", "text.tar"], 3, "Cannot read text.tar"),
        (["import", "tricky.tar"], 3, "not to be trusted: 'run/../../../escaped'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_goes_wrong_is_one_sentence(seqterm, wrong, trained, words, code, says):
    before = sorted(wrong.parent.rglob("*escaped*")) + sorted(wrong.iterdir())
    done = seqterm("runs", *[trained if word == "RUN" else word for word in words], cwd=wrong)
    (line,) = stderr_lines(done)
    assert (done.returncode, done.stdout) == (code, b"")
    assert says in line
    assert sorted(wrong.parent.rglob("*escaped*")) + sorted(path for path in wrong.iterdir() if path.name != "home") == before
