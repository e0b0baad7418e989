"""What random numbers are made of: bijections of whole numbers, on every device the same bits.

splitmix64's finaliser (Steele, Lea & Flood 2014), and a 32-bit mixer of the same form (multipliers from the "lowbias32" search,
C. Wellons).  Whole numbers of a fixed size stand in these formulas, as they are always computed in that size.
"""

import numpy as np

u32, u64 = np.uint32, np.uint64


def mix(x):
    """uint64 -> uint64, a bijection without visible structure"""
    x = u64(x + u64(0x9E3779B97F4A7C15))
    x = u64((x ^ (x >> u64(30))) * u64(0xBF58476D1CE4E5B9))
    x = u64((x ^ (x >> u64(27))) * u64(0x94D049BB133111EB))
    return u64(x ^ (x >> u64(31)))


def mix32(x):
    """uint32 -> uint32"""
    x = u32(u32(x ^ u32(x >> u32(16))) * u32(0x7FEB352D))
    x = u32(u32(x ^ u32(x >> u32(15))) * u32(0x846CA68B))
    return u32(x ^ u32(x >> u32(16)))


def key_units(mix):
    def derive_key(key, counter):
        return np.int64(mix(mix(u64(key)) ^ u64(counter)) >> u64(1))

    def to_unit(bits):
        """63 random bits -> a float64 in [0, 1) with 53 of them"""
        return (bits >> 10) * (1.0 / 9007199254740992.0)

    return derive_key, to_unit
