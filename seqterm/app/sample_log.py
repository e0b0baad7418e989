"""Keeps every sample, and the commands on those kept."""

import dataclasses
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from seqterm.app.commands import ClearLog, ExportLog, ListLog, LogOff, LogOn, SearchLog, ShowLog
from seqterm.app.loaded import LoadedModel
from seqterm.app.session import Session
from seqterm.errors import DataError, UsageError
from seqterm.events import Changed, Event, LoggedSample, LoggedSummary, Note, Sampled
from seqterm.options import pick, to_json
from seqterm.sampling.settings import SamplingSettings
from seqterm.store import sample_log
from seqterm.store.files import json_line, writing_whole

WARNED = "sample log warned"  # in Session.kept: once a session


def logged(
    events: Iterable[Event], run: str, model: LoadedModel, settings: SamplingSettings, session: Session
) -> Iterator[Event]:
    """The same events; samples among them go into the log, all at the end.  That this fails is a note, once a session."""
    values = to_json(pick(SamplingSettings, settings))
    drawn = []
    for event in events:
        yield event
        if isinstance(event, Changed):
            values.setdefault("changes", []).append({"tokens": event.tokens, event.setting: event.value})
        if isinstance(event, Sampled):
            interrupted = event.stopped_by == "interrupt"
            about = time.time(), run, model.checksum, settings.seed or 0, values
            drawn.append(LoggedSample(0, *about, event.prompt, event.text, event.tokens, interrupted))
    if not drawn or not sample_log.is_on():
        return
    try:
        if sample_log.add(drawn):
            yield Note(f"Samples are logged in {sample_log.path()}: `seqterm log list` shows them, `seqterm log off` ends that.")
    except DataError as error:
        if not session.kept.get(WARNED):
            session.kept[WARNED] = True
            yield Note(f"This sample is not logged. {error}")


def list_log(command: ListLog, session: Session) -> Iterator[Event]:
    """Oldest first."""
    yield from _summaries(sample_log.rows(last=command.last), "The log has no samples.")


def search_log(command: SearchLog, session: Session) -> Iterator[Event]:
    if not command.words:
        raise UsageError("Name a text to search for.")
    text = " ".join(command.words)
    yield from _summaries(sample_log.rows(holding=text, last=command.last), f"No sample holds {text!r}.")


def _summaries(rows: list[LoggedSample], none: str) -> Iterator[Event]:
    for row in rows:
        yield LoggedSummary(row.number, row.time, row.run, row.seed, row.tokens, row.interrupted, row.prompt + row.text)
    if not rows:
        yield Note(none)


def show_log(command: ShowLog, session: Session) -> Iterator[Event]:
    found = sample_log.rows(number=int(command.number)) if command.number.isdecimal() else []
    if not found:
        raise UsageError(f"The log has no sample {command.number}: `seqterm log list` shows their numbers.")
    yield found[0]


def export_log(command: ExportLog, session: Session) -> Iterator[Event]:
    rows = sample_log.rows()
    try:
        with writing_whole(Path(command.file)) as file:
            file.writelines(json_line(dataclasses.asdict(row)) + b"\n" for row in rows)
    except OSError as error:
        raise DataError(f"Cannot write {command.file}: {error.strerror}.") from error
    yield Note(f"{len(rows):,} samples are in {command.file}.")


def log_on(command: LogOn, session: Session) -> Iterator[Event]:
    sample_log.switch(True)
    yield Note(f"Samples are logged in {sample_log.path()}.")


def log_off(command: LogOff, session: Session) -> Iterator[Event]:
    sample_log.switch(False)
    yield Note("Samples are not logged any more: `seqterm log on` logs them again, `seqterm log clear` deletes those there are.")


def clear_log(command: ClearLog, session: Session) -> Iterator[Event]:
    yield Note(f"{sample_log.clear():,} samples are deleted from the log.")
