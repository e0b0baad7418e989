"""Clocks and memory of the process that measures itself."""

import gc
import time
from collections.abc import Callable
from pathlib import Path


def rate(work: Callable[[], int], seconds: float) -> dict[str, float]:
    """work() does something and says how many tokens that was; tokens per second over about so many seconds."""
    tokens, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds or not tokens:
        tokens += work()
    return {"rate": tokens / elapsed}


def updates_a_second(update: Callable[[], int]) -> Callable[[float], dict[str, float]]:
    """Warmed up; a round's tokens a second."""
    for _ in range(3):
        update()
    return lambda seconds: rate(update, seconds)


def held() -> int:
    """Bytes of memory that the process holds (Linux)."""
    return _status("VmRSS")


def peak(work: Callable[[], object]) -> int:
    """The most bytes that the process held during work() (Linux)."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    work()
    return _status("VmHWM")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(name)))


def read_lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").split("\n")
