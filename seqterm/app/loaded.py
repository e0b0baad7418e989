"""A trained model with its vocabulary: what `seqterm.load` gives, and what all commands on a run work with."""

import math
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from seqterm.backends.base import Array, Backend
from seqterm.errors import DataError, UsageError
from seqterm.evaluation.lines import score_lines, score_sentences
from seqterm.evaluation.perplexity import Score, score_stream
from seqterm.events import Choice, Event, Sampled
from seqterm.models.base import LanguageModel
from seqterm.models.catalogue import ALWAYS, ASKED, CATALOGUE, resolve
from seqterm.options import check, from_json
from seqterm.sampling.generate import generate, read_prompt
from seqterm.sampling.settings import SamplingSettings, with_change
from seqterm.store.home import existing_run
from seqterm.store.run_folder import RunFolder
from seqterm.text.tokens import from_person, split
from seqterm.text.vocabulary import Vocabulary

NO_LANGUAGE = {
    "vectors": "word vectors, not a language model: ask them with similar, analogy or odd-one-out",
    "forecast": "a forecaster of numbers, not a language model: ask it with forecast",
}


def _fitting(backend: Backend, model: str, insisted: bool) -> Backend:
    """The backend, or the processor's where that is the better, or the only, one for a model."""
    gpu = CATALOGUE[model].gpu
    if gpu == ALWAYS or (gpu == ASKED and insisted):
        return backend
    if insisted:
        raise UsageError(f"A model of {model} computes on the processor: leave out --device cuda.")
    return backend.host


def read_model(folder: RunFolder, backend: Backend, insisted: bool = False) -> tuple[dict[str, Any], Any, Any]:
    """config, vocabulary (None for a model of numbers) and a model of any kind without weights, as the run folder says.

    insisted: a person asked for this very backend.
    """
    config, vocabulary_values = folder.read_description()
    try:
        name, values = config["model"], config["model_settings"]
        settings = from_json(resolve(CATALOGUE[name].settings), values)
        vocabulary = None if vocabulary_values is None else Vocabulary.from_json(vocabulary_values)
        made = resolve(CATALOGUE[name].model)
    except (KeyError, TypeError, UsageError) as error:
        raise DataError(f"{folder.path / 'config.json'} is damaged: {error}") from error
    backend = _fitting(backend, name, insisted)
    try:
        return config, vocabulary, made.of(settings, vocabulary, backend)
    except (KeyError, TypeError, UsageError) as error:
        raise DataError(f"{folder.path / 'config.json'} is damaged: {error}") from error


