"""Starts the workbench, and ends it with its process."""

import os
import signal
import sys
from types import FrameType

from seqterm.tui.app import LAST_WORDS, Workbench

TURN = 0.001  # seconds for which a thread that computes may keep the screen waiting, at each thing that this does


def start() -> int:
    """-> exit code"""
    workbench = Workbench()
    sys.setswitchinterval(TURN)

    def leave(signum: int, frame: FrameType | None) -> None:
        """The terminal is gone, or somebody ends the process: nothing is asked."""
        workbench.call_later(workbench.leave)

    for name in ("SIGHUP", "SIGTERM"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), leave)
    workbench.run()
    for job in workbench.jobs:
        job.join(LAST_WORDS)
    code = workbench.return_code or 0
    if any(not job.join(0) for job in workbench.jobs):  # a thread that still computes keeps no process alive
        sys.stdout.flush()
        os._exit(code)
    return code
