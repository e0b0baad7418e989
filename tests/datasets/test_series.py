import io
import sys
import types

import numpy as np
import pytest

from seqterm.datasets import series
from seqterm.datasets.series import read_series
from seqterm.errors import DataError


@pytest.fixture
def write(tmp_path):
    def call(text):
        path = tmp_path / "data.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return call


def test_the_only_column_of_numbers(write):
    found = read_series(write('"Month","Sold, in all"\n"1949-01",112\n"1949-02",118.5\n'))
    assert found.names == ["Sold, in all"]
    np.testing.assert_array_equal(found.values, [[112], [118.5]])
    assert found.values.dtype == np.float64
    assert found.time_name == "Month"
    assert list(found.times.astype(str)) == ["1949-01", "1949-02"]


def test_columns_by_name_in_the_order_asked(write):
    found = read_series(write("a,b,c\n1,2,3\n4,5,6\n"), ("c", "a"))
    assert found.names == ["c", "a"]
    np.testing.assert_array_equal(found.values, [[3, 1], [6, 4]])
    assert found.times is None


@pytest.mark.parametrize("text", ["\ufeffx\r\n1\r\n2\r\n", 'x\n"1"\n" 2 "', "x\n1\n2\n\n\n", "x\n1e0\n+2.\n"])
def test_marks_line_ends_quotes_and_spaces(write, text):
    np.testing.assert_array_equal(read_series(write(text), ("x",)).values, [[1], [2]])


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(isatty=lambda: False, buffer=io.BytesIO(b"x\n1\n2\n")))
    np.testing.assert_array_equal(read_series("-").values, [[1], [2]])


@pytest.mark.parametrize("rows", [series.BLOCK - 1, series.BLOCK, 2 * series.BLOCK + 1])
def test_blocks_are_joined_in_order(write, rows):
    text = "n,x\n" + "".join(f"2001-01-01T00:00:{i % 60:02},{i}\n" for i in range(rows))
    found = read_series(write(text))
    np.testing.assert_array_equal(found.values[:, 0], np.arange(rows))
    assert len(found.times) == rows


def test_a_bad_cell_of_a_later_block_is_named(write):
    n = series.BLOCK + 7
    with pytest.raises(DataError, match=f"row {n + 2}, column 'x': 'oops' is not a finite number"):
        read_series(write("x\n" + "1\n" * n + "oops\n1\n"), ("x",))


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("", (), "is empty"),
        ("\n", (), "is empty"),
        ("x,y\n", (), "a header and no rows"),
        ("x\n1\n\n2\n", ("x",), "row 3: the row is empty"),
        ("t,x\na,1\nb,\n", ("x",), "row 3, column 'x': the cell is empty"),
        ("t,x\na,1\nb,  \n", ("x",), "row 3, column 'x': the cell is empty"),
        ("x\n1\nnan\n", ("x",), "row 3, column 'x': 'nan' is not a finite number"),
        ("x\n1\n-inf\n", ("x",), "row 3, column 'x': '-inf'"),
        ("x\n1\n1e400\n", ("x",), "row 3, column 'x': '1e400'"),
        ("x\n1\n1_000\n", ("x",), "row 3, column 'x': '1_000'"),
        ("x\n1\n12,5\n", ("x",), "row 3: 2 cells, where the header has 1"),
        ("x,y\n1,2\n3\n", ("x",), "row 3: 1 cells, where the header has 2"),
        ("x,y\n1,2\n", (), "several columns of numbers: choose one of 'x', 'y'"),
        ("x,y\n1,2\n", ("z",), "no column 'z'; it has 'x', 'y'"),
        ("x,x\n1,2\n", ("x",), "2 columns of the name 'x'"),
        ("t,x\na,b\n", (), "row 2: there is no number"),
        ("t,x\n2001-01,1\nsoon,2\n", (), "row 3, column 't': 'soon' is not a date"),
        ("t,x\n2001-01,1\n2001-02-01,2\n", (), "row 3, column 't': '2001-02-01' is not a date"),
        ("t,x\n2001-01,1\n2001-13,2\n", (), "row 3, column 't': '2001-13' is not a date"),
        ('x\n"1\n', ("x",), "row 2: this is no CSV"),
        (b"x\n1\n\xff\n", ("x",), "not UTF-8"),
    ],
)
def test_bad_files_are_named_with_row_and_column(write, text, columns, message):
    with pytest.raises(DataError, match=message):
        read_series(write(text), columns)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_series(str(tmp_path / "none.csv"))
    with pytest.raises(DataError, match="directory"):
        read_series(str(tmp_path))


def test_known_files(real_data):
    folder = real_data / "timeseries"
    assert read_series(str(folder / "airline-passengers.csv")).values.sum() == 40363
    assert read_series(str(folder / "eu-stock-markets.csv"), ("DAX", "FTSE")).values.shape == (1860, 2)
    assert read_series(str(folder / "monthly-sunspots.csv")).names == ["Sunspots"]
    assert read_series(str(folder / "daily-min-temperatures.csv")).values.shape == (3650, 1)
