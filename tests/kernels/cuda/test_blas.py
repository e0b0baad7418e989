import numpy as np
import pytest

from seqterm.kernels.cuda import blas
from tests.kernels.cuda.device import on_device

# how cuBLAS is told that a matrix stands in memory: (elements to the next row or column, whether columns are contiguous)
LAYOUTS = {
    "rows": (lambda x: x, (5, False)),
    "some columns": (lambda x: x[:, 1:3], (5, False)),
    "columns": (blas.transposed, (5, True)),
    "one row": (lambda x: x[:1], (5, False)),
    "one column": (lambda x: x[:, :1], (5, False)),
    "one column, transposed": (lambda x: blas.transposed(x[:, :1]), (5, True)),
    "one row, transposed": (lambda x: blas.transposed(x[:1]), (5, True)),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name):
    view, expected = LAYOUTS[name]
    assert blas.layout(view(on_device(np.ones((4, 5), np.float32))[0])) == expected


def test_a_matrix_with_holes_both_ways_is_refused():
    with pytest.raises(ValueError, match="contiguous"):
        blas.layout(on_device(np.ones((4, 6)))[0][:, ::2])


def test_unknown_mathematics_is_refused():
    with pytest.raises(ValueError, match="mathematics"):
        blas.set_math("float8")
