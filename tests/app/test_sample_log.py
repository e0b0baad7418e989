"""The log of samples: what goes into it, what is asked of it, and that it never stands in the way."""

import json
import sqlite3

import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.app.run import run
from seqterm.errors import UsageError
from seqterm.events import Dueled, DueledPiece, LoggedSample, LoggedSummary, Note, Piece, Sampled
from seqterm.store import sample_log


@pytest.fixture
def drawn(do, tiny_run):
    """drawn(...) samples and gives the events."""
    return lambda **values: do("sample", run=str(tiny_run), **{"length": 5, **values})


def test_a_sample_is_logged_with_model_seed_and_settings(do, drawn, session, tiny_run):
    sample = drawn(prompt="the ", seed=7, temperature=0.5)[-1]
    (shown,) = do("log", "show", number="1")
    assert isinstance(shown, LoggedSample)
    assert (shown.prompt, shown.text, shown.seed, shown.tokens) == ("the ", sample.text, 7, 5)
    assert shown.checksum == session.load(str(tiny_run)).checksum
    assert shown.settings["temperature"] == 0.5
    assert shown.interrupted is False


def test_without_a_seed_the_log_has_the_one_that_was_taken(do, drawn):
    sample = drawn(prompt="the ")[-1]
    (shown,) = do("log", "show", number="1")
    assert drawn(prompt="the ", seed=shown.seed)[-1].text == sample.text


def test_the_first_use_is_said_once(drawn):
    sample_log.path().unlink()
    assert "`seqterm log off` ends that" in drawn()[-1].text
    assert isinstance(drawn()[-1], Sampled)


def test_a_list_a_search_and_an_export(do, drawn, tmp_path):
    for prompt in ("the 100%", "the 1000"):
        drawn(prompt=prompt)
    assert [type(event) for event in do("log", "list")] == [LoggedSummary] * 2
    assert [event.number for event in do("log", "list", last=1)] == [2]
    assert [event.number for event in do("log", "search", words=("THE", "100%"))] == [1]
    assert isinstance(do("log", "search", words=("nothing",))[0], Note)
    do("log", "export", file=str(tmp_path / "out.jsonl"))
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["prompt"] for line in lines] == ["the 100%", "the 1000"]


def test_off_on_and_clear(do, drawn):
    do("log", "off")
    drawn()
    assert sample_log.rows() == []
    do("log", "on")
    drawn()
    assert len(sample_log.rows()) == 1
    do("log", "clear")
    assert sample_log.rows() == []


def test_an_interrupted_sample_says_so(session, tiny_run):
    for event in run(build(COMMANDS["sample",], {"run": str(tiny_run), "length": 100_000}), session):
        session.stop = isinstance(event, Piece)
    assert sample_log.rows()[0].interrupted


def test_bytes_that_are_no_utf_8_come_back(do, drawn):
    drawn(prompt="the \udcff")
    assert do("log", "show", number="1")[0].prompt == "the \udcff"


@pytest.mark.parametrize("trouble", ["damaged", "locked", "a folder"])
def test_trouble_is_said_once_and_nothing_fails(drawn, trouble):
    path, other = sample_log.path(), None
    if trouble == "damaged":
        path.write_bytes(b"no database at all, but long enough to be read as one" * 20)
    elif trouble == "locked":
        drawn()
        other = sqlite3.connect(path)
        other.execute("BEGIN EXCLUSIVE")
    else:
        path.unlink()
        path.mkdir()
    *events, last = drawn()
    assert "This sample is not logged. The log of samples" in last.text
    assert isinstance(events[-1], Sampled)
    assert isinstance(drawn()[-1], Sampled)
    if other:
        other.close()


def test_a_stop_ends_both_sides_of_a_duel_and_keeps_what_they_drew(session, tiny_run):
    events = []
    for event in run(build(COMMANDS["duel",], {"runs": (str(tiny_run), str(tiny_run)), "length": 1_000_000}), session):
        events.append(event)
        session.stop |= isinstance(event, DueledPiece) and event.side == 1 and event.text != ""
    one, other = (event for event in events if isinstance(event, Dueled))
    assert one.stopped_by == other.stopped_by == "interrupt"
    for side, event in enumerate((one, other)):
        assert event.text == "".join(piece.text for piece in events if isinstance(piece, DueledPiece) and piece.side == side)
    assert [row.interrupted for row in sample_log.rows()] == [True, True]


def test_a_number_that_is_not_there_is_refused(do):
    for number in ("1", "x"):
        with pytest.raises(UsageError, match=f"The log has no sample {number}"):
            do("log", "show", number=number)


def test_two_runs_draw_from_one_prompt_and_seed(do, tiny_run, drawn):
    *pieces, one, other = do("duel", runs=(str(tiny_run), str(tiny_run)), prompt="the ", seed=3, length=5)
    assert [(piece.side, piece.last) for piece in pieces] == [(0, False), (1, False)] * 2 + [(0, True), (1, True)]
    assert [piece.text for piece in pieces] == ["", "", one.text, other.text, "", ""]
    *_, one, other = do("duel", runs=(str(tiny_run), str(tiny_run)), prompt="the ", seed=3, length=2000)
    assert one.text == other.text == drawn(prompt="the ", seed=3, length=2000)[-1].text
    with pytest.raises(UsageError, match="Name two runs at least"):
        do("duel", runs=(str(tiny_run),))
