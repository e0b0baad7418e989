"""A line of words to a command, without any face: what a session types after `/`, a person types after `seqterm`."""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from seqterm.app.arguments import build, convert
from seqterm.app.commands import COMMANDS, Command
from seqterm.errors import UsageError
from seqterm.options import Parameter, parameters

NUMBER = re.compile(r"-?\d+(\.\d+)?")
Path = tuple[str, ...]


def nearest(word: str, known: Iterable[str]) -> str:
    """ " Did you mean ...?", or nothing where no known word is like this one."""
    found = difflib.get_close_matches(word, list(known), 1, 0.5)
    return f" Did you mean {found[0]}?" if found else ""


def split_path(words: Sequence[str]) -> tuple[Path, list[str]]:
    """The command that the first words name, and the other words; UsageError with the nearest command where there is none."""
    option, equals, value = words[1].partition("=") if len(words) > 1 else ("", "", "")
    if (path := (words[0], option)) in COMMANDS:
        return path, [*words[2:], *(["--", value] if equals else [])]
    if (words[0],) in COMMANDS:
        return (words[0],), list(words[1:])
    inside = [path[1] for path in COMMANDS if len(path) == 2 and path[0] == words[0]]
    if inside and len(words) == 1:
        raise UsageError(f"Name what to do: {words[0]} {', '.join(inside)}.")
    if inside:
        raise UsageError(f"There is no {words[0]} {words[1]}.{nearest(words[1], inside)}")
    raise UsageError(f"There is no command {words[0]}.{nearest(words[0], (path[0] for path in COMMANDS))}")


def parse(words: Sequence[str]) -> Command:
    """The command that `seqterm WORDS` is, checked."""
    path, rest = split_path(words)
    given, positional = split_words(COMMANDS[path], rest)
    return build(COMMANDS[path], given | place(COMMANDS[path], positional))


def split_words(command_class: type[Command], words: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """{field: value} of the options among the words, and the words that stand alone."""
    flags = option_flags(command_class)
    given: dict[str, Any] = {}
    alone: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return given, alone + rest
        if word == "-" or not word.startswith("-"):
            alone.append(word)
            continue
        flag, value = _flag_and_value(word, flags)
        parameter = flags[flag]
        if parameter.type is bool:
            if value is not None:
                raise UsageError(f"{flag} takes no value.")
            given[parameter.name] = not (flag.startswith("--no-") and flag != f"--{parameter.flag}")
            continue
        if value is None:
            if not rest:
                raise UsageError(f"{flag} needs a value.")
            value = rest.pop(0)
        values = [value]
        if parameter.many and parameter.type is not str:  # --hidden 10 10
            while rest and NUMBER.fullmatch(rest[0]):
                values.append(rest.pop(0))
        converted = tuple(convert(parameter, one) for one in values)
        given[parameter.name] = given.get(parameter.name, ()) + converted if parameter.many else converted[0]
    return given, alone


def option_flags(command_class: type[Command]) -> dict[str, Parameter]:
    """{--flag, --no-flag or -f: its field}"""
    found: dict[str, Parameter] = {}
    for parameter in parameters(command_class):
        if not parameter.option.positional:
            found[f"--{parameter.flag}"] = parameter
            if parameter.option.short:
                found[f"-{parameter.option.short}"] = parameter
            if parameter.type is bool:
                found[f"--no-{parameter.flag}"] = parameter
    return found


def _flag_and_value(word: str, flags: dict[str, Parameter]) -> tuple[str, str | None]:
    """--flag, --flag=value, -f, -fvalue."""
    flag, equals, value = word.partition("=")
    if flag in flags and (flag.startswith("--") or not equals):
        return flag, value if equals else None
    if not word.startswith("--") and word[:2] in flags:
        return word[:2], word[2:]
    raise UsageError(f"There is no option {flag}.{nearest(flag, flags)}")


def place(command_class: type[Command], words: Sequence[str]) -> dict[str, Any]:
    """{field: value} of words that stand alone: a field of many takes what the fields after it leave."""
    fields = [parameter for parameter in parameters(command_class) if parameter.option.positional]
    values: dict[str, Any] = {}
    rest = list(words)
    for i, parameter in enumerate(fields):
        name = parameter.option.metavar or parameter.name.upper()
        if parameter.many:
            count = max(0, len(rest) - len(fields[i + 1 :]))
            if count:
                values[parameter.name] = tuple(rest[:count])
            rest = rest[count:]
        elif rest:
            values[parameter.name] = rest.pop(0)
        elif not parameter.optional and not isinstance(parameter.default, str):
            raise UsageError(f"{name} is missing.")
    if rest:
        raise UsageError(f"{rest[0]!r} is one word too many.")
    return values
