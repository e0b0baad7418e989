"""What the test of the plain twins computes: python -m tests.kernels.cpu.without_jit FILE writes it to FILE, compiled or not."""

import itertools
import sys
import tempfile
from pathlib import Path

import numpy as np

from seqterm.backends.select import select
from seqterm.kernels.cpu import (
    autoregression,
    dense,
    dropout,
    embedding,
    filters,
    hmm,
    lstm,
    optimiser,
    output,
    product,
    random,
    rounded,
    rows,
    softmax,
)
from seqterm.kernels.cpu.compile import kernel
from seqterm.kernels.cpu.denormals import flush_denormals
from seqterm.kernels.cpu.team import add_shared_product, meet
from seqterm.models.ngram import NgramModel
from seqterm.models.ngram_counts import Counting, Room
from seqterm.models.ngram_settings import NgramSettings
from seqterm.models.ngram_smoothing import Smoothing
from seqterm.store.arpa import read_arpa, write_arpa
from seqterm.text.format import TextFormat
from seqterm.text.vocabulary import Vocabulary
from tests.kernels.cpu.layouts import PLACES, laid_out, whole_numbers
from tests.kernels.cpu.teams import together
from tests.kernels.cpu.word_problems import ARCHITECTURES, LOSSES, problem, text
from tests.store.ngram_models import SPECIAL, TOKENS, levels_of, random_model

LAYOUTS = ["plain", "transposed", "strided"]
WORKERS = 3


def product_inputs():
    """More rows than meet the panels together, more columns than a panel."""
    numbers = np.random.default_rng(1)
    return whole_numbers(numbers, (75, 19), np.float32), whole_numbers(numbers, (19, 77), np.float32)


def lstm_inputs():
    """gates (T, B, 4H), w_h, state (B, 2, H), dh"""
    numbers = np.random.default_rng(2)
    return (
        numbers.normal(size=(4, 3, 20)),
        numbers.normal(size=(5, 20)),
        numbers.normal(size=(3, 2, 5)),
        numbers.normal(size=(4, 3, 5)),
    )


def products():
    """Every layout of a with every one of b; {"packed plain transposed": 1 + a @ b, ...}"""
    a, b = product_inputs()
    found = {}
    for layout in LAYOUTS:
        for other in LAYOUTS:
            packed, unpacked = np.ones((2, 75, 77), np.float32)
            x, y = laid_out(a, PLACES[layout]), laid_out(b, PLACES[other])
            product.add_product(x, product.pack(y), packed)
            product.add_product_unpacked(x, y, unpacked)
            found |= {f"packed {layout} {other}": packed, f"unpacked {layout} {other}": unpacked}
    return found


def rounded_product():
    """a @ b, of b with 127 in each column, so that rounding changes nothing."""
    a, b = product_inputs()
    b[3], found = 127, np.ones((75, 77), np.float32)
    rounded.add_any_product(a, rounded.round_panels(product.pack(b)), found)
    return found, 1 + a.astype(np.float64) @ b.astype(np.float64)


def shared_product():
    """1 + a @ b, by several workers."""
    a, b = product_inputs()
    panels, found = product.pack(b), np.ones((75, 77), np.float32)
    together(lambda team: add_shared_product(a, panels, found, team), WORKERS)
    return found


def meetings():
    """(rounds, workers, workers): what each worker sees of all after a meeting, before which each has written its number."""
    written, found = np.zeros((20, WORKERS)), np.zeros((20, WORKERS, WORKERS))

    def work(team):
        for i in range(len(written)):
            written[i, team[0]] = team[0] + 1
            meet(team)
            found[i, team[0]] = written[i]

    together(work, WORKERS)
    return found


