"""Which device computes."""

from seqterm.backends.base import Backend
from seqterm.backends.gpus import find_gpus
from seqterm.errors import DeviceError


def resolved(device: str) -> str:
    """ "cpu" or "cuda"; auto is a GPU where one can be used.  DeviceError where one that was asked for can't."""
    _, why_none = find_gpus() if device != "cpu" else ([], "")
    if device == "cuda" and why_none:
        raise DeviceError(f"No GPU can be used: {why_none}. Leave out --device cuda to compute on the processor.")
    return "cpu" if device == "cpu" or why_none else "cuda"


def select(threads: int | None = None, device: str = "cpu") -> Backend:
    """The backend of a resolved device; `threads`, of the processor, None: one for each usable core."""
    if device == "cuda":
        from seqterm.backends.cuda import CUDA

        return CUDA()
    from seqterm.backends.cpu import CPU

    return CPU(threads)
