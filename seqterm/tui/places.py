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
    Place("neurons", "Neurons", "seqterm.tui.neurons:Neurons", "A text coloured by what a unit of a network does"),
    Place("surprise", "Surprise", "seqterm.tui.surprise:Surprise", "A text coloured by how much it surprises a model"),
    Place("words", "Words", "seqterm.tui.words:Words", "Word vectors: neighbours, analogies, a map, two sets side by side"),
    Place("sequences", "Sequences", "seqterm.tui.sequences:Sequences", "The states behind a text or a series, and forecasts"),
)
