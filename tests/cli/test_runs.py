"""Commands about runs and folders, and the completion of their names."""

import math
import os
import shutil
import subprocess

import pytest

from tests.cli.program import SCRIPT, json_events, stderr_lines


@pytest.fixture
def shelf(home, trained):
    """The runs `first` and `second` in the runs folder."""
    for name in ("first", "second"):
        shutil.copytree(trained, home / "runs" / name)
    return home / "runs"


def test_list_shows_what_there_is(seqterm, shelf):
    lines = seqterm("runs", "list").stdout.decode().splitlines()
    assert lines[0].split()[:3] == ["run", "model", "parameters"]
    assert sorted(line.split()[0] for line in lines[1:]) == ["first", "second"]
    assert all("lstm" in line and "560/560" in line and "complete" in line for line in lines[1:])
    assert all(line.endswith("corpus.txt") for line in lines[1:])


def test_quiet_list_is_names(seqterm, shelf):
    assert sorted(seqterm("runs", "list", "--quiet").stdout.decode().splitlines()) == ["first", "second"]


def test_jsonl_list_is_objects(seqterm, shelf):
    events = json_events(seqterm("runs", "list", "--jsonl").stdout)
    assert {(event["event"], event["run"]) for event in events} == {("run_summary", "first"), ("run_summary", "second")}
    assert all(event["corpus"].endswith("/corpus.txt") for event in events)


def test_list_of_nothing_is_nothing(seqterm):
    done = seqterm("runs", "list")
    assert (done.returncode, done.stdout) == (0, b"")


def test_list_notes_a_damaged_run_and_shows_the_others(seqterm, shelf):
    (shelf / "first" / "state.json").write_text("{")
    done = seqterm("runs", "list", "--quiet")
    assert (done.returncode, done.stdout) == (0, b"second\n")
    assert stderr_lines(done)[0].startswith("first: ")


def test_rm_deletes_the_named_runs_alone(seqterm, shelf):
    assert seqterm("runs", "rm", "first").returncode == 0
    assert [path.name for path in shelf.iterdir()] == ["second"]


def test_rm_deletes_nothing_when_one_is_not_there(seqterm, shelf):
    assert seqterm("runs", "rm", "first", "third").returncode == 3
    assert sorted(path.name for path in shelf.iterdir()) == ["first", "second"]


def test_rm_leaves_a_folder_that_is_no_run(seqterm, tmp_path):
    (tmp_path / "letters").mkdir()
    assert seqterm("runs", "rm", tmp_path / "letters").returncode == 3
    assert (tmp_path / "letters").is_dir()


@pytest.mark.parametrize("words", [["info"], ["runs", "show"]], ids=" ".join)
def test_info_shows_a_run(seqterm, trained, words):
    lines = [line.split() for line in seqterm(*words, trained).stdout.decode().splitlines()]
    assert ["0.W_h", "24", "x", "96"] in lines
    assert ["hidden", "24"] in lines
    assert ["lr", "0.01"] in lines
    assert ["training-tokens", "918"] in lines
    assert len([line for line in lines if line[:1] == ["40"] and line[1:2] == ["560"]]) == 1  # the last epoch's losses


def test_info_of_a_bare_one_hot_network_counts_no_more_than_its_matrices(seqterm, tmp_path):
    """2 H C + H^2 parameters: input, output, recurrence."""
    (tmp_path / "words.txt").write_text(" ".join(f"w{i}" for i in range(8000)))
    words = (
        "--tokens",
        "space",
        "--input",
        "onehot",
        "--no-bias",
        "--hidden",
        "100",
        "--validation",
        "0",
        "--sample-length",
        "0",
    )
    seqterm(
        "train",
        "elman",
        "words.txt",
        *words,
        "--batch",
        "1",
        "--steps",
        "16",
        "--time-limit",
        "0.001s",
        "-o",
        "./bare",
        cwd=tmp_path,
    )
    assert "elman, 1,610,000 parameters" in seqterm("info", "./bare", cwd=tmp_path).stdout.decode()


