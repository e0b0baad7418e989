"""What defines a model, a class a family.  Light: the command line reads these without numpy."""

from dataclasses import dataclass

from seqterm.options import option

MODEL = "Model"


@dataclass(frozen=True, kw_only=True)
class RecurrentSettings:
    """Shared by all recurrent language models."""

    hidden: int = option(128, "Hidden units in a layer.", minimum=1, group=MODEL)
    layers: int = option(1, "Recurrent layers, one above the other.", minimum=1, maximum=4, group=MODEL)
    embedding: int = option(64, "Size of the token vectors, for --input embedding.", minimum=1, group=MODEL)
    input: str = option(
        "embedding", "How tokens enter: learned vectors, or one-hot rows.", choices=("embedding", "onehot"), group=MODEL
    )
    tied: bool = option(False, "Use the embedding as the output layer's weights (needs --embedding = --hidden).", group=MODEL)
    bias: bool = option(True, "Bias terms.", group=MODEL)
    dropout: float = option(0.0, "Share of units dropped between layers in training.", minimum=0.0, below=1.0, group=MODEL)
    init: str = option("uniform", "First weights.", choices=("uniform", "xavier", "orthogonal"), group=MODEL)
    precision: str = option("float32", "Arithmetic; float64 is for checks.", choices=("float32", "float64"), group=MODEL)


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
