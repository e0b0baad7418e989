"""Words to commands and commands to words, from the metadata of their fields."""

import dataclasses
import json
import re
import shlex
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeVar

from seqterm.app.commands import COMMANDS, Command
from seqterm.errors import UsageError
from seqterm.options import Parameter, check, parameters

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")


def parse_duration(text: str) -> float:
    """ "90", "60s", "1h30m" -> seconds."""
    parts = DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(f"{text!r} is not a duration: write 90s, 5m or 1h30m.")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def nearest(word: str, known: Iterable[str]) -> str:
    """What may have been meant by a misspelt word, as the end of an error's sentence; "" where nothing is near."""
    from difflib import get_close_matches

    names = list(known)
    found = [name for name in names if name.split()[-1] == word] or get_close_matches(word, names, 1)
    return f": did you mean {' or '.join(found)}?" if found else "."


def convert(parameter: Parameter, text: str, name: str | None = None) -> Any:
    """A person's word for one value of a field; `name`: what an error calls it, by default its flag."""
    if parameter.option.duration:
        return parse_duration(text)
    if parameter.type is bool or parameter.type is str:
        return text
    try:
        return parameter.type(text)
    except ValueError as error:
        kind = "a whole number" if parameter.type is int else "a number"
        raise UsageError(f"{name or f'--{parameter.flag}'} must be {kind}, not {text!r}.") from error


def build(command_class: type[Command], values: dict[str, Any], defaults: dict[str, Any] | None = None) -> Command:
    """A command from the values that a person gave, checked; others are as settings files say (`defaults`), or built in."""
    command = command_class(given=frozenset(values), **{**(defaults or {}), **values})
    check(command)
    return command


C = TypeVar("C", bound=Command)


def without_defaults_of(command: C, names: Iterable[str]) -> C:
    """The command with the built-in defaults of those fields that nobody gave: what settings files say of them does not apply.

    So that the words of the command, where all values count as given, are not refused."""
    built_in = {parameter.name: parameter.default for parameter in parameters(type(command))}
    return dataclasses.replace(command, **{name: built_in[name] for name in names if name not in command.given})


def word(value: Any) -> str:
    """A value that reads back as the same; floats without an exponent, so that they are durations too."""
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def path_of(command: Command) -> tuple[str, ...]:
    """The words that name a command."""
    return next(path for path, command_class in COMMANDS.items() if command_class is type(command))


def words(command: Command) -> list[str]:
    """The words that a person would type after `seqterm` for this command; defaults are left out."""
    path = path_of(command)
    positional: list[str] = []
    flags: list[str] = []
    for parameter in parameters(type(command)):
        value = getattr(command, parameter.name)
        if value is None or value == () or (value == parameter.default and parameter.name not in command.given):
            continue
        if parameter.option.positional:
            positional.extend(value if parameter.many else (value,))
        elif parameter.type is bool:
            flags.append(f"--{parameter.flag}" if value else f"--no-{parameter.flag}")
        else:
            for one in value if parameter.many else (value,):
                flags.extend((f"--{parameter.flag}", word(one)))
    if path[-1].startswith("-") and positional[0].startswith("-"):  # the value of an option
        return [*path[:-1], f"{path[-1]}={positional[0]}", *flags]
    if any(word.startswith("-") and word != "-" for word in positional):
        return [*path, *flags, "--", *positional]
    return [*path, *positional, *flags]


def line(command: Command) -> str:
    """The whole line to type, quoted for a shell."""
    return shlex.join(["seqterm", *words(command)])


def to_json(command: Command) -> str:
    """A command, with what of it a person set, for another process."""
    each = ((parameter, getattr(command, parameter.name)) for parameter in parameters(type(command)))
    values = {p.name: value for p, value in each if value != p.default or p.name in command.given}
    return json.dumps({"path": path_of(command), "given": sorted(command.given), "values": values})


def from_json(text: str) -> Command:
    """The inverse."""
    read = json.loads(text)
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in read["values"].items()}
    return COMMANDS[tuple(read["path"])](given=frozenset(read["given"]), **values)
