"""GloVe on a text:  python -m tests.bench.glove TEXT [--threads N] [--json]

TEXT: a file of words, gzip'd or not; words from 5 occurrences on.  Ends of lines are left out, as the program that it is compared
with was given the text as one line.  Prints the seconds of counting, pairs a second and loss of each iteration, beside what
is known of the original program.
"""

import argparse
import gzip
import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqterm.backends.cpu import CPU
from seqterm.models.glove import Glove
from seqterm.models.glove_settings import GloveSettings
from seqterm.text import tokens
from seqterm.text.format import TextFormat
from seqterm.text.words import count_words, write_words

SETTINGS = GloveSettings(dim=50, window=10, x_max=10.0, count="inverse-distance")
SOURCE = "the original C program on 15 million words of Wikipedia, two threads of a two-core AVX-512 machine"
REFERENCE = {
    "counting": 15.0,
    "shuffling": 12.0,
    "pairs": 42.2e6,
    "rate": 2.3e6,
    "losses": [0.0739, 0.0544, 0.0474, 0.0435, 0.0414],
}


@dataclass(frozen=True)
class Plan:
    threads: int | None
    epochs: int = 5
    lr: float = 0.05
    deterministic: bool = False
    seed: int = 1


def ids_of(text):
    """(N,) int32, by falling frequency."""
    form = TextFormat("space", "line")
    with tempfile.TemporaryDirectory() as folder:
        plain, ids = Path(folder) / "text", Path(folder) / "ids"
        with (gzip.open if text.suffix == ".gz" else open)(text, "rb") as source, plain.open("wb") as copy:
            shutil.copyfileobj(source, copy)
        vocabulary = count_words(tokens.read([plain], form), form, None, 5)
        write_words(tokens.read([plain], form), form, vocabulary, ids)
        found = np.fromfile(ids, np.int32)
    return found[found >= 0]


def built(ids, plan, folder):
    """A model that has counted the pairs of ids."""
    size = int(ids.max()) + 1
    model = Glove(SETTINGS, [str(i) for i in range(size)], np.bincount(ids), CPU(plan.threads))
    model.initialise(np.random.default_rng(plan.seed))
    model.prepare(ids, plan, folder)
    return model


def epoch(model, number):
    """-> sum of losses, pairs"""
    loss, pairs, _ = map(sum, zip(*(model.train_stretch(number, i) for i in range(model.stretches)), strict=True))
    return loss, pairs


def measure(ids, plan):
    """{"counting": seconds, "pairs", "rates": pairs a second, "losses": means, of each iteration}"""
    with tempfile.TemporaryDirectory() as folder:
        epoch(built(ids[:100], plan, Path(folder)), 0)  # compiles
        begin = time.perf_counter()
        model = built(ids, plan, Path(folder))
        found = {"counting": time.perf_counter() - begin, "rates": [], "losses": []}
        for number in range(plan.epochs):
            begin = time.perf_counter()
            loss, found["pairs"] = epoch(model, number)
            found["rates"].append(found["pairs"] / (time.perf_counter() - begin))
            found["losses"].append(loss / found["pairs"])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(ids_of(options.text), Plan(options.threads))
    if options.json:
        print(json.dumps(found | {"reference": REFERENCE, "source": SOURCE}))
        return
    seconds = REFERENCE["counting"] + REFERENCE["shuffling"]
    print(f"{'':<22} {'seqterm':>10} {'reference':>10}")
    print(f"{'counting, s':<22} {found['counting']:>10.2f} {seconds:>10.2f}  ({REFERENCE['shuffling']:.0f} of them shuffling)")
    print(f"{'pairs, M':<22} {found['pairs'] / 1e6:>10.2f} {REFERENCE['pairs'] / 1e6:>10.1f}")
    for i, (rate, loss, wanted) in enumerate(zip(found["rates"], found["losses"], REFERENCE["losses"], strict=True), 1):
        print(f"{f'iteration {i}, M pairs/s':<22} {rate / 1e6:>10.2f} {REFERENCE['rate'] / 1e6:>10.1f}")
        print(f"{'             loss':<22} {loss:>10.4f} {wanted:>10.4f}")
    print(f"reference: {SOURCE}")


if __name__ == "__main__":
    main()
