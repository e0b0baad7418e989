"""The only module that writes to standard output: data, the same bytes on a terminal and in a pipe."""

import os
import sys
from typing import Any


def prepare() -> None:
    """UTF-8 whatever the locale; bytes that are no UTF-8 pass through unchanged."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")


def write(text: str) -> None:
    """Now, not when a buffer is full: text is shown as it is drawn."""
    if sys.stdout is None:  # closed from the start
        return
    sys.stdout.write(text)
    sys.stdout.flush()


def write_object(values: dict[str, Any]) -> None:
    """One JSON object on a line."""
    from seqterm.store.files import json_line

    write(json_line(values).decode() + "\n")


def close_quietly() -> None:
    """The reader is gone: what is still buffered goes nowhere, and the interpreter's own flush at exit does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