def test_info_as_an_object(seqterm, trained):
    (event,) = json_events(seqterm("info", trained, "--jsonl").stdout)
    assert (event["event"], event["model"]) == ("run_info", "lstm")
    assert sum(map(math.prod, event["tensors"].values())) == event["parameters"]
    assert len(event["losses"]) == 40


def test_paths_name_the_folders(seqterm, home):
    places = dict(line.split(maxsplit=1) for line in seqterm("paths").stdout.decode().splitlines())
    assert places["home"] == str(home)
    assert places["runs"] == str(home / "runs")
    assert os.path.isfile(os.path.join(places["corpora"], "tales.txt"))


def test_warmup_leaves_nothing_to_compile(seqterm):
    done = seqterm("warmup", timeout=600)
    assert done.returncode == 0
    assert done.stdout == b""
    assert stderr_lines(done)[-1] == "Every kernel is compiled and kept."


# Completion, through Click's own protocol


@pytest.fixture
def complete():
    """complete("train", "l") -> what a shell is offered for the last word."""

    def call(*words):
        variables = {
            "_SEQTERM_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["seqterm", *words]),
            "COMP_CWORD": str(len(words)),
        }
        done = subprocess.run([str(SCRIPT)], env={**os.environ, **variables}, capture_output=True, check=True, text=True)
        return [value for kind, value in (line.split(",", 1) for line in done.stdout.split()) if kind == "plain"]

    return call


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["t"], ["train", "tui"]),
        (["runs", ""], ["compare", "export", "import", "list", "rm", "show"]),
        (["train", ""], ["ar", "elman", "glove", "gru", "hmm", "lstm", "mlp-ar", "ngram", "nnlm", "rnn-ar", "word2vec"]),
        (["train", "nnlm", "x", "--di"], ["--direct"]),
        (["compare", "x", "--per"], ["--per-character"]),
        (["check", "x", "--con"], ["--contexts"]),
        (["train", "gru", "x", "--optimizer", "ada"], ["adagrad", "adam", "adamw"]),
        (["train", "gru", "x", "--reset"], ["--reset"]),
        (["train", "gru", "ta"], ["tales"]),
        (["train", "gru", "tales", "v"], ["verse"]),
        (["corpus", ""], ["get", "info", "list", "split", "stats"]),
        (["corpus", "stats", "ta"], ["tales"]),
        (["corpus", "info", "ta"], ["tales"]),
        (["s"], ["sample", "score", "similar", "stop"]),
        (["corpus", "stats", "--tokens", ""], ["char", "byte", "space", "word"]),
        (["score", "x", "--s"], ["--stream", "--summary", "--svg"]),
        (["filter", "x", "--k"], ["--keep"]),
        (["train", "gru", "x", "--sentences", ""], ["none", "line", "punctuation"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_commands_options_and_corpora_are_completed(complete, words, offered):
    assert complete(*words) == offered


@pytest.mark.parametrize(
    "words",
    [
        *(
            ["sample"],
            ["info"],
            ["stop"],
            ["runs", "show"],
            ["runs", "rm"],
            ["train", "--resume"],
            ["train", "lstm", "x", "--from"],
        ),
        *(["score"], ["filter"], ["rank"], ["correct"], ["next"], ["runs", "export"]),
    ],
    ids=" ".join,
)
def test_names_of_runs_are_completed(complete, shelf, words):
    assert complete(*words, "") == ["first", "second"]
    assert complete(*words, "s") == ["second"]


def test_names_of_fetched_texts_are_completed(complete, home):
    (home / "corpora").mkdir(parents=True)
    (home / "corpora" / "pond.txt").write_text("frogs\n")
    assert complete("corpus", "stats", "po") == complete("train", "lstm", "po") == ["pond"]


def test_the_shell_is_given_its_script():
    done = subprocess.run([str(SCRIPT)], env={**os.environ, "_SEQTERM_COMPLETE": "zsh_source"}, capture_output=True, check=True)
    assert done.stdout.startswith(b"#compdef seqterm")
