"""Every model by name; imported when used."""

from importlib import import_module
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One line for help texts, and where the settings and the model class are."""

    summary: str
    settings: str
    model: str


RECURRENT = "seqterm.models.recurrent:RecurrentModel"
CATALOGUE = {
    "elman": Entry("Elman network, tanh or relu", "seqterm.models.settings:ElmanSettings", RECURRENT),
    "lstm": Entry("long short-term memory", "seqterm.models.settings:LstmSettings", RECURRENT),
    "gru": Entry("gated recurrent unit", "seqterm.models.settings:GruSettings", RECURRENT),
}


def resolve(place: str) -> Any:
    """The object at "module:name"."""
    module, name = place.split(":")
    return getattr(import_module(module), name)
