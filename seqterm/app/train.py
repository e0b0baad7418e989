"""The commands that train, and Resume: a run folder is made or opened, and a trainer works in it."""

import shutil
import time
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from seqterm.app.commands import Command, Resume
from seqterm.app.commands.training import FromText, Train
from seqterm.app.detached import detach
from seqterm.app.loaded import read_model
from seqterm.app.room import with_room
from seqterm.app.session import Session
from seqterm.backends.gpus import find_gpus
from seqterm.errors import UsageError
from seqterm.events import Event, Note
from seqterm.models.catalogue import CATALOGUE
from seqterm.store.home import existing_run, new_run_path, run_path
from seqterm.store.run_folder import RunFolder


def _family(model: str) -> ModuleType:
    """Where `prepare` and `reopen` of a model stand."""
    return import_module(f"seqterm.app.{CATALOGUE[model].family}_training")


def train(command: Train, session: Session) -> Iterator[Event]:
    """Make a run folder and train in it; a folder in which nothing could be trained is taken away again."""
    began = time.monotonic()
    if isinstance(command, FromText) and not command.corpus:
        raise UsageError("Name the text to train on: a file, a bundled corpus such as `tales`, or - for standard input.")
    if command.out is not None and (not command.out or command.out.startswith("-")):
        raise UsageError(f"-o {command.out!r} cannot be the name of a run.")
    path = run_path(command.out) if command.out else new_run_path(command.model)
    if command.detach:
        yield from detach(command, path)
        return
    made_here = not path.exists()
    folder = RunFolder.create(path)

    def begin() -> Iterator[Event]:
        trainer, notes = _family(command.model).prepare(command, folder, session, began)
        yield from notes
        session.stoppable = True
        yield from trainer.train()

    def saved() -> Iterator[Event] | None:
        if not (path / "state.json").exists():
            return None
        return _go_on(Resume(run=str(path), time_limit=command.time_limit), folder, session, began)

    try:
        folder.lock()
        folder.clear_stop()
        yield from _unused_gpu(command, session)
        yield from with_room(command, session, begin, saved)
    except BaseException:
        if not (path / "state.json").exists():
            folder.unlock()
            for entry in path.iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            if made_here:
                path.rmdir()
        raise
    finally:
        folder.unlock()


def resume(command: Resume, session: Session) -> Iterator[Event]:
    """Go on from the last checkpoint."""
    began = time.monotonic()
    folder = RunFolder(existing_run(command.run))
    if command.detach:
        yield from detach(command, folder.path)
        return
    folder.lock()

    def go_on() -> Iterator[Event]:
        return _go_on(command, folder, session, began)

    try:
        folder.clear_stop()
        yield from _unused_gpu(command, session)
        yield from with_room(command, session, go_on, go_on)
    finally:
        folder.unlock()


def _go_on(command: Resume, folder: RunFolder, session: Session, began: float) -> Iterator[Event]:
    """From the last checkpoint."""
    config, vocabulary, model = read_model(folder, session.backend, insisted=session.insists)
    trainer = _family(config["model"]).reopen(command, folder, config, vocabulary, model, session, began)
    session.stoppable = True
    yield from trainer.train()


def _unused_gpu(command: Command, session: Session) -> Iterator[Note]:
    """Why a GPU that is there does not train, where nobody said whether it should."""
    if getattr(command, "device", "cpu") != "auto" or session.device != "cpu":
        return
    gpus, why_none = find_gpus()
    if gpus:
        yield Note(f"{gpus[0].name} is not used, as {why_none}.")
