"""Every command that the README shows runs, in its order, as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seqterm.app.commands import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands():
    """Lines of the shell blocks, without the set-up commands, which the checks run on a copy of the tree."""
    lines = "".join(blocks("sh")).splitlines()
    return [line for line in lines if "venv" not in line]


@pytest.fixture
def folder(tmp_path):
    """A folder like a checkout: the corpora are at hand."""
    (tmp_path / "corpora").symlink_to(ROOT / "corpora")
    return tmp_path


def test_the_readme_shows_the_two_set_up_commands():
    set_up = [line for line in "".join(blocks("sh")).splitlines() if "venv" in line]
    assert len(set_up) == 2
    assert "seqterm train lstm wend" in set_up[0]
    assert "pytest" in set_up[1]


def test_commands_and_python_run_in_order(folder):
    bin_folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    for command in commands():
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    for code in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "(8, 64)" in done.stdout


def test_every_program_command_is_shown():
    for path in COMMANDS:
        assert f"seqterm {' '.join(path)}" in README
