"""Counter-based random numbers: a value depends on its key and counters alone, never on a thread or on earlier draws.

`mix` makes keys; `mix32` makes the many values of a dropout mask, as it vectorises.
"""

from seqterm.kernels.cpu.compile import inlined, kernel
from seqterm.kernels.units import random as units

mix, mix32 = map(inlined, (units.mix, units.mix32))
_derived, _to_unit = map(inlined, units.key_units(mix))


@kernel
def derive_key(key, counter):
    """A new key (63 bits, an int64) from a key and one counter (integers >= 0); chain it for more."""
    return _derived(key, counter)


@kernel
def uniform(key, counter):
    """A float64 in [0, 1) with 53 random bits."""
    return _to_unit(_derived(key, counter))
