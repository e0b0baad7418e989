"""Weights as the products of this device want them: as they are."""

from seqterm.kernels.cuda.blas import transposed


def pack(w):
    """w (k, n) -> itself."""
    return w


def pack_transposed(w):
    """w (k, n) -> its transpose (n, k), which shares its memory."""
    return transposed(w)
