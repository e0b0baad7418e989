"""A log that another process writes."""

import pytest

from seqterm.errors import DataError
from seqterm.store import event_log
from seqterm.store.event_log import EventLog


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


def read(log):
    return [row["a"] for rows in log.read() for row in rows]


def test_what_is_new_comes_once(path):
    log = EventLog(path)
    assert read(log) == []  # there is no file yet
    path.write_text('{"a":1}\n{"a":2}\n')
    assert read(log) == [1, 2]
    assert read(log) == []
    with path.open("a") as file:
        file.write('{"a":3}\n')
    assert read(log) == [3]


def test_a_torn_line_waits_for_its_end(path):
    log = EventLog(path)
    path.write_text('{"a":1}\n{"a"')
    assert read(log) == [1]
    with path.open("a") as file:
        file.write(":2}\n")
    assert read(log) == [2]


@pytest.mark.parametrize("later", ['{"a":4}\n', '{"a":44}\n{"a":5555}\n'], ids=["shorter", "longer"])
def test_a_log_that_was_begun_anew_is_read_anew(path, later):
    log = EventLog(path)
    path.write_text('{"a":1}\n{"a":2}\n')
    assert read(log) == [1, 2]
    path.write_text(later)
    assert read(log) == [int(line.split(":")[1].rstrip("}")) for line in later.split()]


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_lines_may_lie_across_chunks(path, monkeypatch, chunk):
    monkeypatch.setattr(event_log, "CHUNK", chunk)
    path.write_text("".join(f'{{"a":{i}}}\n' for i in range(20)))
    assert read(EventLog(path)) == list(range(20))


def test_what_is_no_json_is_named(path):
    path.write_text('{"a":1}\nhen\n')
    with pytest.raises(DataError, match=r"events.jsonl is damaged"):
        read(EventLog(path))
