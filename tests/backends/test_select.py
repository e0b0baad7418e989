"""Which device computes."""

import subprocess
import sys

from seqterm.backends.select import select


def test_the_processor_with_the_threads_asked_for():
    backend = select(3)
    assert (backend.name, backend.threads) == ("cpu", 3)


def test_nothing_heavy_is_imported_before_a_device_is_asked_for():
    code = "import sys, seqterm.backends.select; print('numba' in sys.modules, 'seqterm.backends.cpu' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], timeout=60).split() == [b"False", b"False"]
