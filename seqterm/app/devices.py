"""The command Devices: what --device may name here."""

import platform
from collections.abc import Iterator
from pathlib import Path

from seqterm.app.commands import Devices
from seqterm.app.session import Session
from seqterm.backends.cpu import usable_cores
from seqterm.backends.gpus import Gpu, find_gpus
from seqterm.events import Device, Event


def devices(command: Devices, session: Session) -> Iterator[Event]:
    """The processor, then every GPU; or that there is none that can be used, and why."""
    cores = usable_cores()
    yield Device("cpu", f"{_processor()}, {cores} core{'s' if cores > 1 else ''}", True, "")
    gpus, why_none = find_gpus()
    for number, gpu in enumerate(gpus):
        reason = why_none or ("the first one is used" if number else "")
        yield Device("cuda", described(gpu), not reason, reason)
    if not gpus:
        yield Device("cuda", "no GPU", False, why_none)


def _processor() -> str:
    """Its model, where the system says."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def described(gpu: Gpu) -> str:
    if not gpu.memory:
        return gpu.name
    major, minor = gpu.capability
    return f"{gpu.name}, {gpu.memory / 1e9:.0f} GB, compute capability {major}.{minor}"
