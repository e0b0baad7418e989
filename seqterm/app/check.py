"""The command Check: whether a run holds what was written, and gives probabilities."""

from collections.abc import Iterator

import numpy as np

from seqterm.app.commands import Check
from seqterm.app.score import open_stream
from seqterm.app.session import Session
from seqterm.errors import SeqtermError
from seqterm.evaluation.soundness import deviations, drawn, taken
from seqterm.events import Checked, Event

CONTEXTS = 6  # the purpose of a random key


def check(command: Check, session: Session) -> Iterator[Event]:
    """What was found; then, where that is too much, an error."""
    loaded = session.load(command.run)
    files = loaded.folder.check_files()
    random = np.random.Generator(np.random.Philox(key=[command.seed, CONTEXTS]))
    n, length = command.contexts, command.length
    if command.source is None:
        found = deviations(loaded.model, drawn(random), n, length)
    else:
        with open_stream(loaded.vocabulary, command.source) as (ids, _):
            length = min(length, len(ids))
            found = deviations(loaded.model, taken(ids, n, length, random), n, length)
    yield Checked(
        run=loaded.folder.name,
        files=files,
        contexts=n * (length + 1),
        vocabulary_size=loaded.model.vocabulary_size,
        sum_deviation=found.sum,
        step_deviation=found.step,
        tolerance=found.tolerance,
    )
    for what, deviation in (("probabilities do not sum to one", found.sum), ("advance and score disagree", found.step)):
        if not deviation <= found.tolerance:
            raise SeqtermError(f"{loaded.folder.name} is not sound: its {what}, by {deviation:.2g}.")
