import dataclasses

import pytest

from seqterm.models.catalogue import CATALOGUE, resolve


def test_all_models_of_the_command_line_are_there():
    networks, counts, vectors = {"elman", "lstm", "gru", "nnlm"}, {"ngram", "hmm"}, {"word2vec", "glove"}
    assert set(CATALOGUE) == networks | counts | vectors | {"ar", "mlp-ar", "rnn-ar"}


@pytest.mark.parametrize("name", CATALOGUE)
def test_names_resolve_to_settings_and_a_model_that_fit_together(name):
    entry = CATALOGUE[name]
    settings = resolve(entry.settings)
    assert dataclasses.is_dataclass(settings)
    assert settings.__name__.lower() == f"{name.replace('-', '')}settings"
    model_class = resolve(entry.model)
    methods = {
        "network": ("start", "advance", "score", "trace"),
        "ngram": ("start", "advance", "score", "trace", "score_texts"),
        "hmm": ("prepare", "initialise", "expect", "maximise", "viterbi", "posteriors"),
        "vectors": ("prepare", "train_stretch", "learning_rate", "vectors"),
        "forecast": ("one_step", "forecast", "interval"),
    }
    for method in methods[entry.family]:
        assert callable(getattr(model_class, method))


def test_summaries_differ_and_say_something():
    summaries = {entry.summary for entry in CATALOGUE.values()}
    assert len(summaries) == len(CATALOGUE)
    assert all(summaries)


def test_an_unknown_place_is_an_error():
    with pytest.raises(AttributeError):
        resolve("seqterm.models.settings:NoSuchSettings")
