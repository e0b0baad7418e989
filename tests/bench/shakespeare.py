"""Training on tinyshakespeare, seqterm and PyTorch one after the other:  python -m tests.bench.shakespeare TEXT [--json FILE]

Whole processes from start to end, with the same settings and as many updates on both sides; validation losses in nats a
character.  Needs the extra `bench`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = {
    "LSTM 1 x 128": {"hidden": 128, "layers": 1, "dropout": 0.0, "epochs": 4},
    "LSTM 2 x 256": {"hidden": 256, "layers": 2, "dropout": 0.2, "epochs": 10},
}
COMMON = {"batch": 64, "steps": 64, "lr": 2e-3, "final-lr": 2e-4}
OURS = "--tokens char --embedding 64 --optimizer adam --schedule cosine --clip-norm 5 --validation 0.1 --seed 1"


def flags(settings):
    return [word for name, value in settings.items() for word in (f"--{name}", str(value))]


def timed(words):
    """seconds of the whole process, and what it printed"""
    started = time.perf_counter()
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True)
    return time.perf_counter() - started, done.stdout


def seqterm(text, settings):
    with tempfile.TemporaryDirectory() as folder:
        words = [
            sys.executable,
            "-m",
            "seqterm",
            "train",
            "lstm",
            text,
            *OURS.split(),
            *flags(settings),
            "--sample-length",
            "0",
            "--jsonl",
            "-o",
            f"{folder}/run",
        ]
        seconds, printed = timed(words)
    losses = [event["validation_loss"] for event in map(json.loads, printed.splitlines()) if event["event"] == "validation"]
    return seconds, losses


def torch(text, settings):
    seconds, printed = timed([sys.executable, "-m", "tests.bench.torch_train", text, *flags(settings)])
    return seconds, [float(line) for line in printed.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text")
    parser.add_argument("--sizes", nargs="*", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--json", help="write the figures to this file too")
    chosen = parser.parse_args()
    found = {}
    for name in chosen.sizes:
        sides = {"seqterm": seqterm, "torch": torch}
        results = {side: run(chosen.text, {**SIZES[name], **COMMON}) for side, run in sides.items()}
        found[name] = {side: {"seconds": seconds, "losses": losses} for side, (seconds, losses) in results.items()}
        ratio = results["torch"][0] / results["seqterm"][0]
        for side, (seconds, losses) in results.items():
            print(f"{name}  {side:8} {seconds:6.1f} s  validation {losses[-1]:.4f}  best {min(losses):.4f}")
        print(f"{name}  seqterm is {ratio:.2f} times as fast", flush=True)
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
