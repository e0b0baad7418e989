"""Settings as dataclass fields that carry their own help, range and default.

Everything that shows or reads settings (command line, session, forms, config files) works from this metadata.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any, get_type_hints

from seqterm.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Option:
    """How one field is asked for.  `choices`, `minimum`, `maximum` and `above` (an exclusive minimum) limit its value."""

    help: str
    flag: str | None = None
    short: str | None = None
    metavar: str | None = None
    choices: tuple[str, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    duration: bool = False
    positional: bool = False
    complete: str | None = None  # what a shell completes it with: run, corpus, file, command or profile
    group: str = "Options"


def option(default: Any, help: str, **details: Any) -> Any:
    """A dataclass field with a default and an `Option`."""
    return dataclasses.field(default=default, metadata={"option": Option(help, **details)})


def argument(help: str, **details: Any) -> Any:
    """A field that is given by position; () or None stands for nothing given."""
    return option(details.pop("default", None), help, positional=True, **details)


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A field and its option, with the type of a single value."""

    name: str
    option: Option
    default: Any
    type: type
    optional: bool
    many: bool

    @property
    def flag(self) -> str:
        return self.option.flag or self.name.replace("_", "-")

    @property
    def required(self) -> bool:
        """Whether a command makes no sense without it."""
        return self.option.positional and self.default is None and not self.optional

    @property
    def default_text(self) -> str:
        """The default as help shows it, "" where there is none."""
        value = self.default
        if value is None or value == () or (self.type is bool and value is False):
            return ""
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        if self.option.duration:
            shown += "s"
        if self.type is bool:
            shown = self.flag
        return f"  [default: {shown}]" if shown else ""


def parameters(settings: type) -> list[Parameter]:
    """The fields of a settings class that carry an `Option`."""
    hints = get_type_hints(settings)
    found = []
    for field in dataclasses.fields(settings):
        if "option" in field.metadata:
            kinds = [kind for kind in getattr(hints[field.name], "__args__", (hints[field.name],)) if kind is not Ellipsis]
            many = getattr(hints[field.name], "__origin__", None) is tuple
            kind = next(kind for kind in kinds if kind is not type(None))
            found.append(Parameter(field.name, field.metadata["option"], field.default, kind, type(None) in kinds, many))
    return found


def check(settings: Any) -> None:
    """Raise UsageError where a value has the wrong type or is out of its range."""
    for parameter in parameters(type(settings)):
        value = getattr(settings, parameter.name)
        if value is None and (parameter.optional or parameter.option.positional):
            continue
        for one in value if parameter.many else (value,):
            check_value(parameter, one, f"--{parameter.flag}")


def check_value(parameter: Parameter, value: Any, name: str) -> None:
    """Raise UsageError where one value of a field, called `name`, has the wrong type or is out of its range."""
    limits = parameter.option
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    sound = numeric if parameter.type is float else type(value) is parameter.type
    if not sound:
        raise UsageError(f"{name} must be {parameter.type.__name__}, not {value!r}.")
    if limits.choices and value not in limits.choices:
        raise UsageError(f"{name} must be one of {', '.join(limits.choices)}, not {value!r}.")
    if not numeric:
        return
    if not math.isfinite(value):
        raise UsageError(f"{name} must be a finite number, not {value}.")
    bounds: Iterable[tuple[float | None, bool, str]] = (
        (limits.minimum, limits.minimum is not None and value < limits.minimum, "at least"),
        (limits.maximum, limits.maximum is not None and value > limits.maximum, "at most"),
        (limits.above, limits.above is not None and value <= limits.above, "above"),
        (limits.below, limits.below is not None and value >= limits.below, "below"),
    )
    for bound, broken, words in bounds:
        if broken:
            raise UsageError(f"{name} must be {words} {bound:g}, not {value}.")


def pick(settings_class: type, source: Any) -> Any:
    """An instance of settings_class from the fields of another object that has them."""
    return settings_class(**{field.name: getattr(source, field.name) for field in dataclasses.fields(settings_class)})


def to_json(settings: Any) -> dict[str, Any]:
    """{name: value} of all fields."""
    return dataclasses.asdict(settings)


def from_json(settings_class: type, values: Any) -> Any:
    """The inverse; raises UsageError for an unknown name, a wrong type or a value out of range."""
    if not isinstance(values, dict):
        raise UsageError(f"{settings_class.__name__} must be an object, not {values!r}.")
    known = {field.name for field in dataclasses.fields(settings_class)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise UsageError(f"{settings_class.__name__} has no setting {unknown[0]!r}.")
    missing = sorted(known - set(values))
    if missing:
        raise UsageError(f"{settings_class.__name__} lacks the setting {missing[0]!r}.")
    settings = settings_class(**values)
    check(settings)
    return settings
