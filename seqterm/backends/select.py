"""Which device computes."""

from seqterm.backends.base import Backend


def select(threads: int | None = None) -> Backend:
    """The processor; `threads` None: one for each usable core."""
    from seqterm.backends.cpu import CPU

    return CPU(threads)
