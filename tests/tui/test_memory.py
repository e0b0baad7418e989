"""What is remembered, and the log of errors."""

import pytest

from seqterm.tui import memory


def test_what_is_remembered_is_recalled(home):
    assert memory.recall() == {}
    memory.remember({"screen": "runs", "sides": {"runs": 40}})
    assert memory.recall() == {"screen": "runs", "sides": {"runs": 40}}


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00"])
def test_a_damaged_memory_is_forgotten(home, content):
    memory.memory_path().write_text(content)
    assert memory.recall() == {}


def test_errors_are_added_to_the_log_with_where_they_happened(home):
    for text in ("first", "second"):
        try:
            raise RuntimeError(text)
        except RuntimeError as error:
            memory.log(error)
    written = memory.log_path().read_text()
    assert written.index("RuntimeError: first") < written.index("RuntimeError: second")
    assert "test_memory.py" in written
