"""Defaults for the fields of commands, from settings files and the environment.

flag > environment > profile > project > user > built in, where the project's is the nearest seqterm.toml, the user's the one in
the platform's folder for configuration, and a profile's tables come before all others, the project's before the user's.
"""

import os
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from seqterm.app.arguments import build, convert, nearest
from seqterm.app.commands import COMMANDS, Command
from seqterm.app.presets import PRESETS
from seqterm.errors import DataError, UsageError
from seqterm.options import Parameter, check_value, parameters
from seqterm.store.files import read_bytes

FILE = "seqterm.toml"
PROFILE = "SEQTERM_PROFILE"  # names the profile where --profile does not
SWITCHES = {**dict.fromkeys(("1", "true", "yes", "on"), True), **dict.fromkeys(("0", "false", "no", "off"), False)}

Table = tuple[str, ...]  # the words of a command, or the first ones of several


def user_file() -> Path:
    """SEQTERM_CONFIG, or seqterm.toml in the platform's folder for configuration."""
    chosen = os.environ.get("SEQTERM_CONFIG")
    return Path(chosen) if chosen else platformdirs.user_config_path("seqterm") / FILE


def project_file() -> Path | None:
    """seqterm.toml of the current folder, or of the nearest above it.

    The search ends with a folder that has a .git, and before the home folder, where the user's own file is the one to use, or a
    folder of another owner, who could otherwise set what happens in folders beneath.
    """
    home = Path(os.path.expanduser("~"))  # as Path.home(), which raises an error for a user without one
    try:
        here = Path.cwd()
        for folder in (here, *here.parents):
            if folder != here and (folder == home or folder.stat().st_uid != here.stat().st_uid):
                return None
            if (folder / FILE).is_file():
                return folder / FILE
            if (folder / ".git").exists():
                return None
    except OSError:  # a folder that was deleted beneath the process, or must not be read
        return None
    return None


# Tables and variables


def table_of(path: tuple[str, ...]) -> Table:
    """The table of a command: `train --resume` has train.resume."""
    return tuple(word.lstrip("-") for word in path)


def tables_of(path: tuple[str, ...]) -> list[Table]:
    """The tables that hold for a command, the most particular first; [train] is for new runs, not for --resume."""
    own = table_of(path)
    return [own] if path[-1].startswith("-") else [own[:n] for n in range(len(own), 0, -1)]


def commands_under(table: Table) -> list[type[Command]]:
    """The commands for which a table holds."""
    return [command for path, command in COMMANDS.items() if command.configurable and table in tables_of(path)]


def variable(table: Table, parameter: Parameter) -> str:
    """SEQTERM_TRAIN_LSTM_HIDDEN is the environment's word for --hidden of `train lstm`, SEQTERM_TRAIN_HIDDEN for all `train`."""
    return "_".join(("SEQTERM", *table, parameter.flag)).replace("-", "_").upper()


# Values


def _one(parameter: Parameter, value: Any, name: str) -> Any:
    """One value as TOML has it -> as the field has it."""
    if parameter.option.duration and isinstance(value, str):
        try:
            return convert(parameter, value)
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from error
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if numeric and parameter.type is str:  # as typed: validation = 0.1
        value = str(value)
    elif numeric and parameter.type is float:
        value = float(value)
    check_value(parameter, value, name)
    return value


def _value(parameter: Parameter, value: Any, name: str) -> Any:
    """A value of a file; several may be one alone."""
    if not parameter.many:
        return _one(parameter, value, name)
    return tuple(_one(parameter, one, name) for one in (value if isinstance(value, list) else [value]))


def _from_text(parameter: Parameter, text: str, name: str) -> Any:
    """A value of the environment; several stand between white space."""
    if parameter.type is bool:
        if text.lower() not in SWITCHES:
            raise UsageError(f"{name} must be true or false, not {text!r}.")
        return SWITCHES[text.lower()]
    if parameter.option.duration:
        return _one(parameter, text, name)
    values = [convert(parameter, word, name) for word in (text.split() if parameter.many else [text])]
    return _value(parameter, values if parameter.many else values[0], name)


# Files


@dataclass(frozen=True)
class Layer:
    """Tables of one file, or of one profile in it: {table: {flag: value}}."""

    origin: str
    path: Path
    prefix: str
    tables: dict[Table, dict[str, Any]]

    def place(self, table: Table) -> str:
        return f"{self.path}, [{self.prefix}{'.'.join(table)}]"

    def take(self, table: Table, content: dict[str, Any]) -> None:
        """Take over a table with those inside it; DataError where it has an unknown name or no sound value."""
        commands = commands_under(table)
        if not commands:
            known = {" ".join(t) for path, c in COMMANDS.items() if c.configurable for t in tables_of(path)}
            raise DataError(f"{self.place(table)} is no command{nearest(' '.join(table), sorted(known))}")
        for key, value in content.items():
            if isinstance(value, dict):
                self.take((*table, key), value)
            else:
                flag = key.replace("_", "-")
                self._check(table, flag, value, commands)
                self.tables.setdefault(table, {})[flag] = value

    def _check(self, table: Table, flag: str, value: Any, commands: list[type[Command]]) -> None:
        """A value must be sound for one command at least for which its table holds."""
        known = [parameter for command in commands for parameter in parameters(command)]
        asked = [parameter for parameter in known if parameter.flag == flag]
        if not asked:
            names = sorted({parameter.flag for parameter in known})
            raise DataError(f"{self.place(table)} has no setting {flag}{nearest(flag, names)}")
        errors = []
        for parameter in asked:
            try:
                self.read(table, parameter, value)
                return
            except DataError as error:
                errors.append(error)
        raise errors[0]

    def read(self, table: Table, parameter: Parameter, value: Any) -> Any:
        try:
            return _value(parameter, value, f"{self.place(table)} {parameter.flag}")
        except UsageError as error:
            raise DataError(str(error)) from error


