"""Where compiled kernels are kept."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import seqterm.kernels
from seqterm.kernels.cpu import compile as compiling
from seqterm.kernels.cpu import lstm
from tests.kernels.cpu import first_run

SOURCES = Path(seqterm.kernels.__file__).parent


@pytest.fixture
def copy(tmp_path):
    """A copy of the kernels' sources."""
    return Path(shutil.copytree(SOURCES, tmp_path / "kernels", ignore=shutil.ignore_patterns("__pycache__")))


def folder_of(sources):
    """cache_folder() as the sources in this folder give it."""
    spec = importlib.util.spec_from_file_location("compile_of_a_copy", sources / "cpu" / "compile.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.cache_folder()


def test_the_same_sources_share_a_folder(copy):
    assert folder_of(copy) == compiling.cache_folder()


@pytest.mark.parametrize("path", ["units/lstm.py", "cpu/activation.py", "cpu/lstm.py"])
def test_an_edited_source_has_another_folder(copy, path):
    before = folder_of(copy)
    source = copy / path
    source.write_text(source.read_text() + "\n# edited\n")
    assert folder_of(copy).name != before.name


def test_a_source_more_has_another_folder(copy):
    before = folder_of(copy)
    (copy / "units" / "another.py").write_text("")
    assert folder_of(copy).name != before.name


def test_an_environment_variable_moves_the_folder(copy, tmp_path, monkeypatch):
    before = folder_of(copy)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "elsewhere"))
    assert folder_of(copy) == tmp_path / "elsewhere" / before.name


def test_kernels_are_kept_in_that_folder():
    assert compiling.cache_folder() in Path(lstm.lstm_sequence_forward.stats.cache_path).parents


def test_other_users_of_numba_keep_their_own_folder():
    before = compiling.config.CACHE_DIR
    compiling.kernel(lambda x: x)
    assert before == compiling.config.CACHE_DIR


def test_a_first_run_which_compiles_has_the_bits_of_those_that_follow(tmp_path):
    """Sums may be ordered by the code around them, so that a kernel must not be another one in the process that compiles it."""

    def run():
        command = [sys.executable, "-m", first_run.__name__]
        variables = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        folder = Path(__file__).parents[3]
        done = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True, check=True, timeout=500)
        return done.stdout.splitlines(), {path for path in tmp_path.rglob("*") if path.suffix == ".nbc"}

    (first, compiled), (second, kept) = run(), run()
    assert len(first) == len(first_run.MODELS)
    assert compiled
    assert kept == compiled
    assert second == first
