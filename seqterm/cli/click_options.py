"""Click's options, made from the metadata of a command's fields."""

import re
from typing import Any

import click
from click.shell_completion import CompletionItem

from seqterm.app import arguments
from seqterm.app.commands import Command
from seqterm.errors import UsageError
from seqterm.faces.names import known_names
from seqterm.options import Parameter, parameters

NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Word(click.ParamType):
    """A field's value: converted by app.arguments, completed with runs, corpora or files."""

    def __init__(self, parameter: Parameter):
        self._parameter = parameter
        self.name = "duration" if parameter.option.duration else {int: "integer", float: "number"}.get(parameter.type, "text")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return arguments.convert(self._parameter, value)
        except UsageError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        kind = self._parameter.option.complete
        names = known_names(kind, ctx.params.get(param.name or ""))
        found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return found + ([CompletionItem(incomplete, type="file")] if kind in ("run", "corpus", "file") else [])


class GroupedOption(click.Option):
    """An option that knows under which heading it is listed."""

    group = "Options"


def _option(parameter: Parameter) -> click.Option:
    details = parameter.option
    names = [parameter.name, f"--{parameter.flag}" + (f"/--no-{parameter.flag}" if parameter.type is bool else "")]
    if details.short:
        names.insert(1, f"-{details.short}")
    kind = click.Choice(details.choices) if details.choices else Word(parameter)
    common: dict[str, Any] = {"default": None, "help": details.help + parameter.default_text, "multiple": parameter.many}
    made = (
        GroupedOption(names, **common)
        if parameter.type is bool
        else GroupedOption(names, type=kind, metavar=details.metavar, **common)
    )
    made.group = details.group
    return made


class ConfigurableArgument(click.Argument):
    """An argument that settings files may have where it is not typed: whether it is missing is found out later."""

    def value_is_missing(self, value: Any) -> bool:
        return False


def _argument(parameter: Parameter) -> click.Argument:
    many: dict[str, Any] = {"nargs": -1} if parameter.many else {"required": parameter.required}
    return ConfigurableArgument([parameter.name], type=Word(parameter), metavar=parameter.option.metavar, **many)


def click_parameters(command_class: type[Command]) -> list[click.Parameter]:
    """One parameter a field, none with a default: what a person did not give stays None."""
    return [_argument(p) if p.option.positional else _option(p) for p in parameters(command_class)]


def _takes_numbers(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and param.multiple and param.type.name in ("integer", "number")


class GroupedCommand(click.Command):
    """A command whose help lists options under their headings, and whose options of several numbers take them in one go."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """--hidden 10 10 is --hidden 10 --hidden 10."""
        several = {name for param in self.params if _takes_numbers(param) for name in param.opts}
        spread: list[str] = []
        option = None  # of which more numbers may follow
        for word, following in zip(args, [*args, ""][1:], strict=True):
            if word in several and NUMBER.fullmatch(following):
                option = word
            elif option and NUMBER.fullmatch(word):
                spread += [option, word]
            else:
                option = None
                spread.append(word)
        return super().parse_args(ctx, spread)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                groups.setdefault(getattr(param, "group", "Options"), []).append(record)
        for name in sorted(groups, key=lambda group: group == "Options"):
            with formatter.section(name):
                formatter.write_dl(groups[name])