class LoadedModel:
    """A trained language model.  `config` is the run's config.json, `step` and `checksum` of its weights."""

    def __init__(
        self,
        folder: RunFolder,
        config: dict[str, Any],
        vocabulary: Vocabulary,
        model: LanguageModel,
        step: int,
        checksum: str,
    ):
        self.folder, self.config, self.vocabulary, self.model, self.step = folder, config, vocabulary, model, step
        self.checksum = checksum

    @classmethod
    def open(cls, run: str, backend: Backend, checkpoint: str = "best", insisted: bool = False) -> "LoadedModel":
        """Load the best checkpoint of a run, or the last where nothing was validated, or one by its name; as `read_model`.

        DataError where it is broken.
        """
        folder = RunFolder(existing_run(run))
        config, vocabulary, model = read_model(folder, backend, insisted)
        if (family := CATALOGUE[config["model"]].family) in NO_LANGUAGE:
            raise UsageError(f"{run} holds {NO_LANGUAGE[family]}.")
        if vocabulary is None:
            raise UsageError(f"{run} holds a model of numbers, not a language model.")
        checksum = folder.best_checksum()  # read first: if the file is replaced meanwhile, this model is not current
        read = folder.map_checkpoint if CATALOGUE[config["model"]].is_mapped else folder.load_checkpoint
        tensors, counters = read(checkpoint)
        model.load(tensors)
        return cls(folder, config, vocabulary, model, counters["step"], checksum)

    def is_current(self) -> bool:
        """Whether the run's best checkpoint is still this one; DataError where the run is gone."""
        existing_run(str(self.folder.path))
        return self.folder.best_checksum() == self.checksum

    def generate(
        self,
        prompt: str,
        settings: SamplingSettings,
        stop: Callable[[], object] = lambda: None,
        choices: int = 0,
        changes: Callable[[], dict[str, Any]] = dict,
    ) -> Iterator[Event]:
        """Events of sampling, see sampling.generate; without a seed another text each time."""
        seed = secrets.randbits(62) if settings.seed is None else settings.seed
        about = self.model, self.vocabulary, prompt, settings, seed, self.model.backend
        return generate(*about, stop, self.one_sentence, choices, changes)

    @property
    def one_sentence(self) -> bool:
        """Whether the model was trained on sentences one by one, and knows nothing beyond the end of one."""
        return self.config.get("one_sentence", False)

    def sample(self, prompt: str = "", **settings: Any) -> str:
        """A continuation of prompt.  settings: fields of SamplingSettings, such as length=200, temperature=0.8, seed=1."""
        return self.samples(prompt, **settings)[0]

    def samples(self, prompt: str = "", **settings: Any) -> list[str]:
        """`samples=n` continuations of prompt, drawn side by side."""
        chosen = SamplingSettings(**settings)
        check(chosen)
        return [event.text for event in self.generate(prompt, chosen) if isinstance(event, Sampled)]

    def choices(
        self, prompt: str = "", top: int = 10, changes: Callable[[], dict[str, Any]] = dict, **settings: Any
    ) -> Iterator[Choice]:
        """The tokens of one continuation with what each is drawn from, see events.Choice; a token is drawn when it is asked for.

        `changes()`, asked before every token, gives {setting: value} that this and the next ones are drawn with; UsageError where
        that is none that can change.  settings: as for `sample`.
        """
        chosen = SamplingSettings(**settings)
        check(chosen)

        def checked() -> dict[str, Any]:
            wanted = changes()
            for name, value in wanted.items():
                with_change(chosen, name, value)
            return wanted

        return (event for event in self.generate(prompt, chosen, choices=top, changes=checked) if isinstance(event, Choice))

    def _ids(self, text: str) -> Array:
        ids, unknown = self.vocabulary.encode_prompt(text)
        if unknown and self.vocabulary.unknown < 0:
            raise DataError(f"The model has never seen {unknown[0]!r}.")
        return ids

    def score(self, text: str, stream: bool = False) -> Score:
        """log_probability (nats) and tokens, line by line from the model's start, line ends counted, as `seqterm score`.

        `stream`: the text as one, as validation in training reads it; DataError where none of its tokens is known.
        """
        if stream:
            ids = self.vocabulary.encode(from_person(text, self.vocabulary.form))
            if not (ids >= 0).any():
                raise DataError("There is nothing to score: the text has no tokens that the model knows.")
            if self.one_sentence and self.model.start_token is not None:
                return score_sentences(self.model, ids[ids >= 0], self.model.start_token)
            return score_stream(self.model, ids[ids >= 0])
        scored = list(score_lines(self.model, self.vocabulary, text.removesuffix("\n").split("\n")))
        return Score(sum(line.log_probability for line in scored), sum(len(line.log_p) for line in scored))

    def next(self, prompt: str = "", top: int = 10) -> list[tuple[str, float]]:
        """The `top` most probable next tokens with their probabilities."""
        _, log_p = read_prompt(self.model, self._ids(prompt))
        order = np.argsort(-log_p[0])[: max(0, top)]
        return [(self.vocabulary.tokens[i], math.exp(log_p[0, i])) for i in order]

    def without_last(self, text: str) -> str:
        """The text without its last token."""
        form = self.vocabulary.form

        def count(part: str) -> int:
            return len(split(from_person(part, form), form.kind))

        tokens = count(text)
        return next((text[:end] for end in reversed(range(len(text))) if count(text[:end]) < tokens), "")

    def with_token(self, text: str, token: str) -> str:
        """The text with one token of the vocabulary more."""
        return text + self.vocabulary.text_of(self.vocabulary.tokens.index(token), self.vocabulary.decoder(text))

    def trace(self, text: str) -> dict[str, Array]:
        """What goes on inside while it reads T tokens, a start token included: {"0.h": (T, H), ...}, hidden units and gates of
        every layer; of a hidden Markov model {"filtered": (T, K), "smoothed": (T, K), "viterbi": (T,)}."""
        ids = self._ids(text)
        start = self.model.start_token
        return self.model.trace(ids if start is None else np.concatenate([[start], ids]))
