"""Trainings in processes of their own, which end neither with the process that started them nor with its terminal."""

import hashlib
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqterm.app.arguments import to_json
from seqterm.app.commands import Resume
from seqterm.app.commands.training import Train
from seqterm.errors import DataError, DivergedError, SeqtermError, UsageError
from seqterm.events import Detached, Event
from seqterm.options import parameters
from seqterm.store.home import runs_folder, state_folder
from seqterm.store.run_folder import RunFolder

MODULE = "seqterm.faces.detached"  # what such a process runs
LONGEST_START = 20.0  # seconds that are waited for a training to begin; a longer text is read without anybody waiting
ERROR = "seqterm: "  # how the line begins in which a process says why it failed
KINDS = {kind.exit_code: kind for kind in (SeqtermError, UsageError, DataError, DivergedError)}


def log_path(path: Path) -> Path:
    """Where the last process that was started to train the run at `path` by itself writes what it has to say."""
    path = path.absolute()
    elsewhere = "" if path.parent == runs_folder().absolute() else f"-{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"
    return state_folder() / "trainings" / f"{path.name}{elsewhere}.log"


def failure(path: Path, after: float = 0.0) -> str:
    """Why the process that trained the run at `path` by itself failed, as the end of its log has it; "" where it does not say,
    or said it before a time, in seconds since 1970."""
    log = log_path(path)
    try:
        if log.stat().st_mtime < after:
            return ""
        last = log.read_text("utf-8", "replace").rstrip("\n").rpartition("\n")[2]
    except OSError:
        return ""
    return last.removeprefix(ERROR) if last.startswith(ERROR) else ""


def detach(command: Train | Resume, path: Path) -> Iterator[Event]:
    """Start the training of the run at `path`; what keeps it from beginning is raised here."""
    sources = [getattr(command, p.name) for p in parameters(type(command)) if p.option.positional]
    if any("-" in (source if isinstance(source, tuple) else (source,)) for source in sources):
        raise UsageError("--detach leaves standard input behind: name a file instead of -.")
    folder = RunFolder(path)
    if path.is_dir():
        folder.lock()  # refused while another process trains the run, whose log this is
        folder.unlock()
    own: dict[str, Any] = {"given": command.given - {"detach"}, "detach": False}
    if isinstance(command, Train):
        RunFolder.check_free(path)
        own |= {"given": own["given"] | {"out"}, "out": folder.name}
    log = log_path(path)
    process = _start(replace(command, **own), log)
    _wait(process, log)
    yield Detached(folder.name, process.pid, str(log))


def _start(command: Train | Resume, log: Path) -> "subprocess.Popen[bytes]":
    """A process without a terminal that imports what this one would."""
    log.parent.mkdir(parents=True, exist_ok=True)
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    words = [sys.executable, "-P", "-m", MODULE, to_json(command)]
    with log.open("wb") as file:
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file, env=variables, start_new_session=True
        )


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the training has begun, has failed, or takes long to read its text."""
    assert process.stdout
    try:
        with process.stdout as told:
            ready, _, _ = select.select([told], [], [], LONGEST_START)
            if ready and not os.read(told.fileno(), 1):
                raise _error(process.wait(), log)
    except BaseException:
        process.terminate()
        raise
    finally:
        threading.Thread(target=process.wait, daemon=True).start()  # so that its end leaves nothing behind


def _error(code: int, log: Path) -> SeqtermError:
    """What a training failed with, before it began."""
    said = log.read_text("utf-8", "replace").rstrip("\n").rpartition("\n")[2].removeprefix(ERROR)
    return KINDS.get(code, SeqtermError)(said or f"The training ended with code {code} before it began; see {log}.")
