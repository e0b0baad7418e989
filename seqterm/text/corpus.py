"""Where text comes from: files, the bundled corpora by name, or standard input."""

import shutil
import sys
from pathlib import Path

from seqterm.errors import DataError

ALL = "wend"  # the name for all bundled files together


def bundled_folder() -> Path:
    """`corpora/`, inside the installed package or beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "corpora"
    return inside if inside.is_dir() else package.parent / "corpora"


def bundled() -> dict[str, list[Path]]:
    """{name: files} of the corpora that come with seqterm."""
    files = sorted(bundled_folder().glob("*.txt"))
    return {ALL: files, **{file.stem: [file] for file in files}}


def find(sources: tuple[str, ...], spool: Path) -> list[Path]:
    """Paths of the files that sources name; `-` is standard input, copied to `spool`, as a corpus is read twice."""
    paths: list[Path] = []
    for source in sources:
        if source == "-":
            if sys.stdin.isatty():
                raise DataError("Standard input is a terminal: pipe text into it, or name a file.")
            with spool.open("wb") as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy)
            paths.append(spool)
        elif Path(source).exists():
            paths.append(Path(source))
        elif source in bundled():
            paths.extend(bundled()[source])
        else:
            known = ", ".join(bundled())
            raise DataError(f"There is no file {source}, and no bundled corpus of that name (bundled: {known}).")
    for path in paths:
        if path.is_dir():
            raise DataError(f"{path} is a folder: name the text files in it.")
        if path.is_file() and path.stat().st_size == 0:
            raise DataError(f"{'Standard input' if path == spool else path} is empty: there is nothing to learn from.")
    return paths
