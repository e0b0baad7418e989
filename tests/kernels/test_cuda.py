"""CUDA kernels without a GPU: in the simulator, and what Numba's compiler makes of them on a machine in place of a device."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.kernels.cuda.device import has_gpu


def twins(**environment):
    """Run tests/kernels/cuda as a process of its own."""
    words = [sys.executable, "-m", "pytest", "tests/kernels/cuda", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return subprocess.run(words, capture_output=True, text=True, env={**os.environ, **environment}, timeout=600, check=False)


def test_twins_agree_in_the_simulator():
    pytest.importorskip("numba_cuda", reason="needs seqterm[cuda]")
    done = twins(NUMBA_ENABLE_CUDASIM="1")
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc puts the compiler's code on the processor")
def test_what_the_compiler_makes_agrees_and_keeps_its_numbers_in_registers():
    pytest.importorskip("numba_cuda", reason="needs seqterm[cuda]")
    done = twins(SEQTERM_PTX_MACHINE="1")
    assert done.returncode == 0, done.stdout
    table = done.stdout.partition("registers spilled shared\n")[2]
    assert "was not compiled" not in table, table
    kernels = [line.split() for line in table.splitlines()[:-1]]
    # two numbers that a sequence has for its end alone may stand aside
    assert {name: int(spilled) for name, _, spilled, _ in kernels if int(spilled) > 8} == {}
    assert kernels


def test_a_kernel_that_one_process_has_compiled_the_next_reads(tmp_path):
    pytest.importorskip("numba_cuda", reason="needs seqterm[cuda]")
    words = [sys.executable, "-m", "tests.kernels.cuda.kept"]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    for expected in ("0 1 True", "1 0 True"):
        done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=600, check=False)
        assert done.stdout.strip() == expected, done.stderr


@pytest.mark.gpu
@pytest.mark.skipif(not has_gpu(), reason="there is no GPU")
def test_twins_agree_on_the_device():
    done = twins()
    assert done.returncode == 0, done.stdout
