"""Where runs live, and what a run is called."""

import os
import random
from datetime import date
from itertools import count
from pathlib import Path

import platformdirs

from seqterm.errors import DataError

ADJECTIVES = "amber bold brisk calm clear copper dusky early fair gentle green keen late lucid merry mild quiet russet swift warm"
NOUNS = (
    "badger beech brook comet crane fern finch hazel heron lark lynx maple meadow otter plover quill reed robin rook tern wren"
)


def home() -> Path:
    """SEQTERM_HOME, or the platform's folder for application data."""
    chosen = os.environ.get("SEQTERM_HOME")
    return Path(chosen) if chosen else platformdirs.user_data_path("seqterm")


def runs_folder() -> Path:
    return home() / "runs"


def fetched_folder() -> Path:
    """Where fetched corpora are kept, NAME.txt each."""
    return home() / "corpora"


def run_path(run: str) -> Path:
    """A path if it looks like one or is there, else a name under the runs folder."""
    path = Path(run)
    if path.name != run or path.exists():
        return path
    return runs_folder() / run


def run_name(path: Path) -> str:
    """What a person types for the run at path: a bare name where that is enough."""
    return path.name if path.parent == runs_folder() and not Path(path.name).exists() else str(path)


def existing_run(run: str) -> Path:
    """The folder of a run that is there."""
    path = run_path(run)
    if not (path / "config.json").is_file():
        raise no_run(path)
    return path


def no_run(path: Path) -> DataError:
    return DataError(f"There is no run at {path}: `seqterm runs list` shows those that there are.")


def new_run_path(model: str) -> Path:
    """A folder that does not exist yet, with a readable name."""
    name = f"{model}-{random.choice(ADJECTIVES.split())}-{random.choice(NOUNS.split())}-{date.today():%m%d}"
    names = (name if n == 1 else f"{name}-{n}" for n in count(1))
    return next(runs_folder() / name for name in names if not (runs_folder() / name).exists())


def state_folder() -> Path:
    """Where the session's history and the log of samples are kept."""
    chosen = os.environ.get("SEQTERM_HOME")
    return Path(chosen) / "state" if chosen else platformdirs.user_state_path("seqterm")
