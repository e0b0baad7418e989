"""Words and sentences as a person trains them and has them drawn."""

import json
import subprocess

import pytest

from tests.cli.program import PROGRAM, SMALL, stderr_lines
from tests.conftest import TEXT

FAILURE, USAGE, DATA = 1, 2, 3
WORDS = ("--tokens", "word", "--sentences", "line", *SMALL, "--epochs", "100", "--lr", "0.02")
WORDS += ("--schedule", "cosine", "--validation", "0", "--quiet")


@pytest.fixture(scope="module")
def lines_run(tmp_path_factory):
    """make(*words) -> a run over sentences a line, trained once for each choice of words."""
    folder, made = tmp_path_factory.mktemp("lines"), {}
    (folder / "corpus.txt").write_text(TEXT)

    def make(*words):
        if words not in made:
            made[words] = folder / f"run{len(made)}"
            command = [*PROGRAM, "train", "lstm", folder / "corpus.txt", *WORDS, *words, "-o", made[words]]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
        return made[words]

    return make


LINES = set(TEXT.splitlines())


def test_a_sentence_is_drawn_as_readable_text(seqterm, lines_run):
    done = seqterm("sample", lines_run(), "--until", "sentence", "--seed", "1", "--min-p", "0.05")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().removesuffix("\n") in LINES


def test_a_stream_model_prints_a_line_a_sentence(seqterm, lines_run):
    printed = seqterm("sample", lines_run(), "--length", "60", "--seed", "1", "--min-p", "0.05").stdout.decode()
    assert printed.count("\n") >= 5
    assert set(printed.splitlines()[:-1]) <= LINES


def test_a_model_of_single_sentences_ends_by_itself(seqterm, lines_run):
    run = lines_run("--batching", "sentence")
    printed = seqterm("sample", run, "--length", "500", "--seed", "1", "--min-p", "0.05", "-n", "3").stdout.decode()
    assert set(printed.replace("---\n", "").splitlines()) <= LINES
    assert len(printed.splitlines()) == 5


def test_words_out_of_the_vocabulary_are_never_printed(seqterm, lines_run):
    run = lines_run("--vocab-size", "10")
    vocabulary = json.loads((run / "vocabulary.json").read_bytes())
    assert len(vocabulary["tokens"]) == 10
    printed = seqterm("sample", run, "--length", "300", "--seed", "1", "--min-p", "0.05").stdout.decode()
    assert "UNKNOWN" not in printed
    assert "hen" in printed


def test_a_prompt_of_unknown_words_only_is_noted(seqterm, lines_run):
    done = seqterm("sample", lines_run("--vocab-size", "10"), "--prompt", "Zebra gnu", "--length", "5")
    assert done.returncode == 0
    assert stderr_lines(done) == ["The model has never seen 'Zebra', 'gnu': read as an unknown word."]
    assert done.stdout.startswith(b"Zebra gnu")


@pytest.mark.parametrize("tail", ["s", "s "])
def test_a_prompt_is_continued_word_by_word(seqterm, lines_run, tail):
    done = seqterm(
        "sample", lines_run(), "--prompt", "the red hen has 3 egg" + tail, "--strategy", "argmax", "--until", "sentence"
    )
    assert done.stdout.decode() == "the red hen has 3 egg" + tail + ".\n"


def test_a_length_that_no_sentence_has_fails_after_some_tries(seqterm, lines_run):
    done = seqterm("sample", lines_run(), "--until", "sentence", "--min-length", "100", "--length", "120")
    assert (done.returncode, done.stdout) == (FAILURE, b"")
    assert stderr_lines(done) == ["seqterm: 1 of 1 samples had under 100 tokens in 200 tries."]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--batching", "sentence"], USAGE, "--batching sentence needs sentences"),
        (["--tokens", "word", "--sentences", "line", "--vocab-size", "3"], USAGE, "--vocab-size 3 leaves no room"),
        (["--tokens", "word", "--vocab-size", "1"], USAGE, "--vocab-size 1 leaves no room"),
        (["--vocab-size", "0"], USAGE, "--vocab-size must be at least 1"),
        (["--min-count", "0"], USAGE, "--min-count must be at least 1"),
        (["--tokens", "word", "--min-count", "1000"], DATA, "The vocabulary is empty"),
        (["--sentences", "page"], USAGE, "punctuation"),
        (["--sentences", "line", "--batching", "sentence", "--batch", "99"], DATA, "99 needed for one batch"),
    ],
)
def test_what_cannot_be_trained_is_said_in_a_sentence(seqterm, corpus, tmp_path, words, code, said):
    done = seqterm("train", "lstm", corpus, *SMALL, *words, "-o", tmp_path / "run")
    (line,) = stderr_lines(done)
    assert said in line
    assert (done.returncode, done.stdout) == (code, b"")
    assert not (tmp_path / "run").exists()


def test_until_sentence_needs_sentences(seqterm, trained):
    done = seqterm("sample", trained, "--until", "sentence")
    assert (done.returncode, done.stdout) == (USAGE, b"")
    assert "--until sentence needs a model trained with --sentences" in stderr_lines(done)[0]