def read_file(path: Path, origin: str) -> tuple[Layer, dict[str, Layer]]:
    """The tables of a file, and {name: tables} of its profiles; DataError where anything in it makes no sense."""
    try:
        content = tomllib.loads(read_bytes(path).decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path} is no TOML: {error}.") from error
    profiles = content.pop("profile", {})
    if not isinstance(profiles, dict) or not all(isinstance(tables, dict) for tables in profiles.values()):
        raise DataError(f"{path}: what is in [profile] must be tables, as [profile.tiny.train].")
    layers = {name: Layer(f"profile {name}", path, f"profile.{name}.", {}) for name in profiles}
    plain = Layer(origin, path, "", {})
    for layer, tables in [(plain, content), *((layers[name], profiles[name]) for name in profiles)]:
        for word, table in tables.items():
            if not isinstance(table, dict):
                raise DataError(
                    f"{path}: {layer.prefix}{word} stands in no command's table: write it under [train], [sample], ..."
                )
            layer.take((word,), table)
    return plain, layers


def _files() -> list[tuple[Layer, dict[str, Layer]]]:
    """Those that are there, the project's first."""
    found = []
    if project := project_file():
        found.append(read_file(project, "project"))
    if os.path.exists(user_file()):
        found.append(read_file(user_file(), "user"))
    return found


def profile_names() -> list[str]:
    return sorted({*PRESETS, *(name for _, profiles in _files() for name in profiles)})


def layers(profile: str | None) -> list[Layer]:
    """What files say, what counts first first; `profile` or SEQTERM_PROFILE names a profile, that of a file or a built-in one."""
    files = _files()
    name = profile or os.environ.get(PROFILE)
    chosen = [profiles[name] for _, profiles in files if name in profiles] if name else []
    if name in PRESETS and not chosen:
        chosen = [Layer(f"profile {name}", Path("built in"), f"profile.{name}.", dict(PRESETS[name]))]
    if name and not chosen:
        known = sorted({*PRESETS, *(known for _, profiles in files for known in profiles)})
        raise UsageError(f"There is no profile {name!r}{nearest(name, known)}")
    return [*chosen, *(plain for plain, _ in files)]


# Commands


@dataclass(frozen=True)
class Default:
    """A value that no flag gives, and whose it is."""

    value: Any
    origin: str


def _defaults_of(parameter: Parameter, tables: list[Table], files: list[Layer]) -> Iterator[Default]:
    """What counts first first."""
    for table in tables:
        name = variable(table, parameter)
        if text := os.environ.get(name):
            yield Default(_from_text(parameter, text, name), f"environment: {name}")
    for layer in files:
        for table in tables:
            values = layer.tables.get(table, {})
            if parameter.flag in values:
                yield Default(layer.read(table, parameter, values[parameter.flag]), f"{layer.origin}: {layer.place(table)}")


def find(path: tuple[str, ...], files: list[Layer], given: Collection[str] = ()) -> dict[str, Default]:
    """{field: default} of a command, of those fields that the environment or files set, and that are not given."""
    tables = tables_of(path)
    asked = (parameter for parameter in parameters(COMMANDS[path]) if parameter.name not in given)
    each = ((parameter.name, next(_defaults_of(parameter, tables, files), None)) for parameter in asked)
    return {name: default for name, default in each if default}


def defaults(path: tuple[str, ...], profile: str | None = None, given: Collection[str] = ()) -> dict[str, Default]:
    """As find; nothing is read for a command that has nothing to set."""
    command_class = COMMANDS[path]
    return find(path, layers(profile), given) if command_class.configurable and parameters(command_class) else {}


def configured(path: tuple[str, ...], given: dict[str, Any], found: dict[str, Default]) -> Command:
    """The command from what a person gave and from defaults; UsageError where a necessary argument is in neither."""
    command_class = COMMANDS[path]
    for parameter in parameters(command_class):
        if parameter.required and parameter.name not in given and parameter.name not in found:
            name = parameter.option.metavar or parameter.name.upper()
            raise UsageError(f"Missing argument {name}: `seqterm help {' '.join(table_of(path))}` explains it.")
    return build(command_class, given, {name: default.value for name, default in found.items()})


def stray_variables() -> list[str]:
    """Variables that look like settings and are none: misspelt ones."""
    known, tables = {PROFILE}, set()
    for path, command_class in COMMANDS.items():
        for table in tables_of(path) if command_class.configurable else []:
            tables.add("_".join(("SEQTERM", *table, "")).replace("-", "_").upper())
            known |= {variable(table, parameter) for parameter in parameters(command_class)}
    return sorted(name for name in os.environ if name.startswith(tuple(tables)) and name not in known)
