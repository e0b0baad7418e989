"""Kinds of failure and their exit codes."""

import pytest

from seqterm.errors import INTERRUPTED, DataError, DivergedError, SeqtermError, UsageError


@pytest.mark.parametrize(("kind", "code"), [(SeqtermError, 1), (UsageError, 2), (DataError, 3), (DivergedError, 4)])
def test_every_kind_has_its_exit_code(kind, code):
    assert kind("why").exit_code == code


def test_ctrl_c_has_the_code_that_shells_give_it():
    assert INTERRUPTED == 130


@pytest.mark.parametrize("kind", [UsageError, DataError, DivergedError])
def test_every_kind_can_be_caught_as_one(kind):
    with pytest.raises(SeqtermError, match="why"):
        raise kind("why")
