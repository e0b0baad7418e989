"""Counter-based random numbers: a value depends on its key and counters alone, never on a thread or on earlier draws.

splitmix64's finaliser (Steele, Lea & Flood 2014) mixes keys; a 32-bit mixer of the same form (multipliers from the
"lowbias32" search, C. Wellons) makes the many values of a dropout mask, as it vectorises.
"""

import numpy as np

from seqterm.kernels.cpu.compile import inlined, kernel

u32, u64 = np.uint32, np.uint64


@inlined
def mix(x):
    """uint64 -> uint64, a bijection without visible structure"""
    x = u64(x + u64(0x9E3779B97F4A7C15))
    x = u64((x ^ (x >> u64(30))) * u64(0xBF58476D1CE4E5B9))
    x = u64((x ^ (x >> u64(27))) * u64(0x94D049BB133111EB))
    return u64(x ^ (x >> u64(31)))


@inlined
def mix32(x):
    """uint32 -> uint32"""
    x = u32(u32(x ^ u32(x >> u32(16))) * u32(0x7FEB352D))
    x = u32(u32(x ^ u32(x >> u32(15))) * u32(0x846CA68B))
    return u32(x ^ u32(x >> u32(16)))


@kernel
def derive_key(key, counter):
    """A new key (63 bits, an int64) from a key and one counter (integers >= 0); chain it for more."""
    return np.int64(mix(mix(u64(key)) ^ u64(counter)) >> u64(1))


@kernel
def uniform(key, counter):
    """A float64 in [0, 1) with 53 random bits."""
    return (derive_key(key, counter) >> 10) * (1.0 / 9007199254740992.0)
