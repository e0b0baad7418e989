"""Counter-based random numbers: the bits of the processor's.  `derive_key` and `uniform` are for the host, and need no device."""

import numpy as np

from seqterm.kernels.cuda.compile import device
from seqterm.kernels.units import random as units

mix, mix32 = map(device, (units.mix, units.mix32))
derived, to_unit = map(device, units.key_units(mix))  # what derive_key and uniform are made of, in kernels
_host_derived, _host_to_unit = units.key_units(units.mix)


def derive_key(key, counter):
    """A new key (63 bits) from a key and one counter (integers >= 0); chain it for more."""
    with np.errstate(over="ignore"):  # products of 64 bits, as they are meant
        return int(_host_derived(key, counter))


def uniform(key, counter):
    """A float64 in [0, 1) with 53 random bits."""
    return _host_to_unit(derive_key(key, counter))
