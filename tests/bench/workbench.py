"""The workbench on a pseudo-terminal of 80 x 24:  python -m tests.bench.workbench [start|keys|log|streaming] [--json FILE]

start      from the start of a process to its first painted screen, over that of a bare Python (warm cache)
keys       from a key to its echo, while a training uses all cores and a run whose curves are shown gets 200 events a second
log        a run of a million events, from Enter to its last step on the screen; memory
streaming  memory while a model writes without a pause, as fast as it is shown

Needs the extra `test` (pexpect), and Linux.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect

from seqterm.events import Started, Step
from seqterm.store.files import json_line
from seqterm.store.run_folder import RunFolder
from tests.cli.program import PROGRAM, spawn

ENTER, ESCAPE, BACKSPACE, F10 = "\r", "\x1b", "\x7f", "\x1b[21~"
EVENTS_A_SECOND = 200
TRAINING = ("lstm", "wend", "--hidden", "256", "--layers", "2", "--epochs", "1000", "--sample-length", "0", "-o", "busy")
SMALL = ("lstm", "tales", "--hidden", "32", "--epochs", "1", "--sample-length", "20")
Result = dict[str, float]


def seqterm(home: Path, *words: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "SEQTERM_HOME": str(home)}
    return subprocess.Popen([*PROGRAM, *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def workbench(home: Path) -> Iterator[pexpect.spawn]:
    child = spawn(PROGRAM, {"SEQTERM_HOME": str(home)})
    child.setwinsize(24, 80)
    child.expect("state")
    try:
        yield child
    finally:
        child.send(F10)
        child.expect(pexpect.EOF)


def memory(child: pexpect.spawn) -> float:
    """MB that a process holds."""
    lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def painted(words: list[str], text: str, home: Path) -> float:
    """Seconds from the start of a process to a text on its terminal."""
    began = time.perf_counter()
    child = spawn(words, {"SEQTERM_HOME": str(home)})
    child.expect(text)
    seconds = time.perf_counter() - began
    child.close(force=True)
    return seconds


def start(home: Path) -> Result:
    bare, ours = [], []
    for _ in range(9):
        bare.append(painted([sys.executable, "-c", "print('Runs')"], "Runs", home))
        ours.append(painted(PROGRAM, "Runs", home))
    return {"first paint, seconds over a bare Python": statistics.median(ours) - statistics.median(bare)}


def log_of(run: Path, steps: int) -> bytes:
    """A run's events.jsonl up to its last step but without an end, which is written; -> the line of its first event."""
    started = Started(run.name, "lstm", 1, 65, 10**6, 0, 1, 0, 10**9)
    begin = json_line({**started.to_json(), "time": 0.0}) + b"\n"
    lines = (line_of(step) for step in range(1, steps + 1))
    (run / "events.jsonl").write_bytes(begin + b"".join(lines))
    return begin


def line_of(step: int) -> bytes:
    event = Step(step, 1, 3.0 - step % 97 / 100, 0.5, 1e-3, 1e5)
    return json_line({**event.to_json(), "time": step / EVENTS_A_SECOND}) + b"\n"


@contextlib.contextmanager
def growing(run: Path) -> Iterator[None]:
    """While in the block, this process holds the run's lock and adds 200 events a second to its log."""
    done = threading.Event()
    folder = RunFolder(run)
    folder.lock()

    def write() -> None:
        began, step = time.monotonic(), 1000
        with (run / "events.jsonl").open("ab") as file:
            while not done.wait(0.005):
                until = 1000 + int((time.monotonic() - began) * EVENTS_A_SECOND)
                file.write(b"".join(line_of(n) for n in range(step + 1, until + 1)))
                file.flush()
                step = until

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()
        folder.unlock()


def keys(home: Path) -> Result:
    run = home / "runs" / "watched"
    seqterm(home, "train", *SMALL, "-o", "watched").wait()
    log_of(run, 1000)
    training = seqterm(home, "train", *TRAINING)
    latencies = []
    try:
        while not (home / "runs" / "busy" / "state.json").exists():
            time.sleep(0.2)
        with growing(run), workbench(home) as child:
            child.send(ENTER)
            child.expect("watched")
            time.sleep(5)  # its live view takes events from here on
            child.send("1")  # back to all runs, of which that under the cursor is drawn as it goes on
            child.expect("state")
            time.sleep(1)
            child.send("/")  # into their filter
            child.expect("name, model")
            child.delaybeforesend = None
            for number in range(200):
                letter = "qzx"[number % 3]
                began = time.perf_counter()
                child.send(letter)
                child.expect(letter)
                latencies.append(1000 * (time.perf_counter() - began))
                child.send(BACKSPACE)
                time.sleep(0.03 + number % 7 / 100)
    finally:
        training.terminate()
        training.wait()
    in_order = sorted(latencies)
    return {"key to echo, ms": statistics.median(in_order), "95th percentile": in_order[len(in_order) * 95 // 100]}


def log(home: Path) -> Result:
    seqterm(home, "train", *SMALL, "-o", "long").wait()
    log_of(home / "runs" / "long", 1_000_000)
    with workbench(home) as child:
        before = memory(child)
        began = time.perf_counter()
        child.send(ENTER)
        child.expect("1,000,000 of")
        seconds = time.perf_counter() - began
        return {"seconds from Enter to the last step": seconds, "MB": memory(child), "MB before": before}


def streaming(home: Path, minutes: float) -> Result:
    seqterm(home, "train", *SMALL, "-o", "writer").wait()
    with workbench(home) as child:
        child.expect("complete")
        child.send("p")
        child.expect("How does the text begin")
        child.send(f"The {ENTER}")
        child.expect("tokens")
        for _ in range(60):  # the speed knob, to its end
            child.send("+")
        found, began = [], time.monotonic()
        while (passed := (time.monotonic() - began) / 60) < minutes:
            if passed >= len(found):
                found.append(memory(child))
                print(f"minute {passed:.0f}: {found[-1]:.0f} MB", file=sys.stderr, flush=True)
            with contextlib.suppress(pexpect.TIMEOUT):
                child.expect("never written", timeout=5)
        found.append(memory(child))
    tenth = max(1, len(found) // 10)
    return {"minutes": minutes, "MB after a tenth of them": found[tenth - 1], "MB at the end": found[-1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="all of them unless named")
    parser.add_argument("--minutes", type=float, default=10.0, help="of streaming")
    parser.add_argument("--json", help="write the figures to this file too")
    chosen = parser.parse_args()
    tasks = {"start": start, "keys": keys, "log": log, "streaming": lambda home: streaming(home, chosen.minutes)}
    found = {}
    for name in chosen.tasks or tasks:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "state").mkdir()
            found[name] = tasks[name](Path(folder))
        print(name, "  ".join(f"{key}: {value:,.3g}" for key, value in found[name].items()), flush=True)
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
