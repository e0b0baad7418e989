"""The word tokeniser against NLTK's NLTKWordTokenizer on tinyshakespeare:  python -m tests.bench.tokeniser [--json]

SEQTERM_DATA names the folder that holds tinyshakespeare/input.txt.  Both split the same lines in turn, several rounds; the
stretches that ours remembers are forgotten before each round.  Medians.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

from nltk.tokenize import NLTKWordTokenizer

from seqterm.text import penn


def forget():
    """As in a process that has just begun."""
    penn._inside.clear()
    penn._at_an_end.clear()


def timed(tokenize, lines):
    """-> seconds, number of tokens."""
    begin = time.perf_counter()
    n_tokens = sum(len(tokenize(line)) for line in lines)
    return time.perf_counter() - begin, n_tokens


def measure(lines, rounds):
    """{"tokens", "seqterm", "nltk" (tokens a second, medians), "ratio", "least ratio", "agree"}"""
    theirs = NLTKWordTokenizer().tokenize
    seconds = {"seqterm": [], "nltk": []}
    for _ in range(rounds):
        forget()
        ours_seconds, n_tokens = timed(penn.tokenize, lines)
        seconds["seqterm"].append(ours_seconds)
        seconds["nltk"].append(timed(theirs, lines)[0])
    ratios = [b / a for a, b in zip(seconds["seqterm"], seconds["nltk"], strict=True)]
    speeds = {name: n_tokens / statistics.median(values) for name, values in seconds.items()}
    agree = all(penn.tokenize(line) == theirs(line) for line in lines)
    return {"tokens": n_tokens, **speeds, "ratio": statistics.median(ratios), "least ratio": min(ratios), "agree": agree}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if "SEQTERM_DATA" not in os.environ:
        raise SystemExit("SEQTERM_DATA must name the folder of data sets.")
    lines = (Path(os.environ["SEQTERM_DATA"]) / "tinyshakespeare" / "input.txt").read_text("utf-8").split("\n")
    found = measure(lines, options.rounds)
    if options.json:
        print(json.dumps(found))
        return
    print(f"{'tokeniser':<12} {'tokens/s':>12}")
    print(f"{'seqterm':<12} {found['seqterm']:>12,.0f}")
    print(f"{'nltk':<12} {found['nltk']:>12,.0f}")
    print(f"{found['ratio']:.1f} times as fast (at least {found['least ratio']:.1f}) over {found['tokens']:,} tokens")
    print("the same tokens on every line" if found["agree"] else "NOT the same tokens on every line")


if __name__ == "__main__":
    main()
