"""The screens of the workbench, in the order of their numbers."""

from typing import NamedTuple


class Place(NamedTuple):
    """`screen`: module:Class, imported when somebody goes there."""

    name: str
    title: str
    screen: str
    help: str


PLACES = (
    Place("runs", "Runs", "seqterm.tui.runs:Runs", "All runs: compare, stop, resume, delete them"),
    Place("train", "Train", "seqterm.tui.train:Train", "A form for a new training, and trainings live"),
    Place("playground", "Playground", "seqterm.tui.playground:Playground", "Let models write, and steer them while they do"),
)
