"""Settings files as a user meets them."""

import json
import os
import shlex
import subprocess
import sys
import tomllib

import numpy as np
import pytest

from tests.cli.program import SMALL, last_checkpoint, stderr_lines

USAGE, DATA = 2, 3
TINY = "hidden = 12\nembedding = 8\nbatch = 4\nsteps = 16\nthreads = 2\nsample-length = 0\nepochs = 2\n"


@pytest.fixture
def folder(tmp_path, corpus):
    """A project: a text, and a settings file to write."""
    path = tmp_path / "project"
    path.mkdir()
    (path / "text.txt").write_text(corpus.read_text())
    return path


def config(run):
    return json.loads((run / "config.json").read_bytes())


def assert_same(run, other):
    first, second = last_checkpoint(run), last_checkpoint(other)
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        np.testing.assert_array_equal(tensor, second[name], err_msg=name)


def test_a_run_is_made_again_without_the_files(seqterm, folder, tmp_path, home):
    (folder / "seqterm.toml").write_text(
        f"[train]\n{TINY}seed = 3\n[train.lstm]\nforget-bias = 0.5\nmin-count = 2\nlr = 0.01\n[profile.wide.train]\nhidden = 20\n"
    )
    base, again = tmp_path / "base", tmp_path / "again"
    assert seqterm("train", "lstm", folder / "text.txt", "-o", base, cwd=folder).returncode == 0
    assert config(base)["model_settings"]["forget_bias"] == 0.5
    # what a file says gives way to the run to start from
    tuned = tmp_path / "tuned"
    done = seqterm("train", "lstm", folder / "text.txt", "--from", base, "--profile", "wide", "-o", tuned, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert config(tuned)["model_settings"] == config(base)["model_settings"]
    for run in (base, tuned):
        words = shlex.split(config(run)["command"])[1:]
        assert "--hidden" in words if run == base else "--hidden" not in words
        words[words.index("--out") + 1] = str(again / run.name)
        assert seqterm(*words, cwd=tmp_path).returncode == 0
        assert_same(run, again / run.name)


def test_what_was_typed_is_still_refused_where_it_does_not_fit(seqterm, folder, trained):
    (folder / "seqterm.toml").write_text("[train.lstm]\nhidden = 5\nembedding = 5\n")
    done = seqterm("train", "lstm", "text.txt", "--from", trained, "--hidden", "7", cwd=folder)
    assert done.returncode == USAGE
    assert "--hidden 7 does not fit --from" in done.stderr.decode()


def test_an_error_about_a_value_that_was_not_typed_says_whose_it_is(seqterm, folder):
    (folder / "seqterm.toml").write_text("[train]\nembedding = 5\n")
    done = seqterm("train", "lstm", "text.txt", *SMALL[:2], "--tied", cwd=folder)
    assert done.returncode == USAGE
    (line,) = stderr_lines(done)
    assert "--tied needs --embedding 12" in line
    assert f"(--embedding is from project: {folder / 'seqterm.toml'}, [train])" in line


def test_lags_in_a_file_and_a_criterion_that_is_typed_go_together(seqterm, folder, tmp_path):
    rows = np.random.default_rng(1).normal(size=80).cumsum()
    (folder / "walk.csv").write_text("x\n" + "\n".join(f"{row:.4f}" for row in rows))
    (folder / "seqterm.toml").write_text("[train.ar]\nlags = 9\ncriterion = 'bic'\n")
    for words, out in (([], "a"), (["--criterion", "aic", "--max-lags", "3"], "b")):
        done = seqterm("train", "ar", "walk.csv", *words, "-o", tmp_path / out, "--quiet", cwd=folder)
        assert done.returncode == 0, done.stderr
    assert config(tmp_path / "a")["model_settings"]["lags"] == 9
    assert "--criterion" not in config(tmp_path / "a")["command"]
    assert config(tmp_path / "b")["model_settings"]["lags"] <= 3
    assert "--lags" not in config(tmp_path / "b")["command"]


def test_text_settings_in_a_file_say_nothing_to_a_series(seqterm, folder, tmp_path):
    rows = np.random.default_rng(1).normal(size=(60, 1)) + np.repeat([0, 5, 0], 20)[:, None]
    (folder / "walk.csv").write_text("x\n" + "\n".join(f"{row:.4f}" for row in rows[:, 0]))
    (folder / "seqterm.toml").write_text("[train]\nlowercase = true\ntokens = 'word'\n")
    words = ("walk.csv", "--emission", "gaussian", "--states", "2", "--epochs", "3", "-o", tmp_path / "run", "--quiet")
    done = seqterm("train", "hmm", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "--tokens" not in config(tmp_path / "run")["command"]


def test_sample_needs_no_run_where_a_file_names_it(seqterm, folder, trained):
    (folder / "seqterm.toml").write_text(f"[sample]\nrun = {json.dumps(str(trained))}\nlength = 30\nseed = 5\n")
    by_file = seqterm("sample", "-p", "the ", cwd=folder)
    typed = seqterm("sample", trained, "-p", "the ", "--length", "30", "--seed", "5")
    assert by_file.returncode == typed.returncode == 0
    assert by_file.stdout == typed.stdout
    assert seqterm("sample", trained, "-p", "the ", "--length", "0", cwd=folder).stdout == b"the \n"


def test_config_show_writes_a_file_that_says_the_same(seqterm, folder):
    (folder / "seqterm.toml").write_text(f"[train]\n{TINY}corpus = ['a b.txt', 'c\"d']\n[sample]\nprompt = 'é\\n'\n")
    shown = seqterm("config", "show", "--origins", cwd=folder)
    assert shown.returncode == 0
    (folder / "seqterm.toml").write_bytes(shown.stdout)
    again = seqterm("config", "show", cwd=folder).stdout.decode()
    assert tomllib.loads(again) == tomllib.loads(shown.stdout.decode())
    assert tomllib.loads(again)["train"]["lstm"]["corpus"] == ["a b.txt", 'c"d']
    assert "a b.txt" in shown.stdout.decode()


def test_config_show_gives_objects(seqterm, folder):
    (folder / "seqterm.toml").write_text("[sample]\nlength = 3\n")
    lines = seqterm("config", "show", "--jsonl", cwd=folder).stdout.decode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"event": "setting", "table": "sample", "name": "length", "value": 3, "origin": None}
    ]


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["sample", "--help"], ["help"], ["help", "settings"], ["paths"], ["runs", "list"]],
    ids=" ".join,
)
def test_a_broken_file_keeps_no_help_from_working(seqterm, folder, words):
    (folder / "seqterm.toml").write_text("broken")
    done = seqterm(*words, cwd=folder, env={"SEQTERM_CONFIG": str(folder / "seqterm.toml")})
    assert done.returncode == 0


