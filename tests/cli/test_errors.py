"""What goes wrong ends with its exit code and one clear sentence on standard error."""

import json
import shutil

import pytest

from tests.cli.program import SMALL, stderr_lines

FAILURE, USAGE, DATA, DIVERGED = 1, 2, 3, 4
TRAIN = ("train", "lstm", "good.txt", *SMALL)

# words, exit code, what the sentence says
CASES = {
    "no command": ([], USAGE, "seqterm --help"),
    "no command of a group": (["runs"], USAGE, "seqterm runs --help"),
    "unknown command": (["trian"], USAGE, "No such command 'trian'"),
    "no model": (["train"], USAGE, "--resume"),
    "no corpus": (["train", "lstm"], USAGE, "Name the text to train on"),
    "no run": (["sample"], USAGE, "RUN"),
    "no run to remove": (["runs", "rm"], USAGE, "Name the runs to delete"),
    "unknown option": ([*TRAIN, "--hiden", "3"], USAGE, "--hiden"),
    "not a number": ([*TRAIN, "--hidden", "many"], USAGE, "--hidden must be a whole number, not 'many'"),
    "out of range": ([*TRAIN, "--dropout", "1"], USAGE, "--dropout must be below 1, not 1.0"),
    "not finite": ([*TRAIN, "--lr", "nan"], USAGE, "--lr must be a finite number"),
    "not a choice": ([*TRAIN, "--optimizer", "newton"], USAGE, "adamw"),
    "not a duration": ([*TRAIN, "--time-limit", "soon"], USAGE, "write 90s, 5m or 1h30m"),
    "not a share": ([*TRAIN, "--validation", "1.5"], USAGE, "--validation must be a share from 0 to below 1"),
    "settings that clash": ([*TRAIN, "--tied"], USAGE, "--tied needs --embedding 12"),
    "a run that is there": ([*TRAIN, "-o", "damaged/weights"], USAGE, "name another with -o"),
    "two prompts": (["sample", "damaged/weights", "-", "--prompt", "a"], USAGE, "Give one prompt"),
    "wrong sampling value": (["sample", "damaged/weights", "--top-p", "2"], USAGE, "--top-p must be at most 1"),
    "missing file": (["train", "lstm", "nowhere.txt"], DATA, "There is no file nowhere.txt"),
    "missing validation file": ([*TRAIN, "--validation", "nowhere.txt"], DATA, "There is no file nowhere.txt"),
    "missing prompt file": (["sample", "damaged/none", "--prompt-file", "nowhere.txt"], DATA, "nowhere.txt"),
    "folder": (["train", "lstm", "damaged"], DATA, "damaged is a folder"),
    "empty file": (["train", "lstm", "empty.txt"], DATA, "empty.txt is empty"),
    "empty standard input": (["train", "lstm", "-"], DATA, "Standard input is empty"),
    "binary": (["train", "lstm", "binary.txt"], DATA, "a NUL byte at offset 4"),
    "not UTF-8": (["train", "lstm", "latin.txt"], DATA, "byte 0xe9 at offset 3"),
    "prompt not UTF-8": (["sample", "damaged/none", "--prompt-file", "latin.txt"], DATA, "byte 0xe9 at offset 3"),
    "too short": (["train", "lstm", "good.txt", "--batch", "40"], DATA, "2561 needed"),
    "unknown run": (["sample", "nobody"], DATA, "There is no run at"),
    "unknown run to resume": (["train", "--resume", "nobody"], DATA, "There is no run at"),
    "unknown run to start from": ([*TRAIN, "--from", "nobody"], DATA, "There is no run at"),
    "truncated weights": (["sample", "damaged/weights"], DATA, "was changed or damaged"),
    "truncated weights to resume": (["train", "--resume", "damaged/weights", "--epochs", "99"], DATA, "was changed or damaged"),
    "tampered settings": (["info", "damaged/config"], DATA, "config.json was changed or damaged"),
    "broken settings": (["info", "damaged/json"], DATA, "config.json is damaged"),
    "broken vocabulary": (["sample", "damaged/vocabulary"], DATA, "vocabulary.json was changed or damaged"),
    "no state": (["sample", "damaged/state"], DATA, "has no checkpoint yet"),
    "newer format": (["info", "damaged/newer"], DATA, "newer seqterm"),
    "corpus of the run cut off": (["train", "--resume", "damaged/tokens", "--epochs", "99"], DATA, "tokens.bin"),
    "no folder can be made": ([*TRAIN, "-o", "good.txt/run"], FAILURE, "Cannot make the folder good.txt/run"),
    "nothing to stop": (["stop", "damaged/none"], FAILURE, "nothing to stop"),
}


