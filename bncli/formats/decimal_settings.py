"""Settings that files store as float32, as the decimals that people wrote."""

from __future__ import annotations

from decimal import Decimal

import numpy as np


def shortest_float32(number: float) -> float:
    """Return the double with the shortest decimal that is this float32: 1e-05 for 9.999999747e-06."""
    return float(str(np.float32(number)))


def weight_of_new_batch(decay: float) -> float:
    """Return the momentum in our convention of a decay, the weight of the old value, stored as float32.

    A decay of 0.9 gives 0.1, and not the 0.09999999999999998 that is the difference of the two doubles.
    """
    return float(1 - Decimal(str(np.float32(decay))))
