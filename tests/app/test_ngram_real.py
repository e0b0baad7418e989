"""n-gram models of WikiText-2 against KenLM: figures, discounts and n-grams that its lmplz gave for the same text, in which it
must have no <unk>: there the word is @unk@."""

import gzip
import math

import numpy as np
import pytest

from seqterm.app.arguments import build
from seqterm.app.commands import COMMANDS
from seqterm.app.loaded import LoadedModel
from seqterm.app.run import run
from seqterm.app.session import Session
from seqterm.events import NgramOrder

PERPLEXITIES = {3: {"test": 230.886344, "valid": 247.656281}, 5: {"test": 224.811591, "valid": 239.984018}}
COUNTS = {3: [33_280, 619_591, 1_398_959], 5: [33_280, 619_591, 1_398_959, 1_794_725, 1_914_265]}
DISCOUNTS = {
    3: [(0.182131, 1.01294, 2.53774), (0.729716, 1.15964, 1.49569), (0.837583, 1.25118, 1.44388)],
    5: [
        (0.182131, 1.01294, 2.53774),
        (0.729716, 1.15964, 1.49569),
        (0.866965, 1.27126, 1.47995),
        (0.942337, 1.41604, 1.53705),
        (0.959168, 1.52824, 1.50737),
    ],
}
# order of the model, n-gram, log10 of its probability and of its back-off weight; `unknown` is a word that the text lacks
ENTRIES = [
    (3, "the", -2.13383, -0.61791),
    (3, "<s>", 0.00000, -0.92639),
    (3, "Flocks", -5.30096, -0.13685),
    (3, "incremental", -4.96326, -0.13685),
    (3, "Northam", -5.27787, -0.13685),
    (3, "pumped", -4.96326, -0.16311),
    (3, "unknown", -5.43406, 0.00000),
    (3, "Scales", -5.27787, -0.13685),
    (3, "Declan", -5.11606, -0.27485),
    (3, "credits", -4.41657, -0.19544),
    (3, "<s> The", -0.85083, -0.33430),
    (3, ". </s>", -0.93588, 0.00000),
    (3, "Skinner travel", -2.12101, -0.07697),
    (3, "The person", -3.73594, -0.07697),
    (3, "Dutchman @unk@", -0.89255, -0.20371),
    (3, "coastal infrastructure", -2.41598, -0.07697),
    (3, "catch one", -2.05781, -0.07697),
    (3, "John had", -2.75446, -0.07697),
    (3, "@unk@ Gilchrist", -4.96256, -0.07697),
    (3, "a walled", -4.40762, -0.07697),
    (3, "<s> The @unk@", -1.56724, 0.00000),
    (3, "= = </s>", -0.47426, 0.00000),
    (3, "as the brigade", -3.60067, 0.00000),
    (3, "themselves in that", -1.74346, 0.00000),
    (3, "seeing @unk@ of", -1.12981, 0.00000),
    (3, "capital and powerful", -1.56512, 0.00000),
    (3, "children appear to", -0.43131, 0.00000),
    (3, "died in Tamaulipas", -2.83761, 0.00000),
    (3, "number killed ,", -0.64697, 0.00000),
    (3, ", finding Berio", -1.95178, 0.00000),
    (5, "the", -2.13383, -0.61791),
    (5, "</s>", -2.93493, 0.00000),
    (5, "<s>", 0.00000, -0.92639),
    (5, "unknown", -5.43406, 0.00000),
    (5, "sum", -4.76098, -0.23196),
    (5, "Sudanese", -5.21890, -0.22839),
    (5, "footsteps", -5.35390, -0.13685),
    (5, "Criticism", -5.11606, -0.16311),
    (5, "@unk@", -1.93280, -0.58707),
    (5, "incremental", -4.96326, -0.13685),
    (5, "<s> The", -0.85083, -0.32188),
    (5, ". </s>", -0.93588, 0.00000),
    (5, "August 18", -2.52650, -0.12419),
    (5, "coastal infrastructure", -2.41598, -0.06200),
    (5, "The person", -3.73594, -0.06200),
    (5, "Dutchman @unk@", -0.89255, -0.19679),
    (5, "Skinner travel", -2.12101, -0.06200),
    (5, "catch one", -2.05781, -0.06200),
    (5, "@unk@ Gilchrist", -4.96256, -0.06200),
    (5, "John had", -2.75446, -0.06200),
    (5, "<s> The @unk@", -1.56407, -0.15155),
    (5, "= = </s>", -0.61690, 0.00000),
    (5, "began a league", -2.52459, -0.02579),
    (5, "6 inHg )", -0.02678, -0.02579),
    (5, ". And their", -2.41950, -0.02579),
    (5, "hired several members", -0.87309, -0.02579),
    (5, ", the transit", -4.07664, -0.02579),
    (5, "parodies and references", -1.35254, -0.02579),
    (5, "children appear to", -0.45801, -0.02579),
    (5, "themselves in that", -1.81021, -0.02579),
    (5, "<s> = = =", -0.26010, -0.34907),
    (5, "@unk@ @unk@ . </s>", -0.63988, 0.00000),
    (5, "the building housed the", -0.52731, -0.01811),
    (5, "his puritan @unk@ ,", -0.60846, -0.01811),
    (5, "pain typically lasts around", -0.70518, -0.01811),
    (5, "at times to reduce", -1.38269, -0.01811),
    (5, "numerous printers and publishers", -0.73742, -0.01811),
    (5, "and media have also", -0.70004, -0.01811),
    (5, "lines from The Bard", -1.13705, -0.01811),
    (5, "donated to help aid", -1.22559, -0.01811),
    (5, "<s> = = = @unk@", -0.97982, 0.00000),
    (5, "of the @unk@ . </s>", -0.52784, 0.00000),
    (5, "sunlight is unable to do", -1.06692, 0.00000),
    (5, "century BCE Assyrian inscriptions place", -0.88433, 0.00000),
    (5, "by the finalists . Author", -0.80585, 0.00000),
    (5, "1st Battalion , Hampshire Regiment", -0.46015, 0.00000),
    (5, "human world . Natural disasters", -0.78605, 0.00000),
    (5, "vi editor also follows this", -0.85780, 0.00000),
    (5, "asked to join @unk@ @unk@", -0.61784, 0.00000),
    (5, "@unk@ La Forge ( @unk@", -0.54835, 0.00000),
]


