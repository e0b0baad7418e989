"""n-gram models of WikiText-2, seqterm and KenLM in turn:  python -m tests.bench.ngram FOLDER [--lmplz FILE] [--rounds 25]

FOLDER: wiki.train.tokens.gz and wiki.test.tokens.  Scoring: the lines of the test part, text in, a number a line out, by
score_lines and by the Python module's `score`, which reads the same model from an ARPA file.  Training: whole processes, with
the most memory that each holds, lmplz given 2G and writing its ARPA file; beside the seconds that lmplz took at
REFERENCE_GFLOPS, scaled by the rate of a product of matrices that is measured in between.  Medians.  Needs kenlm 0.3 (extra
`bench`).
"""

import argparse
import gzip
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.bench.measuring import read_lines

ORDERS = (3, 5)
REFERENCE_GFLOPS, REFERENCE_SECONDS = 190, {3: 2.7, 5: 3.4}
SEQTERM = [sys.executable, "-m", "seqterm"]


def gflops():
    """10^9 operations a second of a product of two 1024 x 1024 matrices, the best of ten."""
    a, best = np.ones((1024, 1024), np.float32), np.inf
    for _ in range(10):
        began = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - began)
    return 2 * 1024**3 / best / 1e9


def process(words, stdin=None, stdout=subprocess.DEVNULL):
    """Seconds and megabytes of a whole process."""
    began = time.perf_counter()
    running = subprocess.Popen([str(word) for word in words], stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{words} ended with {running.returncode}")
    return {"s": time.perf_counter() - began, "MB": usage.ru_maxrss / 1024}


def train(folder, order, out):
    return process([*SEQTERM, "train", "ngram", folder / "train", "--tokens", "space", "--order", order, "-o", out, "-q"])


def lmplz(program, folder, order):
    with (folder / "escaped").open("rb") as text, (folder / "theirs.arpa").open("wb") as arpa:
        return process([program, "-o", order, "-T", folder, "-S", "2G"], stdin=text, stdout=arpa)


def training(folder, program, rounds):
    for order in ORDERS:
        sides = {"seqterm": lambda name, order=order: train(folder, order, folder / f"{order}-{name}")}
        if program:
            sides["lmplz"] = lambda name, order=order: lmplz(program, folder, order)
        found, rates = {side: [] for side in sides}, []
        for i in range(rounds):
            for side, work in sides.items():
                found[side].append(work(i))
            rates.append(gflops())
        median = {side: {key: statistics.median(one[key] for one in each) for key in each[0]} for side, each in found.items()}
        rate = statistics.median(rates)
        scaled = REFERENCE_SECONDS[order] * REFERENCE_GFLOPS / rate
        shown = "  ".join(f"{side} {one['s']:.2f} s, {one['MB']:.0f} MB" for side, one in median.items())
        print(f"order {order}  {shown}", flush=True)
        for side in set(sides) - {"seqterm"}:
            each = [theirs["s"] / ours["s"] for ours, theirs in zip(found["seqterm"], found[side], strict=True)]
            print(f"  {side} / seqterm {statistics.median(each):.2f}")
        ratio = scaled / median["seqterm"]["s"]
        print(f"  reference {scaled:.2f} s at {rate:.0f} GFLOP/s; reference / seqterm {ratio:.2f}", flush=True)


def scoring(folder, lines, rounds):
    import kenlm

    import seqterm
    from seqterm.evaluation.lines import score_lines

    for order in ORDERS:
        run, arpa = folder / f"{order}-0", folder / "ours.arpa"
        process([*SEQTERM, "ngram", "export", run, arpa])
        loaded, theirs = seqterm.load(str(run)), kenlm.Model(str(arpa))
        spelled = [line.replace("<unk>", "\\<unk>") for line in lines]  # the word, not what stands for unknown ones
        sides = {
            "seqterm": lambda m=loaded: [one.log_probability for one in score_lines(m.model, m.vocabulary, lines)],
            "kenlm": lambda m=theirs, spelled=spelled: [m.score(line) for line in spelled],
        }
        sums = {side: sum(work()) for side, work in sides.items()}
        np.testing.assert_allclose(sums["seqterm"] / np.log(10), sums["kenlm"], rtol=1e-5)
        found = {side: [] for side in sides}
        for _ in range(rounds):
            for side, work in sides.items():
                began = time.perf_counter()
                work()
                found[side].append(time.perf_counter() - began)
        words = sum(len(line.split()) + 1 for line in lines)
        each = [theirs / ours for ours, theirs in zip(found["seqterm"], found["kenlm"], strict=True)]
        rates = "  ".join(f"{side} {words / statistics.median(times) / 1e6:.2f} M words/s" for side, times in found.items())
        print(f"order {order}  {rates}  kenlm / seqterm {statistics.median(each):.2f} (time)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--lmplz", type=Path, help="KenLM's program")
    parser.add_argument("--rounds", type=int, default=25, help="of scoring")
    parser.add_argument("--trainings", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = gzip.decompress((chosen.data / "wiki.train.tokens.gz").read_bytes())
        (folder / "train").write_bytes(raw)
        said = [line for line in raw.split(b"\n") if line.strip()]
        (folder / "escaped").write_bytes(b"\n".join(said).replace(b"<unk>", b"@unk@") + b"\n")
        train(folder, 2, folder / "warm")
        training(folder, chosen.lmplz, chosen.trainings)
        scoring(folder, [line for line in read_lines(chosen.data / "wiki.test.tokens") if line.strip()], chosen.rounds)


if __name__ == "__main__":
    main()
