import os

import pytest

from tests.kernels.cuda.device import has_gpu

# tests/kernels/test_cuda.py runs these in processes of their own: in the simulator, on a GPU, or where neither is, on `machine`.
IS_DEVICE = os.environ.get("NUMBA_ENABLE_CUDASIM") == "1" or has_gpu()
IS_MACHINE = not IS_DEVICE and os.environ.get("SEQTERM_PTX_MACHINE") == "1"
collect_ignore_glob = [] if IS_DEVICE or IS_MACHINE else ["test_*.py"]


@pytest.fixture(scope="session", autouse=True)
def device():
    if not IS_MACHINE:
        yield
        return
    from tests.kernels.cuda.machine import machine

    with machine():
        yield


def pytest_terminal_summary(terminalreporter):
    """What the kernels take of a device, where they were compiled for one that is not there."""
    if not IS_MACHINE:
        return
    from tests.kernels.cuda.machine import reports
    from tests.kernels.cuda.ptx import HEADER, kernels

    terminalreporter.write_line(HEADER)
    for line in sorted(reports):
        terminalreporter.write_line(str(line))
    for name in sorted({*kernels()} - {report.kernel for report in reports}):
        terminalreporter.write_line(f"{name} was not compiled")