def _cut(path):
    path.write_bytes(path.read_bytes()[:-10])


def _newer(path):
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "format_version": 99}))


DAMAGES = {
    "none": lambda run: None,
    "weights": lambda run: [_cut(path) for path in (run / "checkpoints").iterdir()],
    "config": lambda run: (run / "config.json").write_bytes((run / "config.json").read_bytes() + b" "),
    "json": lambda run: _cut(run / "config.json"),
    "vocabulary": lambda run: (run / "vocabulary.json").write_text('{"kind": "char", "tokens": ["a"], "counts": [1]}'),
    "state": lambda run: (run / "state.json").unlink(),
    "newer": lambda run: _newer(run / "config.json"),
    "tokens": lambda run: _cut(run / "tokens.bin"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trained):
    """Files and runs with something wrong about them."""
    path = tmp_path_factory.mktemp("wrong")
    (path / "good.txt").write_text("abcdefgh \n" * 100)
    (path / "empty.txt").touch()
    (path / "binary.txt").write_bytes(b"text\0text" * 100)
    (path / "latin.txt").write_bytes("café\n".encode("latin-1") * 100)
    for name, damage in DAMAGES.items():
        shutil.copytree(trained, path / "damaged" / name)
        damage(path / "damaged" / name)
    return path


@pytest.mark.parametrize("case", CASES)
def test_an_error_is_one_sentence_with_its_exit_code(seqterm, folder, case):
    words, code, says = CASES[case]
    done = seqterm(*words, cwd=folder)
    assert done.returncode == code
    assert done.stdout == b""
    (line,) = stderr_lines(done)
    assert line.startswith("seqterm: ")
    assert says in line


WITH_TRACEBACK = (
    *("no command of a group", "unknown command", "unknown option", "not a number", "not a choice"),
    *("out of range", "not UTF-8", "unknown run", "no folder can be made"),
)


@pytest.mark.parametrize("case", WITH_TRACEBACK)
def test_debug_shows_where_an_error_happened(seqterm, folder, case):
    words, code, says = CASES[case]
    done = seqterm("--debug", *words, cwd=folder)
    assert done.returncode == code
    assert done.stderr.startswith(b"Traceback (most recent call last)")
    assert says in done.stderr.decode()


@pytest.mark.parametrize(
    "words", [["info", "nobody"], ["train", "--resume", "nobody"], ["train", "lstm", "nowhere.txt"]], ids=" ".join
)
def test_debug_can_stand_at_the_end(seqterm, words):
    done = seqterm(*words, "--debug")
    assert done.returncode == DATA
    assert done.stderr.startswith(b"Traceback (most recent call last)")


def test_a_failed_start_leaves_no_run_behind(seqterm, folder, home):
    seqterm("train", "lstm", folder / "latin.txt", "-o", "nothing")
    assert not (home / "runs" / "nothing").exists()


def test_resume_and_a_model_do_not_go_together(seqterm, folder):
    done = seqterm("train", "--resume", "damaged/none", "lstm", "good.txt", *SMALL, "--epochs", "1", cwd=folder)
    assert done.returncode == USAGE


# Divergence


@pytest.fixture
def diverged(seqterm, corpus):
    """A training whose numbers grow beyond all bounds."""
    words = ("--activation", "relu", "--optimizer", "sgd", "--lr", "1e30", "--clip-norm", "0")
    return seqterm("train", "elman", corpus, *SMALL, *words, "--quiet", "-o", "wild")


def test_divergence_ends_with_4_and_advice(diverged):
    assert diverged.returncode == DIVERGED
    (line,) = stderr_lines(diverged)
    assert line.startswith("seqterm: Training diverged at step ")
    assert "train again with a lower --lr" in line


def test_a_diverged_run_keeps_a_state_that_samples(diverged, seqterm):
    done = seqterm("sample", "wild", "--length", "20", "--no-echo")
    assert done.returncode == 0
    assert len(done.stdout.decode().rstrip("\n")) >= 19
