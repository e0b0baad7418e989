"""Peak memory of `seqterm filter` over growing inputs:  python -m tests.bench.memory RUN [--json]

The text is the words of the run's vocabulary in random lines; it goes through a pipe, and the output is thrown away.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import seqterm

MEGABYTES = (1, 4, 16, 64, 256)
LINE = 12  # words
LAUNCH = """
import atexit, sys

def peak():
    with open("/proc/self/status") as status:
        sys.stderr.write(next(line.split()[1] for line in status if line.startswith("VmHWM")))

atexit.register(peak)
sys.argv = ["seqterm", *sys.argv[1:]]
from seqterm.cli.main import main
main()
"""


def peak_of_filter(run, path):
    """The most bytes that `filter` with the file as its standard input ever held (Linux).

    The process itself looks at its end: what wait4 tells of a child includes what its parent held when it was started.
    """
    words = [sys.executable, "-c", LAUNCH, "filter", str(run), "--max-perplexity", "200"]
    with Path(path).open("rb") as text:
        done = subprocess.run(words, stdin=text, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return int(done.stderr) * 1024


def write_text(path, words, megabytes, seed=1):
    """Lines of random words."""
    choose = random.Random(seed)
    with Path(path).open("w", encoding="utf-8") as file:
        while file.tell() < megabytes * 1_000_000:
            file.write("".join(" ".join(choose.choices(words, k=LINE)) + "\n" for _ in range(1000)))


def measure(run, sizes):
    """[{"megabytes", "peak", "growth"}, ...]; peak and growth against the first in bytes."""
    vocabulary = seqterm.load(str(run)).vocabulary
    words = [token for token in vocabulary.tokens[len(vocabulary.special) :] if token.strip()]
    rows = []
    for megabytes in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "lines.txt"
            write_text(path, words, megabytes)
            peak = peak_of_filter(run, path)
        rows.append({"megabytes": megabytes, "peak": peak, "growth": peak - (rows[0]["peak"] if rows else peak)})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--megabytes", type=int, nargs="+", default=MEGABYTES)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(options.run, options.megabytes)
    if options.json:
        print(json.dumps(rows))
        return
    print(f"{'input MB':>9} {'peak MB':>9} {'growth MB':>10}")
    for row in rows:
        print(f"{row['megabytes']:>9,} {row['peak'] / 1e6:>9.1f} {row['growth'] / 1e6:>10.1f}")


if __name__ == "__main__":
    main()
