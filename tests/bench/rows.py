"""What the speed benches measure, and how a measuring process is driven: a side serves one row at a time over its pipes."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """Cell, vocabulary, embedding, hidden, layers, batch, time steps."""

    cell: str
    V: int
    E: int
    H: int
    L: int
    B: int
    T: int

    @property
    def name(self) -> str:
        return f"{self.cell} V={self.V} E={self.E} H={self.H} L={self.L} B={self.B} T={self.T}"


SMALL = [(65, 64, 128, 1, 32, 64), (65, 64, 256, 2, 32, 64), (65, 128, 512, 2, 64, 64)]
ROWS = [
    *(Row(cell, *sizes) for cell in ("lstm", "gru", "elman") for sizes in SMALL),
    Row("lstm", 10000, 200, 200, 2, 20, 20),
    Row("lstm", 10000, 650, 650, 2, 20, 35),
    Row("elman", 8000, 100, 100, 1, 20, 35),
]


class Side:
    """A process of `module`, measuring what `start` names; its rounds are run when asked for."""

    def __init__(self, module: str, task: str, row: Row, **options: object):
        words = [sys.executable, "-m", module, task, json.dumps(asdict(row)), json.dumps(options)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = self._answer()

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The measuring process ended with {self._process.wait()}.")
        return json.loads(line)

    def round(self, seconds: float) -> dict[str, float]:
        """What one round of about so many seconds found."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(seconds) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def serve(tasks: dict[str, Callable[..., Callable[[float], dict[str, float]]]]) -> None:
    """The measuring process: task(row, **options) prepares and gives a function that runs a round."""
    task, row, options = sys.argv[1], Row(**json.loads(sys.argv[2])), json.loads(sys.argv[3])
    run = tasks[task](row, **options)
    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
