"""Profiles that are there without any settings file: three sizes of every model that has one."""

from typing import Any

Values = dict[str, Any]


def _preset(network: Values, recurrent: Values, vectors: Values, others: dict[str, Values]) -> dict[tuple[str, ...], Values]:
    """{table: {flag: value}}"""
    recurrent = {**network, **recurrent}
    by_model = {
        "elman": recurrent,
        "lstm": recurrent,
        "gru": recurrent,
        "nnlm": network,
        "word2vec": vectors,
        "glove": vectors,
        **others,
    }
    return {("train", model): values for model, values in by_model.items()}


PRESETS = {
    "tiny": _preset(
        {"hidden": 32, "embedding": 16, "epochs": 5},
        {},
        {"dim": 25},
        {"ngram": {"order": 3}, "hmm": {"states": 4}, "mlp-ar": {"hidden": [4]}, "rnn-ar": {"hidden": 4}},
    ),
    "small": _preset(
        {"hidden": 128, "embedding": 64, "epochs": 10},
        {},
        {"dim": 50},
        {"ngram": {"order": 5}, "hmm": {"states": 8}, "mlp-ar": {"hidden": [10, 10]}, "rnn-ar": {"hidden": 16}},
    ),
    "medium": _preset(
        {"hidden": 256, "embedding": 128, "epochs": 20, "schedule": "cosine"},
        {"layers": 2, "dropout": 0.2},
        {"dim": 100},
        {"ngram": {"order": 7}, "hmm": {"states": 16}, "mlp-ar": {"hidden": [32, 32]}, "rnn-ar": {"hidden": 32}},
    ),
}
