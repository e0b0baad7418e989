"""The command Sample."""

import sys
from collections.abc import Iterator
from pathlib import Path

from seqterm.app.commands import Sample
from seqterm.app.session import Session
from seqterm.errors import DataError, UsageError
from seqterm.events import Event


def sample(command: Sample, session: Session) -> Iterator[Event]:
    """Draw text; stops between chunks when the session asks for it."""
    prompt = _prompt(command)
    model = session.load(command.run)
    session.stoppable = True
    return model.generate(prompt, command, lambda: session.stop)


def _prompt(command: Sample) -> str:
    """The one prompt that was given, in whichever way; "" where none was."""
    if command.source not in (None, "-"):
        raise UsageError(f"Give the prompt as --prompt {command.source!r}; only - (standard input) can stand alone.")
    if sum(value is not None for value in (command.source, command.prompt, command.prompt_file)) > 1:
        raise UsageError("Give one prompt: --prompt, --prompt-file or -.")
    if command.source == "-":
        if sys.stdin.isatty():
            raise DataError("Standard input is a terminal: pipe the prompt into it, or use --prompt.")
        return _decode(sys.stdin.buffer.read(), "Standard input")
    if command.prompt_file is not None:
        try:
            return _decode(Path(command.prompt_file).read_bytes(), command.prompt_file)
        except OSError as error:
            raise DataError(f"Cannot read {command.prompt_file}: {error.strerror}.") from error
    return command.prompt or ""


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}.") from error
