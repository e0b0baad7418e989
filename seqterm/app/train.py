"""The commands that train, and Resume: a run folder is made or opened, and a trainer works in it."""

import shutil
import time
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from seqterm.app.commands import Resume
from seqterm.app.commands.training import FromText, Train
from seqterm.app.detached import detach
from seqterm.app.loaded import read_model
from seqterm.app.session import Session
from seqterm.errors import UsageError
from seqterm.events import Event
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
    try:
        folder.lock()
        folder.clear_stop()
        trainer, notes = _family(command.model).prepare(command, folder, session, began)
        yield from notes
        session.stoppable = True
        yield from trainer.train()
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
    try:
        folder.clear_stop()
        config, vocabulary, model = read_model(folder, session.backend)
        trainer = _family(config["model"]).reopen(command, folder, config, vocabulary, model, session, began)
        session.stoppable = True
        yield from trainer.train()
    finally:
        folder.unlock()