@pytest.mark.parametrize("words", [["config", "show"], ["sample", "x"], ["train", "--resume", "x"]], ids=" ".join)
def test_a_broken_file_is_one_sentence(seqterm, folder, words):
    (folder / "seqterm.toml").write_text("[sample]\nlength = \n")
    done = seqterm(*words, cwd=folder)
    assert done.returncode == DATA
    (line,) = stderr_lines(done)
    assert line.startswith(f"seqterm: {folder / 'seqterm.toml'} is no TOML: ")
    assert "line 2" in line


def test_profile_stands_after_the_model(seqterm):
    done = seqterm("train", "--profile", "tiny", "lstm", "x")
    assert done.returncode == USAGE
    assert "Give options after the model" in done.stderr.decode()


# Completion


@pytest.mark.parametrize(
    ("line", "completions"),
    [
        ("seqterm sample x --profile ", ["big", "medium", "small", "tiny"]),
        ("seqterm sample x --profile t", ["tiny"]),
        ("seqterm config show tr", ["train"]),
        ("seqterm config show train g", ["glove", "gru"]),
        ("seqterm help e", ["exit-codes"]),
        ("seqterm help s", ["sample", "sampling", "score", "settings", "similar", "stop"]),
        ("seqterm help train l", ["lstm"]),
        ("seqterm he", ["help"]),
    ],
)
def test_names_are_completed(folder, line, completions):
    (folder / "seqterm.toml").write_text("[profile.tiny.sample]\nlength = 3\n[profile.big.sample]\nlength = 3\n")
    variables = {"_SEQTERM_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    done = _completed(variables, folder)
    assert done == [f"plain,{name}" for name in completions]


def test_a_broken_file_completes_nothing_and_complains_not(folder):
    (folder / "seqterm.toml").write_text("broken")
    line = "seqterm sample x --profile "
    variables = {"_SEQTERM_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": "4"}
    assert _completed(variables, folder) == []


def _completed(variables, folder):
    """What the shell is told, by the program under its own name."""
    launch = "import sys; sys.argv = ['seqterm']; from seqterm.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", launch], env={**os.environ, **variables}, cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()
