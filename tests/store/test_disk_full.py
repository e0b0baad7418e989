"""A disk that is full in the middle of a save.  A limit on the size of files stops a write half way, as a full disk does."""

import os
import resource
import shutil
import subprocess
import sys

import numpy as np
import pytest

import seqterm as python_api


def limited(size, *words):
    """Run the program while no file may grow beyond `size` bytes."""
    return subprocess.run(
        [sys.executable, "-m", "seqterm", *map(str, words)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        env=os.environ,
        timeout=60,
        check=False,
    )


@pytest.fixture
def full(tiny_run):
    """The result of a training that goes on until it cannot save, in a tiny run whose files were copied before."""
    shutil.copytree(tiny_run, tiny_run.with_name("copy"))
    (checkpoint,) = (tiny_run / "checkpoints").iterdir()
    return limited(checkpoint.stat().st_size - 100, "train", "--resume", tiny_run, "--epochs", "4", "--quiet")


def test_a_save_that_fails_is_one_clear_sentence(full):
    assert full.returncode == 1
    assert full.stderr.startswith("seqterm: File too large")
    assert full.stderr.count("\n") == 1


def test_the_last_good_checkpoint_survives(full, tiny_run):
    assert full.returncode == 1
    before = tiny_run.with_name("copy")
    for name in ("state.json", "config.json", "vocabulary.json", "checkpoints/28.safetensors"):
        assert (tiny_run / name).read_bytes() == (before / name).read_bytes()
    np.testing.assert_array_equal(python_api.load(str(tiny_run)).model.flat, python_api.load(str(before)).model.flat)


def test_nothing_half_written_is_left(full, tiny_run):
    assert full.returncode == 1
    names = {path.relative_to(tiny_run) for path in tiny_run.rglob("*")}
    assert names == {path.relative_to(tiny_run.with_name("copy")) for path in tiny_run.with_name("copy").rglob("*")}


def test_training_goes_on_where_it_had_saved(full, do, tiny_run):
    assert full.returncode == 1
    for run in (tiny_run, tiny_run.with_name("copy")):
        do("train", "--resume", run=str(run), epochs=4)
    models = [python_api.load(str(run)).model for run in (tiny_run, tiny_run.with_name("copy"))]
    np.testing.assert_array_equal(models[0].flat, models[1].flat)


def test_no_room_for_the_text_leaves_no_folder(corpus, tmp_path):
    result = limited(500, "train", "lstm", corpus, "-o", tmp_path / "run", "--batch", "4", "--steps", "16", "--quiet")
    assert result.returncode == 1
    assert result.stderr.startswith("seqterm: File too large")
    assert not (tmp_path / "run").exists()
