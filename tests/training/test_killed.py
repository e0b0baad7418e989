"""A training process that is killed without warning can be resumed, and nothing of what it would have become is lost."""

import json
import subprocess
import sys
import time

import numpy as np

SETTINGS = {"hidden": 12, "embedding": 8, "batch": 4, "steps": 16, "epochs": 20, "sample-length": 5, "threads": 2, "layers": 2}
WORDS = [
    word for name, value in {**SETTINGS, "dropout": 0.3, "save-every": "0.000001"}.items() for word in (f"--{name}", str(value))
]


def reached(run):
    """The step of the last checkpoint, -1 where there is none."""
    path = run / "state.json"
    return json.loads(path.read_bytes())["counters"]["step"] if path.exists() else -1


def test_kill_and_resume_reach_the_weights_of_an_unbroken_run(corpus, tmp_path, do, seqterm, checkpoint):
    run, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen(
        [sys.executable, "-m", "seqterm", "train", "lstm", str(corpus), "-o", str(run), *WORDS],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while reached(run) < 20 and process.poll() is None:
            time.sleep(0.001)
    finally:
        process.kill()
        process.wait(timeout=60)
    assert process.returncode != 0  # it did not end by itself
    steps = 20 * 14
    assert 20 <= reached(run) < steps

    resumed = seqterm("train", "--resume", run, "--quiet")
    assert resumed.returncode == 0, resumed.stderr.decode()
    assert reached(run) == steps

    values = {name.replace("-", "_"): value for name, value in SETTINGS.items()}
    do("train", "lstm", corpus=(str(corpus),), out=str(whole), dropout=0.3, **values)
    tensors, expected = checkpoint(run)[0], checkpoint(whole)[0]
    assert tensors.keys() == expected.keys()
    for name, tensor in expected.items():
        np.testing.assert_array_equal(tensors[name], tensor, err_msg=name)
