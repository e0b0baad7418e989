"""seqterm against PyTorch, both on two threads, interleaved:  python -m tests.bench.speed [training|sampling|...] [--json FILE]

training   an update: embedding, forward, loss, backward, norm clipping, Adam; with the multiply-adds that this comes to, as a
           share of what the processor can do
sampling   one stream, then eight side by side, then with 8-bit weights
scoring    the lines of a file, tokenising included: needs --text
memory     what training adds to the process, over T and over B too
start      from the start of a process to its first update: warm, and with no compiled kernels (Linux)

Needs the extra `bench`.  Figures are medians over rounds, the two sides taking turns; after ± half of largest less smallest.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.peak import peak_gflops
from tests.bench.rows import ROWS, Row, Side

OURS, THEIRS = "tests.bench.seqterm_side", "tests.bench.torch_side"
GATES = {"lstm": 4, "gru": 3, "elman": 1}


def interleaved(sides: list[Side], rounds: int, seconds: float, key: str = "rate") -> list[dict[str, float]]:
    """{"median", "spread"} of each side."""
    found: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for values, side in zip(found, sides, strict=True):
            values.append(side.round(seconds)[key])
    for side in sides:
        side.close()
    return [{"median": (m := statistics.median(v)), "spread": (max(v) - min(v)) / m} for v in found]


def compared(task: str, row: Row, rounds: int, seconds: float, **options: object) -> dict[str, object]:
    ours, theirs = interleaved([Side(OURS, task, row, **options), Side(THEIRS, task, row, **options)], rounds, seconds)
    return {"row": row.name, "seqterm": ours, "torch": theirs, "ratio": ours["median"] / theirs["median"]}


def operations(row: Row) -> tuple[int, int]:
    """Of one token's forward and backward pass: multiplications and additions, and how many folding the embedding saves."""
    wide = GATES[row.cell] * row.H
    first, rest = row.E * wide, row.H * wide * (2 * row.L - 1) + row.H * row.V
    folded = 2 * row.V <= row.B * row.T // 2
    return 6 * (first + rest), 6 * first if folded else 0


def training(rounds: int, seconds: float, text: str | None) -> list[dict[str, object]]:
    found, peak = [], peak_gflops(2)
    for row in ROWS:
        result = compared("training", row, rounds, seconds)
        all_of_it, saved = operations(row)
        rate = result["seqterm"]["median"]
        result |= {"peak_gflops": peak, "saved": saved / all_of_it, "of_peak": rate * (all_of_it - saved) / 1e9 / peak}
        found.append(show(result))
    return [*found, mean_ratio(found)]


def sampling(rounds: int, seconds: float, text: str | None) -> list[dict[str, object]]:
    found = [show(compared("sampling", row, rounds, seconds)) for row in ROWS]
    found.append(mean_ratio(found))
    for row in ROWS:
        if row.H >= 512:
            variants = ({"samples": 8}, {"weights": "8-bit"})
            one, *others = interleaved([Side(OURS, "sampling", row, **v) for v in ({}, *variants)], rounds, seconds)
            for name, other in zip(("eight streams / one", "8-bit / full"), others, strict=True):
                ratio = other["median"] / one["median"]
                found.append(show({"row": f"{row.name}: {name}", "seqterm": other, "ratio": ratio}))
    return found


def scoring(rounds: int, seconds: float, text: str | None) -> list[dict[str, object]]:
    if text is None:
        raise SystemExit("scoring needs --text FILE")
    rows = [row for row in ROWS if row.V == 65 and row.cell == "lstm"]
    return [show(compared("scoring", row, rounds, seconds, text=text)) for row in rows]


def memory(rounds: int, seconds: float, text: str | None) -> list[dict[str, object]]:
    found = []
    for row in ROWS:
        ours, theirs = (Side(side, "memory", row).round(seconds)["bytes"] for side in (OURS, THEIRS))
        found.append(show({"row": row.name, "MB": ours / 1e6, "torch MB": theirs / 1e6, "ratio": ours / theirs}))
    row = ROWS[1]
    for axis, sizes in (("T", (64, 128, 256, 512)), ("B", (32, 64, 128, 256))):
        measured = [Side(OURS, "memory", replace(row, **{axis: size})).round(seconds)["bytes"] / 1e6 for size in sizes]
        found.append(show({"row": f"{row.name}: MB over {axis}", **line_through(sizes, measured)}))
    return found


def line_through(x: Iterable[float], y: Iterable[float]) -> dict[str, float]:
    """Least squares: y = base + slope x, and the largest distance from it as a share of y."""
    x, y = list(x), list(y)
    slope, base = statistics.linear_regression(x, y)
    off = max(abs(base + slope * a - b) / b for a, b in zip(x, y, strict=True))
    return {"base": base, "slope": slope, "off": off}


def start(rounds: int, seconds: float, text: str | None) -> list[dict[str, object]]:
    found = []
    for row in (ROWS[0], ROWS[3], ROWS[6]):
        words = [sys.executable, "-m", OURS, "training", json.dumps(asdict(row)), "{}"]
        with tempfile.TemporaryDirectory() as folder:
            cold = seconds_of(words, {"NUMBA_CACHE_DIR": folder})
            warm = statistics.median(seconds_of(words, {"NUMBA_CACHE_DIR": folder}) for _ in range(rounds))
        found.append(show({"row": f"{row.name}: seconds to the first updates", "cold": cold, "warm": warm}))
    return found


def seconds_of(words: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, env={**os.environ, **environment})
    return time.perf_counter() - started


def mean_ratio(found: list[dict[str, object]]) -> dict[str, object]:
    ratio = math.exp(statistics.fmean(math.log(result["ratio"]) for result in found))
    return show({"row": "geometric mean", "ratio": ratio})


def show(result: dict[str, object]) -> dict[str, object]:
    """Print a line as soon as it is there."""
    print(json.dumps(result), file=sys.stderr, flush=True)
    return result


def table(name: str, results: list[dict[str, object]]) -> Table:
    keys = list(dict.fromkeys(key for result in results for key in result))
    shown = Table(title=name)
    for key in keys:
        shown.add_column(key, justify="left" if key == "row" else "right")
    for result in results:
        shown.add_row(*(cell(result.get(key, "")) for key in keys))
    return shown


def cell(value: object) -> str:
    if isinstance(value, dict):
        return f"{value['median']:,.0f} ±{value['spread'] / 2:.0%}"
    return f"{value:,.3g}" if isinstance(value, float) else str(value)


TASKS = {"training": training, "sampling": sampling, "scoring": scoring, "memory": memory, "start": start}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="all of them unless named")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each side in a round")
    parser.add_argument("--text", help="a text file for scoring")
    parser.add_argument("--json", help="write the figures to this file too")
    chosen = parser.parse_args()
    found = {}
    for task in chosen.tasks or TASKS:
        found[task] = TASKS[task](chosen.rounds, chosen.seconds, chosen.text)
        Console(width=200).print(table(task, found[task]))
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
