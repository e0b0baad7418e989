"""What is said of GPUs, by a process that finds another driver than this machine's."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("driver.c")
pytestmark = [
    pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc to compile a driver with"),
    pytest.mark.skipif(sys.platform != "linux", reason="the driver is found otherwise there"),
]


@pytest.fixture
def drive(tmp_path):
    """drive(version, gpus, major=9) -> the environment of a process that finds such a driver."""

    def made(version, gpus, major=9):
        options = [f"-DCUDA_VERSION={version}", f"-DGPUS={gpus}", f"-DMAJOR={major}", "-shared", "-fPIC"]
        subprocess.run(["gcc", *options, str(SOURCE), "-o", str(tmp_path / "libcuda.so.1")], check=True)
        return {"LD_LIBRARY_PATH": str(tmp_path)}

    return made


def said(seqterm, environment):
    done = seqterm("devices", "--jsonl", env=environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("driver", "name", "reason"),
    [
        (
            (12040, 1),
            "Some GPU, 24 GB, compute capability 9.0",
            "the NVIDIA driver is for CUDA 12.4: one for 13.0 or later is needed",
        ),
        (
            (13000, 1, 7),
            "Some GPU, 24 GB, compute capability 7.0",
            "the first GPU is of compute capability 7.0: one of 7.5 or later is needed",
        ),
        ((13000, 0), "no GPU", "the NVIDIA driver sees no GPU"),
        ((13000, -100), "no GPU", "the NVIDIA driver sees no GPU"),
        ((13000, -999), "no GPU", "the NVIDIA driver does not start (its error 999)"),
    ],
)
def test_why_none_is_used(seqterm, drive, driver, name, reason):
    cpu, cuda = said(seqterm, drive(*driver))
    assert (cpu["device"], cpu["usable"], cpu["reason"]) == ("cpu", True, "")
    assert cuda == {"event": "device", "device": "cuda", "name": name, "usable": False, "reason": reason}


def test_the_first_of_two_is_used(seqterm, drive, tmp_path):
    for package in ("numba_cuda", "nvmath"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    _, first, second = said(seqterm, {**drive(13010, 2), "PYTHONPATH": str(tmp_path)})
    assert (first["usable"], first["reason"]) == (True, "")
    assert (second["usable"], second["reason"]) == (False, "the first one is used")


def test_a_gpu_that_is_asked_for_and_cannot_be_used(seqterm, drive, tiny_run):
    done = seqterm("score", tiny_run, "--device", "cuda", env=drive(12040, 1), input=b"the red hen\n")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        "seqterm: No GPU can be used: the NVIDIA driver is for CUDA 12.4: one for 13.0 or later is needed. "
        "Leave out --device cuda to compute on the processor.\n"
    )


def test_training_says_that_a_gpu_is_not_used(seqterm, drive, corpus, tmp_path):
    words = (
        "train",
        "elman",
        corpus,
        "-o",
        tmp_path / "run",
        "--hidden",
        4,
        "--epochs",
        1,
        "--sample-length",
        0,
        "--batch",
        2,
        "--steps",
        8,
    )
    done = seqterm(*words, env=drive(12040, 1))
    assert done.returncode == 0
    assert b"Some GPU is not used, as the NVIDIA driver is for CUDA 12.4" in done.stderr


def test_without_a_driver(seqterm):
    done = seqterm("devices", env={"LD_LIBRARY_PATH": ""})
    assert done.returncode == 0
    if b"there is no NVIDIA driver" not in done.stdout:
        pytest.skip("this machine has a driver")
    assert done.stdout.decode().splitlines()[1] == "cuda  no GPU: not used, as there is no NVIDIA driver"
