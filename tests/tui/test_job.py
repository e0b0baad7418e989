"""Commands beside the screen."""

import threading

import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import ListRuns, Paths, Sample, Watch
from seqterm.app.session import Session
from seqterm.errors import DataError
from seqterm.events import Place, Sampled
from seqterm.tui import job as job_module
from seqterm.tui.job import Job


class Listener:
    """Counts how often a job says that something waits."""

    def __init__(self):
        self.told = threading.Semaphore(0)

    def __call__(self, job):
        self.told.release()

    def wait(self):
        assert self.told.acquire(timeout=30)


def finished(command, session=None, **details):
    """The events of a job that is let run."""
    job = Job(command, session or Session(), lambda job: None, **details).start()
    assert job.join(60)
    assert job.ended
    return job, job.fetch()


def test_events_come_in_one_bunch_and_are_announced_once():
    listener = Listener()
    job = Job(Paths(), Session(), listener).start()
    assert job.join(60)
    listener.wait()
    assert not listener.told.acquire(blocking=False)
    assert all(isinstance(event, Place) for event in job.fetch())
    assert job.fetch() == []
    assert job.error is None


def test_an_error_is_kept_and_ends_the_job():
    job, events = finished(Watch(run="nowhere"))
    assert events == []
    assert isinstance(job.error, DataError)


def test_a_paused_job_does_nothing_and_a_step_is_one_event(tiny_run):
    listener = Listener()
    job = Job(build(Sample, {"run": str(tiny_run), "length": 200, "seed": 1}), Session(), listener)
    job.pause()
    job.start()
    assert not job.join(0.2)
    assert job.fetch() == []
    job.step()
    listener.wait()
    assert len(job.fetch()) == 1
    job.go_on()
    assert job.join(60)
    assert any(isinstance(event, Sampled) for event in job.fetch())


def test_a_stopped_job_says_how_it_ends(tiny_run):
    listener = Listener()
    command = build(Sample, {"run": str(tiny_run), "length": 10**9, "seed": 1})
    job = Job(command, Session(), listener).start()
    listener.wait()
    job.stop()
    assert job.join(60)
    sampled = [event for event in job.fetch() if isinstance(event, Sampled)]
    assert sampled[-1].stopped_by == "interrupt"


def test_a_job_that_is_stopped_while_it_waits_ends(tiny_run):
    job = Job(Watch(run=str(tiny_run)), Session(), lambda job: None)
    job.pause()
    job.start().stop()
    assert job.join(60)


def test_a_job_waits_for_whoever_fetches(monkeypatch, runs):
    monkeypatch.setattr(job_module, "MOST", 2)
    job = Job(ListRuns(), Session(), lambda job: None).start()
    assert not job.join(1.0)
    found = []
    while not job.join(0.05):
        found += job.fetch()
    assert len(found + job.fetch()) == 6


def test_what_is_not_fetched_waits_and_is_not_told_again(runs):
    listener = Listener()
    job = Job(ListRuns(), Session(), listener).start()
    assert job.join(60)
    assert len(job.fetch(2)) == 2
    assert job.has_more
    assert len(job.fetch()) == 4
    assert not job.has_more
    listener.wait()
    assert not listener.told.acquire(blocking=False)


@pytest.mark.parametrize("holds", [False, True])
def test_sessions_beside_each_other_share_models_and_are_stopped_apart(tiny_run, holds):
    one = Session(holds)
    other = one.beside()
    one.stop = True
    assert not other.stop
    assert one.load(str(tiny_run)) is other.load(str(tiny_run))
    assert one.backend is other.backend
