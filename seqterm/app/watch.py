"""The command Watch: what a training has logged, and what it logs while one watches."""

import dataclasses
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from seqterm.app.arguments import line
from seqterm.app.commands import Resume, Watch
from seqterm.app.detached import failure
from seqterm.app.session import Session
from seqterm.errors import DataError
from seqterm.events import CaughtUp, Event, Finished, Started, Step, Stopped, TrainingSample, Validation
from seqterm.render.thinning import STRETCHES, extremes
from seqterm.store.event_log import EventLog, Row
from seqterm.store.home import no_run, run_path
from seqterm.store.run_folder import RunFolder
from seqterm.store.step_lines import thinned_lines

SAMPLES = 1000  # that are given out in one go, at most: the newest
POLL_SECONDS = 0.2
KINDS: dict[str, type[Event]] = {"started": Started, "stopped": Stopped, "finished": Finished}
LOSSES: dict[str, tuple[type[Event], str]] = {"step": (Step, "loss"), "validation": (Validation, "validation_loss")}


def thinned(rows: list[Row], key: str) -> list[Row]:
    """Of rows by rising step those that a chart of `key` needs."""
    return [rows[i] for i in extremes([row["step"] for row in rows], [row[key] for row in rows])]


class RunReader:
    """A run's log as events, of many no more than a chart can show; `stopped` is asked whether anybody still wants them."""

    def __init__(self, folder: RunFolder, stopped: Callable[[], bool]):
        self._log, self._samples = EventLog(folder.events_path, thinned_lines), EventLog(folder.samples_path)
        self._stopped = stopped
        self._began: Row | None = None  # the first step of this sitting, and the last
        self._last: Row | None = None
        self._steps = 0
        self.ended = False

    def read(self) -> Iterator[Event]:
        """What has been logged since; DataError where the log is no training's."""
        curves: dict[str, list[Row]] = {kind: [] for kind in LOSSES}
        try:
            for rows in self._log.read():
                yield from self._take(rows, curves)
                if self._stopped():
                    return
            yield from _thinned(curves)
            newest = deque((row for rows in self._samples.read() for row in rows), SAMPLES)
            yield from (_event(TrainingSample, row) for row in newest)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"The run's events.jsonl is damaged: {error}.") from error

    def _take(self, rows: list[Row], curves: dict[str, list[Row]]) -> Iterator[Event]:
        """Adds losses to the curves; gives out the rest, after the losses before it."""
        found: dict[str, list[Row]] = {kind: [] for kind in LOSSES}
        for row in rows:
            kind = row["event"]
            if kind in found:
                found[kind].append(row)
            elif kind in KINDS:
                self._add(found, curves)
                yield from _thinned(curves)
                self._turn(kind, row)
                yield _event(KINDS[kind], row)
        self._add(found, curves)

    def _turn(self, kind: str, row: Row) -> None:
        self.ended = kind != "started"
        if kind == "started":
            self._steps, self._began, self._last = row["steps"], None, None

    def _add(self, found: dict[str, list[Row]], curves: dict[str, list[Row]]) -> None:
        if found["step"]:
            self._began, self._last = self._began or found["step"][0], found["step"][-1]
        for kind, (_, key) in LOSSES.items():
            curves[kind] += thinned(found[kind], key)
            found[kind].clear()
            if len(curves[kind]) > 8 * STRETCHES:
                curves[kind][:] = thinned(curves[kind], key)

    def left(self) -> float | None:
        """Seconds at the pace of this sitting."""
        if self._began is None or self._last is None or self._last["step"] == self._began["step"]:
            return None
        pace = (self._last["time"] - self._began["time"]) / (self._last["step"] - self._began["step"])
        return pace * (self._steps - self._last["step"])


def _thinned(curves: dict[str, list[Row]]) -> Iterator[Event]:
    """Empties the curves."""
    for kind, (event_class, key) in LOSSES.items():
        yield from (_event(event_class, row) for row in thinned(curves[kind], key))
        curves[kind].clear()


def _event(event_class: type[Event], row: Row) -> Any:
    names = [field.name for field in dataclasses.fields(event_class)]
    values = {name: row[name] for name in names if name in row}
    if event_class is Step and values["loss"] is None:
        values["loss"] = math.nan  # as JSON has it
    return event_class(**values)


def watch(command: Watch, session: Session) -> Iterator[Event]:
    """What there is, then, until the training ends, what comes; a CaughtUp wherever the log's end is reached."""
    folder = RunFolder(run_path(command.run))
    session.stoppable = True
    reader, told = RunReader(folder, lambda: session.stop), None
    while not session.stop:
        training = folder.is_locked()  # as it is before there is a description, while the text is read
        if not training and not (folder.path / "config.json").exists():
            raise _gone(folder, watched=told is not None)
        events = list(reader.read())
        yield from events
        if events or training != told:
            yield _caught_up(reader, folder, training)
        told = training
        if command.once or (reader.ended and not training):
            return
        time.sleep(POLL_SECONDS)


def _caught_up(reader: RunReader, folder: RunFolder, training: bool) -> CaughtUp:
    if training:
        return CaughtUp(True, reader.left())
    if reader.ended:
        return CaughtUp(False, None)
    try:
        last = folder.events_path.stat().st_mtime
    except FileNotFoundError:
        last = 0.0
    return CaughtUp(False, None, line(Resume(run=folder.name)), failure(folder.path, after=last))


def _gone(folder: RunFolder, watched: bool) -> Exception:
    """Why there is nothing to watch any more, or never was."""
    if why := failure(folder.path):
        return DataError(f"{folder.name} could not be trained: {why}")
    return DataError(f"{folder.name} was removed while it was watched.") if watched else no_run(folder.path)
