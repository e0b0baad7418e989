import dataclasses

import pytest

from seqterm.models.catalogue import CATALOGUE, resolve


def test_all_models_of_the_command_line_are_there():
    assert set(CATALOGUE) == {"elman", "lstm", "gru", "nnlm", "ngram", "hmm", "word2vec", "glove"}


@pytest.mark.parametrize("name", CATALOGUE)
def test_names_resolve_to_settings_and_a_model_that_fit_together(name):
    entry = CATALOGUE[name]
    settings = resolve(entry.settings)
    assert dataclasses.is_dataclass(settings)
    assert settings.__name__.lower() == f"{name}settings"
    model_class = resolve(entry.model)
    language, vectors = ("start", "advance", "score", "trace"), ("prepare", "train_stretch", "learning_rate", "vectors")
    learned = ("prepare", "initialise", "expect", "maximise", "viterbi", "posteriors")
    for method in {"vectors": vectors, "hmm": learned}.get(entry.family, language):
        assert callable(getattr(model_class, method))


def test_summaries_differ_and_say_something():
    summaries = {entry.summary for entry in CATALOGUE.values()}
    assert len(summaries) == len(CATALOGUE)
    assert all(summaries)


def test_an_unknown_place_is_an_error():
    with pytest.raises(AttributeError):
        resolve("seqterm.models.settings:NoSuchSettings")
