"""What is imported when: light commands stay light, and nothing needs Unix to start."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import seqterm

PACKAGE = Path(seqterm.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"numpy", "numba", "scipy", "rich", "textual"}
UNIX_ONLY = ["fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"]
LAUNCH = "import sys; sys.argv = ['seqterm', *sys.argv[1:]]; from seqterm.cli.main import main; main()"


def imported(*words, env=None):
    """The top-level names of all modules that a Python process imports."""
    result = subprocess.run(
        [sys.executable, "-X", "importtime", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
        check=True,
    )
    return result.stdout, set(re.findall(r"^import time: .*\| +([\w]+)", result.stderr, re.MULTILINE))


def imports_of(path):
    """The names of all modules that a source file names in an import, wherever in it that stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_probe_sees_what_is_imported():
    _, names = imported("-c", "import numpy.linalg")
    assert "numpy" in names
    assert "rich" not in names


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["train", "lstm", "--help"], ["sample", "--help"]], ids=" ".join)
def test_help_imports_nothing_heavy(words):
    output, names = imported("-m", "seqterm", *words)
    assert "seqterm" in output
    assert names & HEAVY == set()


@pytest.mark.parametrize(
    ("line", "completion"),
    [("seqterm tr", "train"), ("seqterm train lstm --hid", "--hidden"), ("seqterm train lstm tal", "tales")],
)
def test_shell_completion_imports_nothing_heavy(line, completion):
    typed = {"_SEQTERM_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    output, names = imported("-c", LAUNCH, env=typed)
    assert f"plain,{completion}" in output.splitlines()
    assert names & HEAVY == set()


def test_the_command_line_is_imported_without_anything_heavy():
    _, names = imported("-c", "import seqterm.cli.main")
    assert names & HEAVY == set()


def test_the_one_way_in_needs_no_face():
    _, names = imported("-c", "import seqterm.app.run")
    assert names & {"click", "rich", "textual", "prompt_toolkit"} == set()


def test_the_command_line_starts_where_unix_modules_are_missing():
    forbid = f"import sys; sys.modules.update(dict.fromkeys({UNIX_ONLY!r}))\n"
    script = forbid + LAUNCH.replace("import sys; ", "")
    result = subprocess.run([sys.executable, "-c", script, "--help"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_source_file_imports_pickle_or_a_unix_module(path):
    forbidden = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", *UNIX_ONLY}
    assert {name.split(".")[0] for name in imports_of(path)} & forbidden == set()
