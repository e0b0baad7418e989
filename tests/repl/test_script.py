"""Scripts: lines in a pipe."""

import shutil
import subprocess
import sys

import pytest

SCRIPT = """\
/length 12
/seed 3
the

/add " red\\nhen "
/retry
/undo
/pick 2
/sampel
/seed default
a
/score the hen
/duel hen hen the
/analogy --quiet red hen white
/set
/tree
"""


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


def test_a_saved_session_replays_to_the_same_text(seqterm, tmp_path):
    first = seqterm("repl", "hen", "vectors", input=SCRIPT.encode() + b"/save again.txt\n", cwd=tmp_path)
    assert first.returncode == 1
    script = (tmp_path / "again.txt").read_bytes()
    assert b"/sampel" not in script
    again = seqterm("repl", "--strict", input=script, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert again.stdout.replace(b"seed               -", b"").split()[:60] == first.stdout.split()[:60]


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
