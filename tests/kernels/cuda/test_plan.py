"""How sequences are shared out among blocks."""

import numpy as np
import pytest

from seqterm.kernels.cuda.compile import THREADS
from seqterm.kernels.cuda.persistent import AHEAD, STRIDE, TILE, TILE_COLUMNS, TILE_ROWS
from seqterm.kernels.cuda.plan import plan, planned

PROCESSORS, SHARED = 8, 1 << 16


def products(cell, hidden):
    gates = {"elman": 1, "gru": 3, "lstm": 4}[cell]
    return {"forward": ((hidden, gates),), "backward": ((gates * hidden, 1),), "two": ((hidden, 2), (hidden, 1))}


@pytest.mark.parametrize("most_parts", [1, 4])
@pytest.mark.parametrize("kind", ["forward", "backward", "two"])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
@pytest.mark.parametrize(("n_batch", "hidden"), [(1, 1), (3, 5), (9, 13), (16, 8), (17, 3)])
def test_a_plan_covers_the_problem_within_the_limits(n_batch, hidden, cell, kind, most_parts):
    wanted = products(cell, hidden)[kind]
    found = plan(n_batch, hidden, wanted, PROCESSORS, SHARED, most_parts)
    across = found.blocks // (found.groups * found.parts)
    assert found.blocks == across * found.parts * found.groups <= PROCESSORS
    assert found.rows * found.groups >= n_batch
    assert found.units * across >= hidden
    assert found.shared <= SHARED
    assert found.units % found.parts == 0
    weights = 0
    for (depth, gates), shape in zip(wanted, found.shapes, strict=True):
        assert (shape.rows, shape.columns) == (found.rows, gates * found.units)
        assert shape.rows % TILE_ROWS == shape.columns % TILE_COLUMNS == 0
        assert shape.depth * found.parts >= depth
        assert shape.depth % (2 * AHEAD * shape.slices) == 0
        assert shape.slices * shape.tiles <= THREADS
        weights += shape.depth * shape.columns
    assert found.far in (0, weights)
    assert found.shared == 4 * (weights - found.far + TILE * STRIDE)


def test_several_groups_of_several_blocks(monkeypatch):
    monkeypatch.setattr("seqterm.kernels.cuda.plan.MEETING", 0)
    plan.cache_clear()
    found = plan(9, 13, products("lstm", 13)["forward"], PROCESSORS, SHARED)
    assert found.groups > 1
    assert found.blocks > found.groups


def test_an_h200_takes_parts_of_the_depth_where_blocks_would_read_too_much(monkeypatch):
    monkeypatch.setattr("seqterm.kernels.cuda.plan.THREADS", 256)
    monkeypatch.setattr("seqterm.kernels.cuda.plan.STRIDE", 258)
    found = plan(128, 1024, products("lstm", 1024)["backward"], 132, 227 << 10, 4)
    assert (found.units, found.parts, found.blocks) == (32, 4, 128)


def test_weights_that_do_not_fit_are_far():
    found = plan(3, 64, ((64, 4),), PROCESSORS, TILE * STRIDE * 4)
    assert found.far == sum(shape.depth * shape.columns for shape in found.shapes)
    assert found.shared == TILE * STRIDE * 4
    assert plan(3, 64, ((64, 4),), PROCESSORS, 1 << 20).far == 0


def test_no_plan_where_a_step_has_more_sums_than_the_threads_of_all_blocks():
    assert plan(3 * TILE, 2 * THREADS, ((64, 4),), PROCESSORS, SHARED) is None


def test_no_plan_for_float64():
    assert planned(3, 5, ((5, 4),), np.float64) is None
