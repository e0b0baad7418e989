"""Words to commands and commands to words, from the metadata of their fields."""

import re
import shlex
from decimal import Decimal
from typing import Any

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


def convert(parameter: Parameter, text: str) -> Any:
    """A person's word for one value of a field."""
    if parameter.option.duration:
        return parse_duration(text)
    if parameter.type is bool or parameter.type is str:
        return text
    try:
        return parameter.type(text)
    except ValueError as error:
        kind = "a whole number" if parameter.type is int else "a number"
        raise UsageError(f"--{parameter.flag} must be {kind}, not {text!r}.") from error


def build(command_class: type[Command], values: dict[str, Any]) -> Command:
    """A command from the values that a person gave, checked; all others have their defaults."""
    command = command_class(given=frozenset(values), **values)
    check(command)
    return command


def _word(value: Any) -> str:
    """A value that reads back as the same; floats without an exponent, so that they are durations too."""
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def words(command: Command) -> list[str]:
    """The words that a person would type after `seqterm` for this command; defaults are left out."""
    path = next(path for path, command_class in COMMANDS.items() if command_class is type(command))
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
                flags.extend((f"--{parameter.flag}", _word(one)))
    if path[-1].startswith("-") and positional[0].startswith("-"):  # the value of an option
        return [*path[:-1], f"{path[-1]}={positional[0]}", *flags]
    if any(word.startswith("-") and word != "-" for word in positional):
        return [*path, *flags, "--", *positional]
    return [*path, *positional, *flags]


def line(command: Command) -> str:
    """The whole line to type, quoted for a shell."""
    return shlex.join(["seqterm", *words(command)])
