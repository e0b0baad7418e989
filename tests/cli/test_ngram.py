"""n-gram models as a person trains and asks them."""

import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.program import PROGRAM, json_events, rest_of_screen, spawn, stderr_lines
from tests.conftest import TEXT

USAGE, DATA = 2, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """corpus.txt, and a run `hens`."""
    path = tmp_path_factory.mktemp("ngram")
    (path / "corpus.txt").write_text(TEXT)
    words = ["train", "ngram", "corpus.txt", "--tokens", "space", "--order", "3", "-o", "./hens"]
    done = subprocess.run([*PROGRAM, *words], cwd=path, capture_output=True, check=True)
    (path / "trained.txt").write_bytes(done.stdout + done.stderr)
    return path


def test_what_was_counted_is_told_in_plain_lines(folder):
    name, first, *orders, last = (folder / "trained.txt").read_text().splitlines()
    assert name == "hens"
    assert first.startswith("hens: ngram, ")
    assert orders[0].startswith("order 1  21 n-grams  discounts ")
    assert [line.split()[:2] for line in orders if line.startswith("order")] == [["order", str(n)] for n in (1, 2, 3)]
    assert last.startswith("Complete in ")
    assert "None" not in (folder / "trained.txt").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("corpus.txt", "--prune", "0", "0", "10"),
        ("corpus.txt", "--prune", "0", "0", "10", "--tokens", "space", "--order", "3"),
        ("--prune", "0", "0", "10", "--tokens", "space", "--order", "3", "corpus.txt"),
    ],
    ids=" ".join,
)
def test_pruning(seqterm, folder, tmp_path, words):
    done = seqterm("train", "ngram", *words, "-o", tmp_path / "pruned", cwd=folder)
    assert done.returncode == 0
    told = [line.split("  ")[1] for line in stderr_lines(done) if line.startswith("order")]
    assert ["kept" in line for line in told][:3] == [False, False, True]


def test_a_terminal_sees_it_end(folder):
    screen, code = rest_of_screen(spawn([*PROGRAM, "train", "ngram", "corpus.txt", "-o", "./seen"], cwd=folder))
    assert code == 0
    assert "order 5" in screen.decode()


def test_the_next_token_shows_the_length_of_its_ngram(seqterm, folder):
    done = seqterm("next", "./hens", "--prompt", "the red", "--top", "30", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    shown = {line.split()[-2]: line.split()[-1] for line in done.stdout.decode().splitlines()[:-1]}
    assert (shown["'hen'"], shown["'eggs.'"]) == ("3-gram", "1-gram")


def test_details_stand_under_each_line(seqterm, folder):
    done = seqterm("score", "./hens", "-", "--ngram-details", input=b"the red zebra\n", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    details = [line.split("\t")[1:] for line in done.stdout.decode().splitlines() if line.startswith("\t")]
    assert [(token, n, oov) for token, _, n, oov in details] == [
        ("'the'", "2", "0"), ("'red'", "3", "0"), ("'UNKNOWN'", "1", "1"), ("'SENTENCE_END'", "1", "0")
    ]  # fmt: skip
    told = seqterm("score", "./hens", "-", "--ngram-details", "--jsonl", input=b"the red zebra\n", cwd=folder)
    line, _ = json_events(told.stdout)
    assert [f"{p:.6f}" for _, p, _, _ in line["ngram_details"]] == [p for _, p, _, _ in details]


def test_impossible_lines_are_objects_too(seqterm, folder):
    seqterm("train", "ngram", "corpus.txt", "--tokens", "space", "--smoothing", "mle", "-q", "-o", "./mle", cwd=folder)
    done = seqterm("score", "./mle", "-", "--jsonl", input=b"blue eggs\n", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(json_events(done.stdout)) == 2


def test_info_names_the_bytes_of_an_ngram(seqterm, folder):
    assert b"bytes-per-ngram" in seqterm("info", "./hens", cwd=folder).stdout


def test_into_a_file_and_out_of_it(seqterm, folder):
    done = seqterm("ngram", "export", "./hens", "hens.arpa.gz", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hens\n", b"")
    done = seqterm("ngram", "import", "hens.arpa.gz", "-o", "./again", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"again\n", b"")
    scores = [seqterm("score", run, "corpus.txt", cwd=folder).stdout for run in ("./hens", "./again")]
    assert scores[0] == scores[1]


def test_words_of_other_encodings_are_refused(seqterm, folder):
    lines = b"-1\t<unk>\n-1\t<s>\n-0.2\t</s>\n-0.5\tcaf\xe9\n"
    (folder / "latin.arpa").write_bytes(b"\\data\\\nngram 1=4\n\n\\1-grams:\n" + lines + b"\n\\end\\\n")
    done = seqterm("ngram", "import", "latin.arpa", "-o", "./latin", cwd=folder)
    assert (done.returncode, done.stdout, len(stderr_lines(done))) == (DATA, b"", 1)
    assert "latin.arpa is not UTF-8, as its word" in stderr_lines(done)[0]
    assert not (folder / "latin").exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("train", "ngram", "corpus.txt", "--order", "0"), USAGE, "--order must be at least 1, not 0"),
        (("train", "ngram", "corpus.txt", "--order", "-1"), USAGE, "--order must be at least 1, not -1"),
        (("train", "ngram", "corpus.txt", "--memory", "lots"), USAGE, "'lots' is not a size: write 500M or 4G"),
        (("train", "ngram", "corpus.txt", "--prune", "1"), USAGE, "--prune must begin with 0"),
        (("train", "ngram", "absent.txt"), DATA, "absent.txt"),
        (("train", "--resume", "./hens"), USAGE, "hens is complete"),
        (("ngram", "export", "./absent", "x.arpa"), DATA, "no run at"),
        (("ngram", "import", "corpus.txt", "-o", "./bad"), DATA, "corpus.txt is no ARPA file"),
        (("ngram", "import", "absent.arpa", "-o", "./bad"), DATA, "Cannot read absent.arpa"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bad_input_is_one_sentence(seqterm, folder, words, code, message):
    before = sorted(folder.iterdir())
    done = seqterm(*words, cwd=folder)
    assert (done.returncode, done.stdout, len(stderr_lines(done))) == (code, b"", 1)
    assert message in done.stderr.decode()
    assert sorted(folder.iterdir()) == before


def test_ctrl_c_leaves_nothing(start, tmp_path):
    text = " ".join(str(i * i % 9973) for i in range(40_000))
    (tmp_path / "long.txt").write_text(f"{text} " * 60)
    process = start(
        "train", "ngram", "long.txt", "--tokens", "space", "--memory", "1K", "--order", "9", "-o", "./run", cwd=tmp_path
    )
    while not list(tmp_path.glob("run/ngrams-*")):  # counting is under way, and takes some seconds
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not (tmp_path / "run").exists()


def test_a_full_disk_leaves_nothing(folder):
    done = subprocess.run(
        [sys.executable, "-m", "seqterm", "train", "ngram", "corpus.txt", "--memory", "1K", "-q", "-o", "./full"],
        cwd=folder,
        capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)),
        env=os.environ,
        check=False,
    )
    assert done.returncode == 1
    assert stderr_lines(done)[0].startswith("seqterm: File too large")
    assert not (folder / "full").exists()
