"""The commands Sample and Duel."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from seqterm.app.commands import Duel, Sample
from seqterm.app.commands.base import Prompted
from seqterm.app.loaded import LoadedModel
from seqterm.app.sample_log import logged
from seqterm.app.session import Session
from seqterm.errors import DataError, UsageError
from seqterm.events import Dueled, DueledPiece, Event, Note, Piece, Sampled, TrainingSample
from seqterm.store.home import existing_run
from seqterm.store.run_folder import RunFolder
from seqterm.text.corpus import opened

Seeded = TypeVar("Seeded", Sample, Duel)


def sample(command: Sample, session: Session) -> Iterator[Event]:
    """Draw text; stops between chunks when the session asks for it."""
    check_one_prompt(command)
    if command.time_machine:
        return _time_machine(command, session)
    model = session.load(command.run)
    prompt = read_prompt_text(command, model.vocabulary.form.kind)
    session.stoppable = True
    settings = _with_seed(command)
    drawn = model.generate(prompt, settings, lambda: session.stop, command.choices or 0, session.mailbox.take)
    return logged(drawn, command.run, model, settings, session)


def duel(command: Duel, session: Session) -> Iterator[Event]:
    """What each run draws after the same prompt with the same seed: pieces as they come, then samples whole, run by run."""
    if len(command.runs) < 2:
        raise UsageError("Name two runs at least.")
    settings = _with_seed(command)
    models = [session.load(run) for run in command.runs]
    session.stoppable = True
    drawing = {
        side: logged(model.generate(command.prompt, settings, lambda: session.stop), run, model, settings, session)
        for side, (run, model) in enumerate(zip(command.runs, models, strict=True))
    }
    drawn: list[tuple[int, int, Sampled]] = []
    while drawing:
        for side, events in list(drawing.items()):  # they take turns
            match next(events, None):
                case None:
                    del drawing[side]
                case Note() as event:
                    yield event
                case Piece() as event:
                    yield DueledPiece(event.sample, event.prompt, event.text, side, last=False)
                case Sampled() as event:
                    yield DueledPiece(event.sample, event.prompt, "", side, last=True)
                    drawn.append((event.sample, side, event))
    for _, side, event in sorted(drawn, key=lambda one: one[:2]):
        yield Dueled(command.runs[side], **vars(event))


def _with_seed(command: Seeded) -> Seeded:
    """Another seed each time where none is asked for."""
    return command if command.seed is not None else replace(command, seed=secrets.randbits(62))


def _time_machine(command: Sample, session: Session) -> Iterator[Event]:
    """A sample of each checkpoint that is kept, all of one seed."""
    if command.samples > 1:
        raise UsageError("--time-machine draws one sample of each checkpoint: leave --samples out.")
    if command.choices:
        raise UsageError("--time-machine shows whole samples: leave --choices out.")
    folder = RunFolder(existing_run(command.run))
    prompt = read_prompt_text(command, session.load(command.run).vocabulary.form.kind)
    settings = _with_seed(command)
    kept = folder.checkpoints()
    if folder.read_state()["counters"].get("steps") == 1:
        raise UsageError(f"{folder.name} was counted in one step: there are no earlier checkpoints to sample.")
    if len(kept) == 1:
        yield Note(f"{folder.name} keeps one checkpoint: train with --keep-checkpoints N to see more of them.")
    session.stoppable = True
    for step, name in kept.items():
        if session.stop:
            return
        model = LoadedModel.open(command.run, session.backend, name, session.insists)
        drawn = model.generate(prompt, settings, lambda: session.stop)
        yield from (TrainingSample(step, prompt + event.text) for event in drawn if isinstance(event, Sampled))


def check_one_prompt(command: Prompted) -> None:
    """UsageError where prompts are given in more than one way."""
    if command.source not in (None, "-"):
        raise UsageError(f"Give the prompt as --prompt {command.source!r}; only - (standard input) can stand alone.")
    if sum(value is not None for value in (command.source, command.prompt, command.prompt_file)) > 1:
        raise UsageError("Give one prompt: --prompt, --prompt-file or -.")


def read_prompt_text(command: Prompted, kind: str) -> str:
    """The prompt, "" where none was given; UTF-8 unless the model's tokens are bytes."""
    source = command.source or command.prompt_file
    if source is None:
        return command.prompt or ""
    try:
        with opened(source) as stream:
            return _decode(stream.read(), "Standard input" if source == "-" else source, kind)
    except OSError as error:
        raise DataError(f"Cannot read {source}: {error.strerror}.") from error


def _decode(data: bytes, name: str, kind: str) -> str:
    try:
        return data.decode("utf-8", "surrogateescape" if kind == "byte" else "strict")
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}.") from error
