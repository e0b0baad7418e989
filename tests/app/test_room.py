"""What the processor does where the memory of a GPU is full."""

import os

import pytest

from seqterm.app.commands import Resume, Sample, Score
from seqterm.app.room import with_room
from seqterm.errors import DeviceError, DeviceMemoryError
from seqterm.events import Line, Note
from seqterm.text import corpus

FULL = "The GPU has no room for 9 MB more, 3 of its 24,000 MB are free"


@pytest.fixture
def begin(session):
    """begin() gives two lines; the GPU has room for `begin.lines` of them."""

    def give():
        for number in range(2):
            if session.device == "cuda" and number == give.lines:
                raise DeviceMemoryError(FULL)
            yield Line(f"{number} on {session.device}")

    session.device, session.insists, give.lines = "cuda", False, 0
    return give


def test_what_has_given_nothing_begins_anew(session, begin):
    note, *lines = with_room(Score(run="run"), session, begin)
    assert note == Note(f"{FULL}: use --device cpu. The processor goes on.")
    assert lines == [Line("0 on cpu"), Line("1 on cpu")]


def test_what_has_given_something_ends_with_the_flags_that_help(session, begin):
    begin.lines = 1
    events = with_room(Sample(run="run"), session, begin)
    assert next(events) == Line("0 on cuda")
    with pytest.raises(DeviceError) as error:
        next(events)
    assert str(error.value) == f"{FULL}: lower --samples, or use --device cpu."


def test_what_has_read_a_pipe_does_not_begin_anew(session, begin, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)  # so that neither end waits for the other
    writer = os.open(tmp_path / "pipe", os.O_WRONLY)

    def read():
        with corpus.opened(str(tmp_path / "pipe")):
            yield from begin()

    with pytest.raises(DeviceError, match="use --device cpu"):
        list(with_room(Score(run="run"), session, read))
    os.close(writer)
    os.close(reader)


@pytest.mark.parametrize("saved", [True, False])
def test_a_run_is_gone_on_with_or_begun_anew_whatever_has_been_given(session, begin, saved):
    begin.lines = 1
    events = list(with_room(Resume(run="run"), session, begin, lambda: iter([Line("saved")]) if saved else None))
    assert events[2:] == ([Line("saved")] if saved else [Line("0 on cpu"), Line("1 on cpu")])


def test_who_insists_on_the_gpu_is_told(session, begin):
    session.insists = True
    with pytest.raises(DeviceError, match="use --device cpu"):
        list(with_room(Score(run="run"), session, begin))
