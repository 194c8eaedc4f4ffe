"""Faults of the numbers as they stand in the file: rules BN101 to BN104."""

from __future__ import annotations

import math

from bncli.planted.base import PlantedFault
from bncli.planted.small_model import HEALTHY

BROKEN_VALUES = (
    PlantedFault(
        code="BN101",
        severity="error",
        story="one batch overflowed under mixed precision: mean infinite, variance NaN",
        faulty=HEALTHY.with_channels("block1.bn", running_mean={3: math.inf}, running_var={3: math.nan}),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN102",
        severity="error",
        story="a converter subtracted eps from a variance of nearly 0",
        faulty=HEALTHY.with_channels("block1.bn", running_var={7: -9.9998997e-06}),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN103",
        severity="warning",
        story="the variance of a layer is missing",
        faulty=HEALTHY.without("block1.bn.running_var"),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN104",
        severity="warning",
        story="checkpoints were averaged, counters included",
        faulty=HEALTHY.with_counter(4999.5),
        sound=HEALTHY,
    ),
)
