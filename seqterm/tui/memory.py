"""What the workbench remembers from one time to the next, and what went wrong in it."""

import time
import traceback
from pathlib import Path
from typing import Any

import orjson

from seqterm.store.files import write_json
from seqterm.store.home import state_folder

Values = dict[str, Any]


def memory_path() -> Path:
    return state_folder() / "workbench.json"


def log_path() -> Path:
    return state_folder() / "workbench.log"


def recall() -> Values:
    """What was remembered; nothing where that cannot be read: it is no more than a convenience."""
    try:
        values = orjson.loads(memory_path().read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return values if isinstance(values, dict) else {}


def remember(values: Values) -> None:
    """OSError where it cannot be written."""
    memory_path().parent.mkdir(parents=True, exist_ok=True)
    write_json(memory_path(), values)


def log(error: BaseException) -> None:
    """Add an error with its traceback to the log file; OSError where that cannot be written."""
    log_path().parent.mkdir(parents=True, exist_ok=True)
    with log_path().open("a", encoding="utf-8", errors="replace") as file:
        file.write(time.strftime("%Y-%m-%d %H:%M:%S ") + "".join(traceback.format_exception(error)) + "\n")
