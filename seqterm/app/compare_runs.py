"""The command CompareRuns: loss curves of several runs, and the settings in which they differ."""

from collections.abc import Iterator
from typing import Any

from seqterm.app.commands import CompareRuns
from seqterm.app.session import Session
from seqterm.app.watch import RunReader
from seqterm.errors import UsageError
from seqterm.events import Event, Finished, RunCurves, SettingDiffers, Started, Step, Validation
from seqterm.store.home import existing_run
from seqterm.store.run_folder import RunFolder

PARTS = ("model_settings", "training", "corpus")  # of a run's description
COUNTED = {"checksum", "written_tokens"}  # no one's choice


def compare_runs(command: CompareRuns, session: Session) -> Iterator[Event]:
    """Curves in the order of runs, then what differs."""
    if len(command.runs) < 2:
        raise UsageError("Name two runs or more to compare: `seqterm runs list` shows them.")
    folders = [RunFolder(existing_run(run)) for run in dict.fromkeys(command.runs)]
    described = [folder.read_description()[0] for folder in folders]
    curves = [_curves(folder, config) for folder, config in zip(folders, described, strict=True)]
    for each in curves[1:]:
        if each.unit != curves[0].unit:
            first = f"losses of {curves[0].run} are {curves[0].unit}, of {each.run} {each.unit}"
            raise UsageError(f"Curves cannot be drawn over each other: {first}.")
    yield from curves
    settings = [_settings(config) for config in described]
    for name in dict.fromkeys(name for each in settings for name in each):
        values = [each.get(name) for each in settings]
        if any(value != values[0] for value in values):
            yield SettingDiffers(name, values)


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    """{name: value} of all that was asked for, and how much text that gave."""
    parts = [config[part] for part in PARTS if isinstance(config.get(part), dict)]
    named = {name: value for part in parts for name, value in part.items() if name not in COUNTED}
    return {"model": config["model"], "parameters": config["parameters"], **named}


def _curves(folder: RunFolder, config: dict[str, Any]) -> RunCurves:
    events = list(RunReader(folder, stopped=lambda: False).read())
    started = [event for event in events if isinstance(event, Started)]
    validations = [event for event in events if isinstance(event, Validation)]
    steps = [(event.step, event.loss) for event in events if isinstance(event, Step)]
    means = [(event.step, event.training_loss) for event in validations if event.training_loss is not None]
    held_out = [(event.step, event.validation_loss) for event in validations if event.validation_loss is not None]
    counters = folder.read_state()["counters"]
    seconds = next((event.seconds for event in reversed(events) if isinstance(event, Finished)), counters.get("seconds", 0.0))
    return RunCurves(
        run=folder.name,
        model=config["model"],
        parameters=config["parameters"],
        unit=started[-1].unit if started else "nats a token",
        training=steps or means,
        held_out=held_out,
        seconds=seconds,
        best=min((loss for _, loss in held_out), default=None),
    )
