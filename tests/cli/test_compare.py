"""The tables of compare and the lines of check, as a terminal or a program gets them."""

import json

import pytest

from tests.cli.program import json_events, stderr_lines

USAGE, DATA = 2, 3
SAID = b"the red hen has 3 eggs.\nthe black hen has 5 eggs.\n"


@pytest.fixture
def said(tmp_path):
    path = tmp_path / "said.txt"
    path.write_bytes(SAID)
    return path


def test_a_heading_and_a_line_for_each_run(seqterm, trained, said):
    done = seqterm("compare", trained, trained, said)
    assert (done.returncode, done.stderr) == (0, b"")
    heading, one, two = done.stdout.decode().splitlines()
    assert heading == "   nats    bits perplexity   of known bits/char ppl/char   tokens/s         size  model   run"
    assert one.split()[-2:] == ["lstm", str(trained)]
    assert one.split()[:6] == two.split()[:6]
    assert heading.index("model") == one.index("lstm")
    assert seqterm("compare", trained, "-", "-q", input=SAID).stdout.decode().split()[:6] == one.split()[:6]


def test_one_json_object(seqterm, trained, said):
    found = json.loads(seqterm("compare", trained, said, "--json").stdout)
    (event,) = json_events(seqterm("compare", trained, said, "--jsonl").stdout)
    assert found["runs"][0]["nats"] == event["nats"] > 0
    assert event["event"] == "compared"


def test_refusals(seqterm, trained, word_run, said):
    done = seqterm("compare", trained, word_run, said)
    assert (done.returncode, done.stdout) == (USAGE, b"")
    assert "cannot be compared: one was trained with --tokens char, the other with --tokens word" in stderr_lines(done)[0]
    done = seqterm("compare", trained, word_run, said, "--per-character")
    assert done.returncode == DATA
    assert stderr_lines(done)[0].endswith("has a token that one of the runs does not know: none can be compared.")
    assert seqterm("compare").returncode == USAGE


def test_check_says_what_it_found(seqterm, trained, said):
    done = seqterm("check", trained, said, "--contexts", 4, "--length", 10)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines()[0] == f"{trained}: 4 files are as they were written"
    assert " in 44 contexts are 1 within " in done.stdout.decode()
    (event,) = json_events(seqterm("check", trained, "--jsonl").stdout)
    assert event["event"] == "checked"
    assert event["sum_deviation"] < event["tolerance"]
