"""What settings files and the environment say, shown."""

from collections.abc import Iterator
from typing import Any

from seqterm.app.arguments import nearest
from seqterm.app.commands import COMMANDS, ShowConfig
from seqterm.app.session import Session
from seqterm.app.settings_files import find, layers, stray_variables, table_of
from seqterm.errors import UsageError
from seqterm.events import Event, Note, Setting
from seqterm.options import parameters


def show(command: ShowConfig, session: Session) -> Iterator[Event]:
    """Of one command every field, of several those that something sets."""
    asked = table_of(command.command)
    known = {table_of(path): path for path, command_class in COMMANDS.items() if command_class.configurable}
    paths = [path for table, path in known.items() if table[: len(asked)] == asked]
    if not paths:
        name = " ".join(command.command)
        raise UsageError(f"There is no command {name!r} with settings{nearest(name, map(' '.join, known))}")
    files = layers(command.profile)
    for name in stray_variables():
        yield Note(f"{name} is in the environment, and is no setting.")
    nothing = True
    for path in paths:
        found = find(path, files)
        for parameter in parameters(COMMANDS[path]):
            default = found.get(parameter.name)
            if default or asked in known:
                value: Any = default.value if default else parameter.default
                origin = default.origin if default else "built in"
                yield Setting(".".join(table_of(path)), parameter.flag, value, origin if command.origins else None)
                nothing = False
    if nothing:
        yield Note("Nothing is set: `seqterm help settings` says how, `seqterm paths` where.")
