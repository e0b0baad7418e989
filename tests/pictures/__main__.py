"""The pictures of the README:  python -m tests.pictures

Trains small models on the bundled texts in a folder of its own, and writes an SVG file of each screen of the workbench beside
this one.  Takes two minutes, the first time some more to compile.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from seqterm.faces.views import FONT
from seqterm.tui.app import Workbench
from tests.cli.program import PROGRAM
from tests.tui.driving import Driver
from tests.tui.tour import TOUR

FOLDER = Path(__file__).parent
SIZE = 110, 32
TRAININGS = [
    "train word2vec wend --lowercase --tokens word --min-count 3 --dim 50 --epochs 20 -o wend-vectors",
    "train hmm wend --states 12 --restarts 1 --seed 1 -o wend-hmm",
    "train gru dialogues --hidden 96 --epochs 6 -o dialogues-gru",
    "train elman tales --hidden 96 --epochs 6 -o tales-elman",
    "train lstm tales --hidden 96 --epochs 12 --keep-checkpoints 4 -o tales-lstm",
]
TO_WATCH = "train lstm wend --hidden 128 --epochs 3 -o wend-lstm"


def seqterm(line: str) -> None:
    subprocess.run([*PROGRAM, *line.split(), "--quiet"], check=True, stdout=subprocess.DEVNULL)


async def draw() -> None:
    """Go from screen to screen, as a person does."""

    for name, steps in TOUR.items():
        app = Workbench()
        async with app.run_test(size=SIZE) as pilot:
            await steps(Driver(app, pilot))
            picture = FONT.sub("", app.export_screenshot(title="seqterm"))
            (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
            app.leave()
        print(f"{name}.svg", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEQTERM_HOME"] = folder
        for line in [*TRAININGS, TO_WATCH]:
            print(f"seqterm {line}", file=sys.stderr, flush=True)
            seqterm(line)
        asyncio.run(draw())


if __name__ == "__main__":
    main()
