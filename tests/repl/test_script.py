"""Scripts: lines in a pipe."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqterm.store.run_folder import RunFolder
from tests.conftest import TEXT

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture(autouse=True)
def at_home(home, runs):
    for name in ("hen", "vectors"):
        shutil.copytree(runs / name, home / "runs" / name)


def test_a_script_does_its_lines_and_goes_on_after_one_that_fails(seqterm):
    done = seqterm("repl", "hen", input=b"/length 5\n/hepl\n/length\n\xff\n/seed\r\n\n")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == b"length             5"
    assert lines[1].startswith(b"\xff")  # bytes that are no UTF-8 pass through
    assert b"seed               -" in lines
    assert done.stderr.splitlines()[0] == b"seqterm: line 2: There is no command /hepl. Did you mean /help?"


def test_strict_ends_at_the_first_that_fails(seqterm):
    done = seqterm("repl", "--strict", "hen", input=b"/hepl\n/length\n")
    assert (done.returncode, done.stdout) == (1, b"")


def test_a_script_without_failures_ends_with_0(seqterm):
    assert seqterm("repl", "hen", input=b"/length\n").returncode == 0
    assert seqterm("repl", input=b"").returncode == 0


def test_text_is_what_sample_draws_and_blank_lines_go_on(seqterm):
    done = seqterm("repl", "hen", input=b"/seed 1\n/length 9\nthe \n\n")
    first = seqterm("sample", "hen", "--seed", "1", "--length", "9", "--prompt", "the ").stdout
    text = first.removesuffix(b"\n").decode()
    more = seqterm("sample", "hen", "--seed", "2", "--length", "9", "--no-echo", "--prompt", text).stdout
    assert done.stdout in (first + more, first.removesuffix(b"\n") + b"\n" + more)


@pytest.fixture
def counts(seqterm, tmp_path):
    """A folder with the runs quads and pairs, of counted n-grams: their texts are the same on every processor."""
    (tmp_path / "corpus.txt").write_text(TEXT)
    (tmp_path / "hens.vec").write_text("4 2\nhen 1 0\negg 0 1\nchick 1 0.5\nfox -1 0\n")
    for run, order in (("quads", "4"), ("pairs", "2")):
        words = ["train", "ngram", "corpus.txt", "--order", order, "--sentences", "none", "-o", run]
        assert seqterm(*words, cwd=tmp_path).returncode == 0
    return tmp_path


def test_a_script_and_what_it_saves_give_golden_output(seqterm, counts):
    def replay(*words, script):
        return seqterm("repl", *words, input=script, cwd=counts, env={"COLUMNS": "80"})

    script = (GOLDEN / "script.txt").read_bytes()
    first = replay("quads", "pairs", script=script + b"/save saved.txt\n")
    assert first.returncode == 1
    assert (GOLDEN / "output.txt").read_bytes() == first.stdout
    where = "The text now ends: 'the white hen has 1 eggs.\\nthe black hen has 1 eggs.\\n'"
    assert first.stderr.decode().splitlines() == [
        where,
        "seqterm: line 9: There is no command /sampel. Did you mean /sample?",
        "The model has never seen ',': read as an unknown word.",
        where,
        "seqterm: line 29: --temperature must be a number, not 'hot'.",
        "`seqterm repl < saved.txt` does this session again.",
    ]
    saved = (counts / "saved.txt").read_bytes()
    again = replay("--strict", script=saved + b"/save twice.txt\n")
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert (counts / "twice.txt").read_bytes() == saved


def test_seeds_that_were_chosen_are_saved_too(seqterm, tmp_path):
    script = b"/length 9\nthe \n\n/retry\n/seed 4\na\n/seed default\na\n/add  b\n/duel hen hen the\n/analogy red hen white\n"
    first = seqterm("repl", "hen", "vectors", input=script + b"/save again.txt\n", cwd=tmp_path)
    again = seqterm("repl", "--strict", input=(tmp_path / "again.txt").read_bytes(), cwd=tmp_path)
    assert (first.returncode, again.returncode, again.stderr) == (0, 0, b"")
    assert again.stdout == first.stdout


def test_a_run_that_is_not_there_ends_it(seqterm):
    done = seqterm("repl", "nope", input=b"the\n")
    assert done.returncode == 3
    assert b"There is no run at" in done.stderr


def test_a_reader_that_is_gone_ends_it_quietly(seqterm):
    line = (
        f"printf '/help\\n%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 | {sys.executable} -m seqterm repl | head -1"
    )
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, check=False)
    assert done.stderr == b""


def test_a_line_that_reads_standard_input_does_not_eat_the_script(seqterm):
    done = seqterm("repl", "hen", input=b"the\n/seed 4\n/length 3\n/score\n/sample hen -\n/seed\n")
    assert b"seed               4" in done.stdout


def test_a_million_letters_are_a_line(seqterm):
    done = seqterm("repl", "hen", input=b"/length 5\n" + b"the hen " * 125_000 + b"\n/seed\n", timeout=60)
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.endswith(b"seed               -\n")


def test_a_session_goes_on_beside_a_training_in_a_process_of_its_own(seqterm, home, runs):
    words = f"elman {runs / 'corpus.txt'} --hidden 8 --epochs 1 --sample-length 0 --threads 1"
    done = seqterm("repl", input=f"/train {words} --detach -o own\n/watch own\n".encode())
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"own\n own  elman, ")
    assert b"`seqterm stop own` saves and ends it" in done.stderr
    end = time.monotonic() + 60
    while not RunFolder(home / "runs" / "own").read_state()["complete"]:
        assert time.monotonic() < end
        time.sleep(0.05)
