"""What defines a model, a class a family.  Light: the command line reads these without numpy."""

from dataclasses import dataclass

from seqterm.options import option

MODEL = "Model"


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Shared by all networks that predict tokens."""

    hidden: int = option(128, "Hidden units in a layer.", minimum=1, group=MODEL)
    embedding: int = option(64, "Size of the token vectors.", minimum=1, group=MODEL)
    tied: bool = option(False, "Use the embedding as the output layer's weights (needs --embedding = --hidden).", group=MODEL)
    bias: bool = option(True, "Bias terms.", group=MODEL)
    precision: str = option("float32", "Arithmetic; float64 is for checks.", choices=("float32", "float64"), group=MODEL)


@dataclass(frozen=True, kw_only=True)
class RecurrentSettings(NetworkSettings):
    """Shared by all recurrent language models."""

    layers: int = option(1, "Recurrent layers, one above the other.", minimum=1, maximum=4, group=MODEL)
    input: str = option(
        "embedding", "How tokens enter: learned vectors, or one-hot rows.", choices=("embedding", "onehot"), group=MODEL
    )
    dropout: float = option(0.0, "Share of units dropped between layers in training.", minimum=0.0, below=1.0, group=MODEL)
    init: str = option(
        "orthogonal",
        "First weights; orthogonal: the recurrent ones, the others Xavier's.",
        choices=("orthogonal", "xavier", "uniform"),
        group=MODEL,
    )


@dataclass(frozen=True, kw_only=True)
class ElmanSettings(RecurrentSettings):
    activation: str = option("tanh", "The cell's function.", choices=("tanh", "relu"), group=MODEL)


@dataclass(frozen=True, kw_only=True)
class LstmSettings(RecurrentSettings):
    forget_bias: float = option(1.0, "First value of the forget gate's bias.", group=MODEL)


@dataclass(frozen=True, kw_only=True)
class GruSettings(RecurrentSettings):
    reset: str = option("after", "Reset gate after or before the recurrent product.", choices=("after", "before"), group=MODEL)
    update_gate: str = option(
        "keep", "keep: h = z h_prev + (1-z) g;  renew: h = (1-z) h_prev + z g.", choices=("keep", "renew"), group=MODEL
    )


@dataclass(frozen=True, kw_only=True)
class Word2vecSettings:
    """Word vectors learned from the words around."""

    architecture: str = option(
        "skip-gram",
        "skip-gram: each word around is asked for the word; cbow: all together are.",
        flag="model",
        choices=("skip-gram", "cbow"),
        group=MODEL,
    )
    loss: str = option(
        "negative",
        "negative: the word against words drawn at random; hierarchical: its way through a Huffman tree; softmax: all words.",
        choices=("negative", "hierarchical", "softmax"),
        group=MODEL,
    )
    dim: int = option(100, "Size of the vectors.", minimum=1, group=MODEL)
    window: int = option(
        5, "Words to either side, at most; how many is drawn for each word.", minimum=1, maximum=1000, group=MODEL
    )
    negative: int = option(
        5, "Words drawn at random for each example, for --loss negative.", minimum=1, maximum=1000, group=MODEL
    )
    subsample: float = option(
        1e-3, "Leave out words of a greater share of the text now and then; 0: none.", minimum=0.0, group=MODEL
    )
    min_ngram: int = option(0, "Shortest character n-grams that have vectors too.", minimum=0, group=MODEL)
    max_ngram: int = option(0, "Longest; 0: none, and unknown words have no vector.", minimum=0, maximum=20, group=MODEL)
    buckets: int = option(200_000, "Vectors that all character n-grams share.", minimum=1, group=MODEL)
    cbow_gradient: str = option(
        "original",
        "original: each context gets the whole gradient; divided: by the size of the context.",
        choices=("original", "divided"),
        group=MODEL,
    )
    precision: str = option("float32", "Arithmetic; float64 is for checks.", choices=("float32", "float64"), group=MODEL)
