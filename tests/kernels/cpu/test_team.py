"""Workers that meet, and what each of them does of what they share."""

import threading
import time

import numpy as np
import pytest

from seqterm.kernels.cpu.compile import kernel
from seqterm.kernels.cpu.product import add_product, pack
from seqterm.kernels.cpu.rounded import add_any_product, round_panels
from seqterm.kernels.cpu.team import add_shared_product, meet, share, share_columns
from seqterm.kernels.cpu.vector import PANEL_BYTES
from tests.kernels.cpu.layouts import DTYPES, PLACES, laid_out
from tests.kernels.cpu.teams import alone, backend_of, together

WIDTH = {dtype: PANEL_BYTES // np.dtype(dtype).itemsize for dtype in DTYPES}


@kernel
def meet_often(written, found, team):
    """Each round a worker writes its number, meets the others and reads theirs.  written (rounds, n), found (rounds, n, n)"""
    worker = team[0]
    for i in range(len(written)):
        written[i, worker] = worker + 1
        meet(team)
        found[i, worker] = written[i]


# No core for each of five where there are four, or two.
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_after_a_meeting_everyone_sees_what_everyone_has_written_before_it(n):
    written, found = np.zeros((200, n), np.int64), np.zeros((200, n, n), np.int64)
    together(lambda team: meet_often(written, found, team), n)
    np.testing.assert_array_equal(found, np.broadcast_to(np.arange(1, n + 1), found.shape))


def test_nobody_runs_ahead_of_a_meeting():
    """The first has nothing to wait for until the second comes."""
    meet(alone())
    meeting, came = np.zeros(2, np.int64), threading.Event()

    def work(worker):
        if worker == 0:
            meet((0, 2, meeting))
            return came.is_set()
        time.sleep(0.05)
        came.set()
        meet((1, 2, meeting))
        return True

    assert backend_of(2).map(work, range(2)) == [True, True]


def test_who_waits_long_is_counted_once_a_meeting():
    """The second comes when the first has lost patience, a fifth of a second later at least."""
    meet(alone())  # compiled

    def work(team):
        if team[0] == 1:
            end = time.monotonic() + 30
            time.sleep(0.2)
            while not team[2][1] and time.monotonic() < end:
                time.sleep(0.01)
        meet(team)

    assert together(work, 2) == 1


def test_one_alone_neither_counts_nor_waits():
    team = alone()
    for _ in range(3):
        meet(team)
    np.testing.assert_array_equal(team[2], [0, 0])


@pytest.mark.parametrize("workers", [1, 2, 3, 5, 16])
@pytest.mark.parametrize("n", [0, 1, 2, 7, 16, 1000])
def test_shares_are_everything_once_and_differ_by_one_at_most(n, workers):
    shares = [share(n, (worker, workers, np.zeros(2, np.int64))) for worker in range(workers)]
    assert [i for first, end in shares for i in range(first, end)] == list(range(n))
    sizes = [end - first for first, end in shares]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rest", [0, 1, -1])
@pytest.mark.parametrize("panels", [0, 1, 2, 4, 7])
def test_shares_of_columns_are_all_columns_once_in_whole_panels(panels, rest, dtype, workers):
    n = max(0, panels * WIDTH[dtype] + rest)
    out = np.empty((2, n), dtype)
    shares = [share_columns(out, (worker, workers, np.zeros(2, np.int64))) for worker in range(workers)]
    assert [i for first, end in shares for i in range(first, end)] == list(range(n))
    for first, end in shares:
        assert first % WIDTH[dtype] == 0
        assert end % WIDTH[dtype] == 0 or end == n


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("workers", [1, 2, 3, 5])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", [1, 3, 8, 17])
def test_shares_of_a_product_are_the_product_bit_for_bit(rows, dtype, workers, rounded):
    """Of a width that panels fill and of others, among columns that are no part of it."""
    random = np.random.default_rng(rows)
    for n in (1, WIDTH[dtype] - 1, 4 * WIDTH[dtype], 9 * WIDTH[dtype] + 3):
        a, b, before = (random.normal(size=shape).astype(dtype) for shape in ((rows, 21), (21, n), (rows, n)))
        panels = round_panels(pack(b)) if rounded else pack(b)
        wanted, out = before.copy(), laid_out(before, PLACES["columns of a wider one"])
        add_any_product(a, panels, wanted)
        for worker in range(workers):
            add_shared_product(a, panels, out, (worker, workers, np.zeros(2, np.int64)))
        np.testing.assert_array_equal(out, wanted)
        beside = out.base.copy()
        beside[:, 2:-3] = np.nan
        assert np.isnan(beside).all()


def test_workers_make_a_product_at_once():
    random = np.random.default_rng(1)
    a, panels = random.normal(size=(3, 40)), pack(random.normal(size=(40, 300)))
    wanted, out = np.zeros((2, 3, 300))
    add_product(a, panels, wanted)
    together(lambda team: add_shared_product(a, panels, out, team), 3)
    np.testing.assert_array_equal(out, wanted)
