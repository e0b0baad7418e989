"""Early stopping and resuming meet: the patience that was used up before a break counts after it."""

import pytest

from seqterm.events import Finished, Saved, Step
from tests.conftest import TINY


@pytest.fixture
def values(worsening):
    return {**TINY, **worsening, "epochs": 50, "patience": 2}


def test_cut_off_between_the_last_validation_and_the_end(begin, do, values, checkpoint, tmp_path):
    """The checkpoint of the last validation is written, the note of the early stop is not: no step more is trained."""
    whole, broken = str(tmp_path / "whole"), str(tmp_path / "broken")
    last = do("train", "lstm", out=whole, **values)[-1].step
    events = begin("train", "lstm", out=broken, **values)
    while not (isinstance(event := next(events), Saved) and event.step == last):
        pass
    events.close()
    resumed = do("train", "--resume", run=broken)
    assert not [event.step for event in resumed if isinstance(event, Step)]
    assert isinstance(resumed[-1], Finished)
    assert checkpoint(broken)[1]["step"] == last


def test_stopped_in_the_middle_the_patience_is_remembered(begin, do, stop_at, values, tmp_path):
    whole, broken = str(tmp_path / "whole"), str(tmp_path / "broken")
    last = do("train", "lstm", out=whole, **values)[-1].step
    stop_at(begin("train", "lstm", out=broken, **values), last - 2)
    assert do("train", "--resume", run=broken)[-1].step == last
