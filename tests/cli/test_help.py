"""Every command explains itself."""

import subprocess

import pytest

import seqterm as package
from seqterm.app.commands import COMMANDS, Resume
from seqterm.options import parameters
from tests.cli.program import PROGRAM, SCRIPT

TYPED = [path for path in COMMANDS if not path[-1].startswith("-")]


@pytest.mark.parametrize("path", TYPED, ids=" ".join)
def test_help_names_every_option_of_a_command(seqterm, path):
    done = seqterm(*path, "--help")
    assert done.returncode == 0
    assert done.stderr == b""
    for parameter in parameters(COMMANDS[path]):
        shown = parameter.option.metavar or parameter.name.upper() if parameter.option.positional else f"--{parameter.flag}"
        assert shown in done.stdout.decode()


def test_help_of_train_names_what_goes_with_resume(seqterm):
    done = seqterm("train", "--help")
    assert done.returncode == 0
    for flag in ["--resume", *(f"--{p.flag}" for p in parameters(Resume) if not p.option.positional)]:
        assert flag in done.stdout.decode()


@pytest.mark.parametrize("words", [[], ["runs"], ["corpus"], ["vectors"]], ids=["seqterm", "runs", "corpus", "vectors"])
def test_help_of_a_group_lists_its_commands(seqterm, words):
    done = seqterm(*words, "--help")
    assert done.returncode == 0
    assert {path[len(words)] for path in TYPED if list(path[: len(words)]) == words} <= set(done.stdout.decode().split())


# fmt: off
FLAGS = [
    "epochs", "batch", "steps", "bptt-truncate", "loss-reduction", "optimizer", "clip-norm", "clip-value", "lr", "schedule",
    "warm-up", "validation", "patience", "sample-every", "time-limit", "tokens", "hidden", "layers", "embedding", "input",
    "tied", "no-bias", "dropout", "init", "precision", "reset", "update-gate", "from", "out", "quiet", "jsonl", "debug",
]
# fmt: on


@pytest.mark.parametrize("flag", FLAGS)
def test_help_of_train_gru_names(gru_help, flag):
    assert f"--{flag}" in gru_help


@pytest.fixture(scope="module")
def gru_help():
    return subprocess.run([*PROGRAM, "train", "gru", "--help"], capture_output=True, check=True, text=True).stdout.split()


def test_help_lists_the_exit_codes(seqterm):
    text = " ".join(seqterm("--help").stdout.decode().split())
    assert "0 ok, 1 failure, 2 usage, 3 data or model file, 4 training diverged, 130 interrupted" in text


@pytest.mark.parametrize("program", [PROGRAM, [str(SCRIPT)]], ids=["python -m seqterm", "seqterm"])
def test_both_ways_to_start_it_tell_the_version(program):
    done = subprocess.run([*program, "--version"], capture_output=True, check=True, text=True)
    assert done.stdout == f"seqterm, version {package.__version__}\n"
