"""What outlives a command."""

from threading import Thread

import numpy as np

from seqterm.app.session import Mailbox, Session
from tests.conftest import TINY


def test_nobody_has_asked_to_stop_at_first():
    assert Session().stop is False


def test_a_model_is_read_once(session, tiny_run):
    assert session.load(str(tiny_run)) is session.load(str(tiny_run))


def test_sessions_share_no_models(session, tiny_run):
    assert session.load(str(tiny_run)) is not Session().load(str(tiny_run))


def test_a_model_is_read_anew_after_a_new_checkpoint(session, do, tiny_run):
    before = session.load(str(tiny_run))
    do("train", "--resume", run=str(tiny_run), epochs=4)
    after = session.load(str(tiny_run))
    assert before.step < after.step == Session().load(str(tiny_run)).step
    assert not np.array_equal(before.model.flat, after.model.flat)


def test_a_model_is_read_anew_where_another_run_took_its_place(session, do, corpus, tiny_run):
    session.load(str(tiny_run))
    do("runs", "rm", runs=(str(tiny_run),))
    do("train", "lstm", corpus=(str(corpus),), out=str(tiny_run), seed=7, **TINY)
    np.testing.assert_array_equal(session.load(str(tiny_run)).model.flat, Session().load(str(tiny_run)).model.flat)


def test_a_run_has_one_name_and_several_models_several(session, do, corpus):
    for name, hidden in (("small", 4), ("large", 6)):
        do("train", "elman", corpus=(str(corpus),), out=name, **{**TINY, "hidden": hidden})
    assert [session.load(name).model.settings.hidden for name in ("small", "large", "small")] == [4, 6, 4]


def test_what_is_put_into_a_mailbox_is_taken_once_and_the_last_value_counts():
    mailbox = Mailbox()
    mailbox.put(temperature=0.9, top_k=3)
    mailbox.put(temperature=0.5)
    assert [mailbox.take(), mailbox.take()] == [{"temperature": 0.5, "top_k": 3}, {}]


def test_nothing_is_lost_between_threads():
    mailbox, taken = Mailbox(), []
    numbers = range(20_000)

    def put():
        for number in numbers:
            mailbox.put(**{f"n{number}": number})

    thread = Thread(target=put)
    thread.start()
    while thread.is_alive():
        taken += mailbox.take().values()
    taken += mailbox.take().values()
    assert taken == list(numbers)


def test_a_session_beside_another_has_a_mailbox_of_its_own(session):
    beside = session.beside()
    session.mailbox.put(temperature=0.5)
    assert beside.mailbox.take() == {}
