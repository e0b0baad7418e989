"""Word vectors, seqterm and gensim in turn:  python -m tests.bench.word2vec TEXT EVALUATION [--rounds 3] [--json FILE]

TEXT: a file of words, an article a line (gzip'd or not); EVALUATION: a folder with questions-words.txt, wordsim353.tsv and
simlex999.txt.  Dim 100, window 5, 5 negative samples, sub-sampling 1e-3, words from 5 occurrences on, one epoch, two threads,
another seed each round.  Raw words over training time; the pass that counts words is given apart.  One scorer for both.
Needs gensim 4.4 (extra `bench`).
"""

import argparse
import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

THREADS, DIM, WINDOW, NEGATIVE, SAMPLE, MIN_COUNT = 2, 100, 5, 5, 1e-3, 5
RESTRICT = 30_000
MODELS = ("skip-gram", "cbow")


def seqterm_side(text, model, seed, out):
    from seqterm.backends.select import select
    from seqterm.models.settings import Word2vecSettings
    from seqterm.models.word2vec import Word2vec
    from seqterm.store.vectors import Vectors, write_vectors
    from seqterm.text import tokens
    from seqterm.text.format import TextFormat
    from seqterm.text.words import count_words, open_words, write_words
    from seqterm.training.settings import VectorTrainingSettings

    form, began = TextFormat("space", "line"), time.perf_counter()
    vocabulary = count_words(tokens.read([text], form), form, None, MIN_COUNT)
    with tempfile.TemporaryDirectory() as folder:
        n_words, written = write_words(tokens.read([text], form), form, vocabulary, Path(folder) / "ids")
        counted = time.perf_counter() - began
        settings = Word2vecSettings(architecture=model, dim=DIM, window=WINDOW, negative=NEGATIVE, subsample=SAMPLE)
        vectors = Word2vec(settings, vocabulary.tokens, vocabulary.counts, select(THREADS))
        vectors.initialise(np.random.default_rng(seed))
        ids = open_words(Path(folder) / "ids", written)
        vectors.prepare(ids[: 1 << 12], VectorTrainingSettings(epochs=1, seed=seed, threads=THREADS))
        vectors.train_stretch(0, 0)  # compiled, or read from the cache
        vectors.initialise(np.random.default_rng(seed))
        began = time.perf_counter()
        vectors.prepare(ids, VectorTrainingSettings(epochs=1, seed=seed, threads=THREADS))
        for stretch in range(vectors.stretches):
            vectors.train_stretch(0, stretch)
        trained = time.perf_counter() - began
    write_vectors(out, Vectors(vectors.words, vectors.vectors()), "word2vec-binary")
    return {"words": n_words, "counted": counted, "trained": trained}


def gensim_side(text, model, seed, out):
    from gensim.models import Word2Vec

    began = time.perf_counter()
    sizes = {"vector_size": DIM, "window": WINDOW, "negative": NEGATIVE, "sample": SAMPLE, "min_count": MIN_COUNT}
    vectors = Word2Vec(sg=model == "skip-gram", workers=THREADS, seed=seed, epochs=1, **sizes)
    vectors.build_vocab(corpus_file=str(text))
    counted, began = time.perf_counter() - began, time.perf_counter()
    vectors.train(corpus_file=str(text), total_words=vectors.corpus_total_words, epochs=1)
    trained = time.perf_counter() - began
    vectors.wv.save_word2vec_format(str(out), binary=True)
    return {"words": vectors.corpus_total_words, "counted": counted, "trained": trained}


def evaluated(file, folder):
    from seqterm.evaluation.word_eval import evaluate_analogies, evaluate_pairs, read_pairs, read_questions
    from seqterm.evaluation.word_space import WordSpace
    from seqterm.store.vectors import read_vectors

    vectors, _ = read_vectors(file)
    space = WordSpace(vectors.words, vectors.matrix)
    analogies = evaluate_analogies(space, read_questions(folder / "questions-words.txt"), RESTRICT)
    pairs = {name: evaluate_pairs(space, read_pairs(folder / name)).spearman for name in ("wordsim353.tsv", "simlex999.txt")}
    return {"analogies": analogies.overall.accuracy, **pairs}


def answered(file, folder):
    """Seconds in which each answers the questions, the second time of two."""
    from gensim.models import KeyedVectors

    from seqterm.evaluation.word_eval import evaluate_analogies, read_questions
    from seqterm.evaluation.word_space import WordSpace
    from seqterm.store.vectors import read_vectors

    vectors, _ = read_vectors(file)
    space, theirs = WordSpace(vectors.words, vectors.matrix), KeyedVectors.load_word2vec_format(str(file), binary=True)
    questions = folder / "questions-words.txt"
    sides = {
        "seqterm": lambda: evaluate_analogies(space, read_questions(questions), RESTRICT),
        "gensim": lambda: theirs.evaluate_word_analogies(str(questions), RESTRICT),
    }
    seconds = {}
    for _ in range(2):
        for side, answer in sides.items():
            began = time.perf_counter()
            answer()
            seconds[side] = time.perf_counter() - began
    return seconds


SIDES = {"seqterm": seqterm_side, "gensim": gensim_side}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("evaluation", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", nargs="*", default=MODELS, choices=MODELS)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--side", nargs=3, metavar=("SIDE", "SEED", "OUT"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.side:
        side, seed, out = chosen.side
        print(json.dumps(SIDES[side](chosen.text, chosen.models[0], int(seed), Path(out))))
        return
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        text, out = Path(folder) / "text", Path(folder) / "vectors"
        with (gzip.open if chosen.text.suffix == ".gz" else open)(chosen.text, "rb") as source, text.open("wb") as plain:
            shutil.copyfileobj(source, plain)
        for model in chosen.models:
            found = {side: [] for side in SIDES}
            for seed in range(1, chosen.rounds + 1):
                for side, results in found.items():
                    words = [text, chosen.evaluation, "--models", model, "--side", side, str(seed), out]
                    done = subprocess.run([sys.executable, "-m", "tests.bench.word2vec", *words], stdout=-1, check=True)
                    measured = json.loads(done.stdout)
                    rates = {"words/s": measured["words"] / measured["trained"], "counted in s": measured["counted"]}
                    results.append({**rates, **evaluated(out, chosen.evaluation)})
                    print(model, side, {key: round(value, 4) for key, value in results[-1].items()}, flush=True)
            figures[model] = {
                side: {key: statistics.mean(result[key] for result in results) for key in results[0]}
                for side, results in found.items()
            }
            figures[model]["ratio"] = statistics.median(
                ours["words/s"] / theirs["words/s"] for ours, theirs in zip(found["seqterm"], found["gensim"], strict=True)
            )
            print(model, json.dumps(figures[model], indent=1), flush=True)
        figures["questions"] = answered(out, chosen.evaluation)
        print("questions", figures["questions"], flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
