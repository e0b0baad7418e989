"""The one way in."""

from collections.abc import Callable, Iterator

import pytest

from seqterm.app.commands import COMMANDS, Paths, TrainLstm
from seqterm.app.run import HANDLERS, run
from seqterm.errors import UsageError
from seqterm.events import Place
from seqterm.models.catalogue import resolve


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_somebody_who_does_it(path):
    assert isinstance(resolve(HANDLERS[COMMANDS[path]]), Callable)


def test_nothing_is_done_that_cannot_be_asked_for():
    assert set(HANDLERS) == set(COMMANDS.values())


def test_events_come_one_by_one(session):
    events = run(Paths(), session)
    assert isinstance(events, Iterator)
    assert isinstance(next(events), Place)


def test_a_value_out_of_range_is_refused_before_anything_is_done(session, corpus, tmp_path):
    with pytest.raises(UsageError, match="--hidden must be at least 1"):
        run(TrainLstm(corpus=(str(corpus),), out=str(tmp_path / "run"), hidden=0), session)
    assert not (tmp_path / "run").exists()
