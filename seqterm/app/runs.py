"""The commands about runs and folders."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from seqterm.app.commands import Info, ListRuns, Paths, RemoveRuns, Stop
from seqterm.app.detached import log_path
from seqterm.app.forecast_report import reports
from seqterm.app.loaded import read_model
from seqterm.app.session import Session
from seqterm.app.settings_files import project_file, user_file
from seqterm.errors import DataError, SeqtermError, UsageError
from seqterm.events import Event, Note, Place, Removed, RunInfo, RunSummary
from seqterm.models.catalogue import CATALOGUE
from seqterm.store.home import existing_run, home, run_path, runs_folder
from seqterm.store.run_folder import RunFolder
from seqterm.text.corpus import bundled_folder
from seqterm.text.vocabulary import Vocabulary


def list_runs(command: ListRuns, session: Session) -> Iterator[Event]:
    """Newest first; a broken run is named in a note, not hidden."""
    folders = [RunFolder(path.parent) for path in runs_folder().glob("*/config.json")]
    if not folders:
        yield Note(f"There are no runs in {runs_folder()} yet: `seqterm train lstm tales` makes one.")
    for folder in sorted(
        folders, key=lambda f: -(f.path / "state.json").stat().st_mtime if (f.path / "state.json").exists() else 0
    ):
        try:
            yield _summary(folder)
        except (DataError, KeyError) as error:
            yield Note(f"{folder.name}: {error}")


def _summary(folder: RunFolder) -> RunSummary:
    config, _ = folder.read_description()
    state = folder.read_state()
    counters = state["counters"]
    return RunSummary(
        run=folder.name,
        path=str(folder.path),
        model=config["model"],
        corpus=" ".join(config["corpus"].get("sources", ())),
        parameters=config["parameters"],
        step=counters.get("step", 0),
        steps=counters.get("steps", 0),
        status="complete" if state["complete"] else "training" if folder.is_locked() else "stopped",
        validation_loss=counters.get("best_loss"),
        modified=(folder.path / "state.json").stat().st_mtime,
    )


def info(command: Info, session: Session) -> Iterator[Event]:
    """Everything about one run that its folder says."""
    folder = RunFolder(existing_run(command.run))
    config, vocabulary, model = read_model(folder, session.backend)
    if CATALOGUE[config["model"]].is_mapped:  # it is as large as what it has learned
        model.load(folder.map_checkpoint("best")[0])
    state = folder.read_state()
    progress: dict[str, Any] = {key: value for key, value in state["counters"].items() if key != "log_sizes"}
    yield RunInfo(
        run=folder.name,
        path=str(folder.path),
        model=config["model"],
        parameters=config["parameters"],
        tensors={name: list(np.shape(tensor)) for name, tensor in model.tensors().items()},
        model_settings=config["model_settings"],
        training_settings=config["training"],
        corpus={**config["corpus"], **_kinds(vocabulary), "command": config["command"]},
        progress={**progress, "complete": state["complete"], "last": state["last"], "best": state["best"]},
        losses=[event for event in folder.events() if event["event"] == "validation"],
        unit=model.unit,
    )
    yield from reports(folder)


def _kinds(vocabulary: Vocabulary | None) -> dict[str, int]:
    """Series of numbers have none."""
    return {} if vocabulary is None else {"vocabulary_size": len(vocabulary)}


def remove_runs(command: RemoveRuns, session: Session) -> Iterator[Event]:
    """All named runs must be there before the first is deleted."""
    if not command.runs:
        raise UsageError("Name the runs to delete: `seqterm runs list` shows them.")
    for folder in [RunFolder(existing_run(run)) for run in dict.fromkeys(command.runs)]:
        folder.remove()
        log_path(folder.path).unlink(missing_ok=True)
        yield Removed(folder.name, str(folder.path))


def stop(command: Stop, session: Session) -> Iterator[Event]:
    """Leave the wish in the run folder, where the training process looks after every step."""
    folder = RunFolder(run_path(command.run))
    if folder.is_locked() and not (folder.path / "config.json").exists():  # it has no description while the text is read
        folder.request_stop()
        yield Note(f"{folder.name} reads its text; it will save and stop once its training begins.")
        return
    folder = RunFolder(existing_run(command.run))
    if folder.read_state()["complete"] and not folder.is_locked():
        raise SeqtermError(f"{folder.name} is complete: there is nothing to stop.")
    here = folder.is_locked()
    folder.request_stop()
    if not here:
        raise SeqtermError(f"No process on this machine trains {folder.name}; one on another host will see the wish and stop.")
    yield Note(f"{folder.name} will save and stop after its current step.")


def paths(command: Paths, session: Session) -> Iterator[Event]:
    yield Place("home", str(home()))
    yield Place("runs", str(runs_folder()))
    yield Place("corpora", str(bundled_folder()))
    yield Place("kernels", str(session.backend.cache_folder))
    yield Place("settings", str(user_file()))
    if project := project_file():
        yield Place("project", str(project))
