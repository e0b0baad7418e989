"""Every model by name; imported when used."""

from importlib import import_module
from typing import Any, NamedTuple

ALWAYS, ASKED, NEVER = "always", "asked", "never"


class Entry(NamedTuple):
    """One line for help texts, where the settings and the model class are, how models of its family are trained, whether their
    tensors are mapped, not read, and when they compute on a GPU: always where there is one, when asked to, or never."""

    summary: str
    settings: str
    model: str
    family: str = "network"
    is_mapped: bool = False
    gpu: str = ALWAYS


RECURRENT = "seqterm.models.recurrent:RecurrentModel"
CATALOGUE = {
    "elman": Entry("Elman network, tanh or relu", "seqterm.models.settings:ElmanSettings", RECURRENT),
    "lstm": Entry("long short-term memory", "seqterm.models.settings:LstmSettings", RECURRENT),
    "gru": Entry("gated recurrent unit", "seqterm.models.settings:GruSettings", RECURRENT),
    "ngram": Entry(
        "n-grams: relative frequencies, add-k, Katz, Kneser-Ney",
        "seqterm.models.ngram_settings:NgramSettings",
        "seqterm.models.ngram:NgramModel",
        "ngram",
        True,
        ASKED,
    ),
    "nnlm": Entry("neural n-gram", "seqterm.models.nnlm_settings:NnlmSettings", "seqterm.models.nnlm:Nnlm"),
    "word2vec": Entry(
        "word vectors: skip-gram or cbow",
        "seqterm.models.settings:Word2vecSettings",
        "seqterm.models.word2vec:Word2vec",
        "vectors",
    ),
    "glove": Entry(
        "word vectors from counts of pairs",
        "seqterm.models.glove_settings:GloveSettings",
        "seqterm.models.glove:Glove",
        "vectors",
        gpu=NEVER,
    ),
    "hmm": Entry("hidden Markov model", "seqterm.models.hmm_settings:HmmSettings", "seqterm.models.hmm:Hmm", "hmm", gpu=NEVER),
    "ar": Entry(
        "linear autoregression, for forecasts of a series",
        "seqterm.models.forecast_settings:ArSettings",
        "seqterm.models.autoregression:Autoregression",
        "forecast",
        gpu=NEVER,
    ),
    "mlp-ar": Entry(
        "feed-forward autoregression, for forecasts",
        "seqterm.models.forecast_settings:MlpArSettings",
        "seqterm.models.neural_forecast:MlpForecaster",
        "forecast",
        gpu=ASKED,
    ),
    "rnn-ar": Entry(
        "recurrent network that forecasts a series",
        "seqterm.models.forecast_settings:RnnArSettings",
        "seqterm.models.neural_forecast:RnnForecaster",
        "forecast",
        gpu=ASKED,
    ),
}


def resolve(place: str) -> Any:
    """The object at "module:name"."""
    module, name = place.split(":")
    return getattr(import_module(module), name)