@pytest.fixture(scope="module")
def trained(wikitext, tmp_path_factory):
    """order -> the model and the events of its training"""
    folder, session = tmp_path_factory.mktemp("wikitext"), Session()
    with gzip.open(wikitext / "wiki.train.tokens.gz") as packed:
        (folder / "train").write_bytes(packed.read())
    found = {}
    for order in (3, 5):
        values = {"corpus": (str(folder / "train"),), "out": str(folder / f"run{order}"), "order": order, "tokens": "space"}
        events = list(run(build(COMMANDS["train", "ngram"], values), session))
        found[order] = LoadedModel.open(values["out"], session.backend), events
    return found


@pytest.fixture(scope="module")
def wikitext(real_data):
    return real_data / "wikitext-2"


@pytest.fixture(params=[3, 5])
def order(request):
    return request.param


@pytest.fixture
def loaded(trained, order):
    return trained[order][0]


@pytest.fixture
def orders(trained, order):
    return [event for event in trained[order][1] if isinstance(event, NgramOrder)]


def lines_of(data, part):
    return [line for line in (data / f"wiki.{part}.tokens").read_text(encoding="utf-8").split("\n") if line.strip()]


@pytest.mark.parametrize("part", ["test", "valid"])
def test_perplexity(loaded, order, part, wikitext):
    score = loaded.score("\n".join(lines_of(wikitext, part)))
    assert math.exp(score.loss) == pytest.approx(PERPLEXITIES[order][part], rel=1e-4)
    if part == "test":
        assert score.tokens == 244_102


def test_counts(loaded, orders, order):
    assert loaded.model.sizes == [event.ngrams for event in orders] == [event.kept for event in orders] == COUNTS[order]


def test_discounts(orders, order):
    """Those of single words are not quite the same: lmplz takes the very last word of a text into its statistics by how often it
    occurs, not by how many words stand before it."""
    for event, discounts in zip(orders, DISCOUNTS[order], strict=True):
        np.testing.assert_allclose(event.discounts, discounts, rtol=1e-3 if event.order == 1 else 5e-6, atol=0)
        assert event.instead == ""


def test_memory(trained):
    assert trained[5][0].model.figures()["bytes_per_ngram"] <= 20


@pytest.mark.parametrize(("order", "ngram", "log_p", "backoff"), ENTRIES, ids=str)
def test_ngrams(trained, order, ngram, log_p, backoff):
    loaded, _ = trained[order]
    special = {"<s>": "SENTENCE_START", "</s>": "SENTENCE_END", "unknown": "UNKNOWN"}
    names = loaded.vocabulary.special
    index = {word: i for i, word in enumerate(loaded.vocabulary.tokens)} | {name: names[token] for name, token in special.items()}
    ids = np.array([index[word] for word in ngram.replace("@unk@", "<unk>").split()])
    levels, node = loaded.model.levels(), ids[0]
    for level, word in enumerate(ids[1:]):
        begin, end = levels[level].children[node : node + 2].astype(int)
        node = begin + int(np.flatnonzero(levels[level + 1].words[begin:end] == word)[0])
    found = levels[len(ids) - 1]
    if ngram != "<s>":
        assert found.log_p[node] / math.log(10) == pytest.approx(log_p, rel=0, abs=1e-4)
    if len(ids) < order:
        assert found.backoff[node] / math.log(10) == pytest.approx(backoff, rel=0, abs=1e-4)


def test_memory_is_no_matter(trained, wikitext, tmp_path):
    """8 megabytes, where 130 are needed."""
    session, corpus = Session(), tmp_path / "train"
    with gzip.open(wikitext / "wiki.train.tokens.gz") as packed:
        corpus.write_bytes(packed.read())
    values = {"corpus": (str(corpus),), "out": str(tmp_path / "run"), "order": 3, "tokens": "space", "memory": "8M"}
    list(run(build(COMMANDS["train", "ngram"], values), session))
    found = LoadedModel.open(values["out"], session.backend).model.tensors()
    for name, tensor in trained[3][0].model.tensors().items():
        np.testing.assert_array_equal(found[name], tensor, err_msg=name)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        *("config.json", "vocabulary.json", "state.json", "events.jsonl", "checkpoints", "lock")
    }


def test_kenlm_reads_what_is_exported_and_scores_the_same(trained, do, wikitext, tmp_path):
    kenlm = pytest.importorskip("kenlm")
    loaded, _ = trained[3]
    do("ngram", "export", run=str(loaded.folder.path), file=str(tmp_path / "model.arpa"))
    model = kenlm.Model(str(tmp_path / "model.arpa"))
    lines = lines_of(wikitext, "test")[:500]
    found = [loaded.score(line).log_probability / math.log(10) for line in lines]
    theirs = [model.score(line.replace("<unk>", "\\<unk>")) for line in lines]
    np.testing.assert_allclose(found, theirs, rtol=1e-5, atol=0)
