"""Hidden Markov models as a person trains and asks them."""

import json
import subprocess

import pytest

from tests.cli.program import PROGRAM, json_events, rest_of_screen, spawn, stderr_lines
from tests.conftest import TEXT

USAGE, DATA = 2, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """corpus.txt, and a run `hens`."""
    path = tmp_path_factory.mktemp("hmm")
    (path / "corpus.txt").write_text(TEXT)
    words = ["train", "hmm", "corpus.txt", "--states", "3", "--epochs", "8", "-o", "./hens"]
    done = subprocess.run([*PROGRAM, *words], cwd=path, capture_output=True, check=True)
    (path / "trained.txt").write_bytes(done.stdout + done.stderr)
    return path


def test_progress_is_told_in_plain_lines(folder):
    name, first, *_, last = (folder / "trained.txt").read_text().splitlines()
    assert name == "hens"
    assert first.startswith("hens: hmm, ")
    assert last.startswith("Complete after 8 steps in ")
    assert "None" not in (folder / "trained.txt").read_text()


def test_a_terminal_shows_the_curve(folder):
    words = ["train", "hmm", "corpus.txt", "--states", "2", "--epochs", "5", "-o", "./seen"]
    screen, code = rest_of_screen(spawn([*PROGRAM, *words], cwd=folder))
    assert code == 0
    for shown in ("nats a token", "5 of 5", "tokens/s", "AIC"):
        assert shown in screen.decode()


def test_show_draws_transitions_and_lists_states(seqterm, folder):
    done = seqterm("hmm", "show", "./hens", "--top", "2", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    heading, columns, *rows = done.stdout.decode().splitlines()
    assert (heading, columns.split()) == ("from row to column", ["0", "1", "2"])
    assert [row[:2] for row in rows[:3]] == ["0 ", "1 ", "2 "]
    assert [row.split()[0] for row in rows[-3:]] == ["0", "1", "2"]


def test_decode_reads_standard_input(seqterm, folder):
    done = seqterm("hmm", "decode", "./hens", "-", input=b"the hen\n\neggs\n", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    first, empty, last = done.stdout.decode().splitlines()
    assert (len(first.split()), empty, len(last.split())) == (7, "", 4)
    assert set(first.split()) <= {"0", "1", "2"}


def test_decode_gives_probabilities_and_objects(seqterm, folder):
    words = ("hmm", "decode", "./hens", "-", "--posterior")
    shown = seqterm(*words, input="hЖn\n".encode(), cwd=folder)
    told = seqterm(*words, "--jsonl", input="hЖn\n".encode(), cwd=folder)
    (event,) = json_events(told.stdout)
    assert (event["event"], event["line"], event["tokens"]) == ("decoded", 1, ["h", "Ж", "n"])
    pairs = [f"{state}:{p:.4f}" for state, p in zip(event["states"], event["probabilities"], strict=True)]
    assert shown.stdout.decode().split() == pairs
    assert stderr_lines(shown) == ["1 tokens that the model has never seen say nothing of their states."]


def test_a_trellis_is_drawn_as_wide_as_asked_and_told_in_objects(seqterm, folder):
    words, text = ("hmm", "decode", "./hens", "-", "--trellis"), b"the hen\n\nhas eggs\n"
    done = seqterm(*words, "--svg", "trellis.svg", input=text, cwd=folder, env={"COLUMNS": "40"})
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    assert (lines[0].rstrip(), lines[4], lines[5].rstrip()) == ("  t h e   h e n", "", "  h a s   e g g s")
    assert [line[0] for line in lines[1:4]] == ["0", "1", "2"]
    assert max(map(len, lines)) <= 40
    assert "<svg" in (folder / "trellis.svg").read_text()
    told = json_events(seqterm(*words, "--jsonl", input=text, cwd=folder).stdout)
    assert [event["event"] for event in told] == ["trellis"] * 3
    assert all(sum(row) == pytest.approx(1, rel=1e-9) for event in told for row in event["probabilities"])


def test_bad_input_is_one_sentence(seqterm, folder):
    (folder / "gap.csv").write_text("close\n1\nx\n3\n")
    words = ("train", "hmm", "gap.csv", "--emission", "gaussian", "--column", "close")
    for more, code, message in (
        (words, DATA, "row 3, column 'close'"),
        (("train", "hmm", "corpus.txt", "--states", "0"), USAGE, "--states must be at least 1"),
        (("hmm", "decode", "absent", "-"), DATA, "no run at"),
    ):
        done = seqterm(*more, cwd=folder)
        assert (done.returncode, done.stdout, len(stderr_lines(done))) == (code, b"", 1)
        assert message in done.stderr.decode()


def test_a_reader_that_leaves_ends_it_quietly(folder):
    lines = "the hen\n" * 20_000
    program = " ".join(json.dumps(word) for word in [*PROGRAM, "hmm", "decode", "./hens", "-"])
    done = subprocess.run(f"{program} | head -1", shell=True, input=lines, capture_output=True, text=True, cwd=folder, check=True)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