def output_inputs():
    """w, b, h, targets: three stretches of two tokens and one, one target masked"""
    numbers = np.random.default_rng(3)
    w = np.zeros((5, output.STRETCH // 2))
    w[:, :9] = numbers.normal(size=(5, 9))
    return w, numbers.normal(size=5), numbers.normal(size=(6, w.shape[1])), np.array([0, 4, -1, 2, 3, 3])


def outputs():
    w, b, h, targets = output_inputs()
    found = {
        "output log_p": np.zeros(6),
        "scored": np.zeros(6),
        "dw": np.zeros_like(w),
        "db": np.zeros(5),
        "dh": np.zeros_like(h),
    }
    gradients = found["output log_p"], found["dw"], found["db"], found["dh"]
    scratch = tuple(np.zeros(shape) for shape in output.output_scratch(w, 6, WORKERS).values())
    together(lambda team: output.output_gradient(w, b, h, targets, 0.3, *gradients, scratch, team), WORKERS)
    output.output_score(w, b, h, targets, found["scored"])
    found["of all"] = np.zeros((6, 5))
    output.output_log_p(product.pack(w.T), b, h, found["of all"])
    return found


def hidden_units():
    """tanh of rows of a table, one of which is none, and the gradient of the sum of squares in it."""
    table, ids = np.random.default_rng(6).normal(size=(4, 9)), np.array([2, -1, 2])
    h, da, dtable = np.ones((3, 9)), np.zeros((3, 9)), np.zeros((4, 9))
    embedding.embedding_add(ids, table, h)
    dense.dense_activation_forward(h, False)
    dense.dense_activation_backward(2 * h, h, False, da)
    embedding.embedding_backward(ids, da, dtable)
    return {"units": h, "dtable": dtable}


def updates():
    """Parameters after one update by each rule, and the gradient that it leaves."""
    gradient, parameters = np.array([1.0, -2.0, 0.0]), np.array([0.5, 0.25, 1.0])
    rules = {
        "sgd": lambda p, g, m, s: optimiser.sgd(p, g, 0.5, 0.75, 0.1),
        "momentum": lambda p, g, m, s: optimiser.momentum_sgd(p, g, m, 0.5, 0.75, 0.1, 0.9),
        "adagrad": lambda p, g, m, s: optimiser.adagrad(p, g, s, 0.5, 0.75, 0.1, 1e-3),
        "rmsprop": lambda p, g, m, s: optimiser.rmsprop(p, g, s, 0.5, 0.75, 0.1, 0.9, 1e-3),
        "adam": lambda p, g, m, s: optimiser.adam(p, g, m, s, 0.5, 0.75, 1, 0.1, 0.9, 0.99, 1e-3, 0.1),
    }
    found = {}
    for name, rule in rules.items():
        p, g, mean, squares = parameters.copy(), gradient.copy(), np.ones(3), np.ones(3)
        rule(p, g, mean, squares)
        found[name] = np.concatenate([p, g, mean, squares])
    return found


@kernel
def operate(xs, table, sums, numbers, gains, dots):
    """Everything that is done with rows, once."""
    table = rows.borrow(table)
    rows.dots(xs, 1, table, numbers, 1, 8, dots)
    rows.exchange(xs, 1, table, numbers, 1, 8, gains, sums)
    rows.add_row(xs, 0, table, 3, 0.75)
    rows.clear_row(table, 4)
    rows.fetch(table, 5)


def row_operations():
    """What is left of products, table and sums."""
    random = np.random.default_rng(4)
    xs, table, sums = (rows.padded_rows(n, 9, np.dtype(np.float64)) for n in (2, 6, 2))
    for array in (xs, table, sums):
        array[...] = random.normal(size=array.shape)
    dots, numbers = np.zeros(8), np.array([0, 5, 2, 2, 0, 5, 2, 1], np.int32)
    operate(xs, table, sums, numbers, random.normal(size=8), dots)
    return {"dots": dots, "table": table, "sums": sums}


def word_vectors():
    """{"skip-gram negative": the sum of losses and the vectors that a short text leaves, "skip-gram negative in step": ...}"""
    found, keep = {}, [2**31, 2**31, 2**32 - 1, 2**32 - 1, 2**32 - 1]
    for architecture, loss in itertools.product(ARCHITECTURES, LOSSES):
        for in_step in (False, True):
            p = problem(loss, architecture, True, ids=text(30), keep=keep)
            total, _ = p.train_in_step(0.1, 1e-3, WORKERS)[0] if in_step else p.train(0.1, 1e-3)
            found[f"{architecture} {loss}{' in step' * in_step}"] = np.array([total, *np.concatenate(p.vectors).ravel()])
    return found


def arpa_file():
    """The bytes of a small n-gram model's file, and what is read from it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.arpa"
        write_arpa(path, TOKENS, SPECIAL, levels_of(random_model(1, 3), len(TOKENS)))
        levels = read_arpa(path)[2]
        arrays = [array for level in levels for array in level if array is not None]
        return {"arpa": np.frombuffer(path.read_bytes(), np.uint8), "arpa levels": np.concatenate(arrays, dtype=np.float64)}


def hidden_states():
    """Expected counts, posteriors, paths and scores of ids and of numbers, and tokens that are drawn."""
    numbers, found = np.random.default_rng(5), {}
    initial, transition = numbers.dirichlet(np.ones(5)), numbers.dirichlet(np.ones(5), 5)
    emissions = {"ids": numbers.dirichlet(np.ones(4), 5).T.copy(), "numbers": 1 + numbers.random((2, 2, 5))}
    for name, observations in (("ids", np.array([0, 3, 1, 2, 2], np.int32)), ("numbers", numbers.normal(size=(5, 2)))):
        emission = emissions[name]
        model = initial, transition, transition.T.copy(), emission
        counts = np.zeros(5), np.zeros((5, 5)), np.zeros(emission.shape if name == "ids" else (3, 2, 5))
        total = hmm.expect(observations, np.array([0, 4, 5]), model, counts)
        filtered, smoothed = np.empty((2, 5, 5))
        hmm.posteriors(observations, model, filtered, smoothed)
        path, log_emission = np.empty(5, np.int64), np.log(emission) if name == "ids" else emission
        hmm.viterbi(observations, (np.log(initial), np.log(transition), log_emission), path)
        everything = [[total], *counts, filtered, smoothed, path]
        found[f"hidden {name}"] = np.concatenate([np.ravel(array) for array in everything])
    model = initial, transition, transition.T.copy(), emissions["ids"]
    state, ids = np.tile(initial, (2, 1)), numbers.integers(0, 4, (6, 2))
    scored, log_p = np.empty((6, 2)), np.empty((2, 4))
    hmm.score(ids, np.where(ids > 0, ids, -1), 0, model, state, scored)
    hmm.next_distributions(model, state, log_p)
    seen, tokens, chosen = np.zeros((2, 4), bool), np.empty((5, 2), np.int64), np.empty((5, 2))
    hmm.draw(0, model, state, log_p, seen, np.zeros(4, bool), False, 0.8, 3, 1.0, 0.0, 1.0, False, 3, 0, tokens, chosen)
    found["hidden drawn"] = np.concatenate([np.ravel(array) for array in (scored, state, tokens, chosen)])
    return found


def series_sums():
    """Everything that is done with a series and its lags, once."""
    z, x = np.random.default_rng(6).normal(size=(2, 20))
    found = {"lagged products": np.zeros(3), "seasonal sums": np.zeros((4, 3)), "residuals": x[3:].copy(), "continued": x.copy()}
    autoregression.lagged_products(x, z, 3, found["lagged products"])
    autoregression.seasonal_sums(z, 3, found["seasonal sums"])
    autoregression.subtract_lags(z, np.array([-1.0, 0.5, 0.25]), 3, found["residuals"])
    autoregression.continue_series(np.array([0.5, 0.25]), found["continued"], 3)
    return found


def ngrams():
    """Models of a text of 256 kinds of words, in memory and on disk, what they say, and the words of a text."""
    found, ids = {}, np.arange(300).astype(np.uint8)
    ids[::3] = 255
    backend, texts = select(2), np.array([0, 4, 100, 300])
    for smoothing in ("mle", "add-k", "katz", "kneser-ney"):
        settings = NgramSettings(order=3, smoothing=smoothing)
        model = NgramModel(settings, 256, backend)
        with tempfile.TemporaryDirectory() as folder, Room(2000, Path(folder)) as room:
            counting = Counting(ids, 256, 3, -1, room, backend)
            list(counting.steps())
            model.take(Smoothing(counting.trie(), settings, (0, 0, 1), room, backend).estimate(-1, 0))
        state, log_p = model.advance(model.zero_state(2), ids[:2])
        scored, lengths = model.score_texts(ids.astype(np.int32), texts[:-1], texts[1:])
        found[f"ngrams {smoothing}"] = np.concatenate([np.ravel(array) for array in (*model.tensors().values(), state)])
        found[f"ngrams {smoothing} log_p"] = np.concatenate([np.ravel(array) for array in (log_p, scored, lengths)])
    vocabulary = Vocabulary.count(["a b\n\nab é a\r\n"], TextFormat("space", "line"), has_unknown=True)
    found["words"] = np.concatenate([vocabulary.counts, vocabulary.encode("ab c é\n\nb"), vocabulary.encode_part("a\n")])
    return found


def compute():
    found = products() | outputs() | hidden_units() | updates() | row_operations() | word_vectors()
    found |= arpa_file() | hidden_states() | series_sums() | ngrams()
    found["rounded"], found["rounded wanted"] = rounded_product()
    found["shared"], found["met"] = shared_product(), meetings()

    gates, w_h, state, dh = lstm_inputs()
    h, c = np.empty((5, 3, 5)), np.empty((5, 3, 5))
    h[0], c[0] = state[:, 0], state[:, 1]
    dh_next, dc_next = np.zeros((3, 5)), np.zeros((3, 5))
    lengths = np.array([4, 2, 0])
    lstm.lstm_sequence_forward(gates, product.pack(w_h), lengths, h, c)
    lstm.lstm_sequence_backward(dh, gates, c, product.pack(w_h.T), lengths, np.zeros(4, bool), dh_next, dc_next)
    found |= {"h": h[1:], "c": c[-1], "da": gates, "dh_0": dh_next, "dc_0": dc_next}

    found["dropout"] = np.empty((2, 3, 9))
    dropout.dropout(np.ones((2, 3, 9)), 0.4, random.derive_key(5, 1), 2, found["dropout"])
    found["uniform"] = np.array([random.uniform(2**62 + 1, i) for i in range(5)])
    log_p = np.empty((3, 5))
    softmax.log_softmax(dh[0], log_p)
    unseen = np.zeros(5, bool)
    found["tokens"] = np.array(
        [filters.draw_token(row, unseen, unseen, False, 0.8, 4, 0.9, 0.01, 1.0, False, 0.6) for row in log_p]
    )
    found["log_p"] = log_p
    slices, total = np.arange(12.0).reshape(3, 4), np.ones(4)
    for one in slices:
        optimiser.add_slice(total, one)
    found["sum"], found["slices"], found["norm"] = total, slices, np.array(optimiser.squared_norm(total))
    return found


if __name__ == "__main__":
    flush_denormals()
    np.savez(sys.argv[1], **compute())
