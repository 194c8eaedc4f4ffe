"""A stored number as it is written: a float32 of 0.1 is 0.1, not 0.10000000149011612."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def stored_decimal(number: np.generic[Any]) -> float:
    """Return the float whose shortest decimal is the shortest one that tells `number` from its neighbours."""
    return float(str(number))
