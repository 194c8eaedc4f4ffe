"""Faults of single channels against the others of their layer: rules BN301 to BN309."""

from __future__ import annotations

from bncli.planted.base import PlantedFault
from bncli.planted.small_model import HEALTHY, ChannelValues

_QUIET: ChannelValues = {2: 0.01, 5: 0.01}
"""A small weight: the gain of a channel with next to no variance would be a fault of its own."""
_AT_ZERO: ChannelValues = {2: 0.0, 5: 0.0}

_QUIETED = HEALTHY.with_channels("block1.bn", weight=_QUIET, bias=_AT_ZERO, running_mean=_AT_ZERO)
_OFF: ChannelValues = dict.fromkeys(range(5), -4.0)
_UNIT: ChannelValues = dict.fromkeys(range(5), 1.0)

ODD_CHANNELS = (
    PlantedFault(
        code="BN301",
        severity="warning",
        story="two convolution filters died: no variance is left",
        faulty=_QUIETED.with_channels("block1.bn", running_var={2: 1e-20, 5: 3e-20}),
        sound=_QUIETED,
    ),
    PlantedFault(
        code="BN302",
        severity="info",
        story="two variances are below eps, which sets the gain there",
        faulty=_QUIETED.with_channels("block1.bn", running_var={2: 5e-6, 5: 5e-6}),
        sound=_QUIETED,
    ),
    PlantedFault(
        code="BN303",
        severity="warning",
        story="weight decay drove the scale of two channels to 0",
        faulty=_QUIETED.with_channels("block1.bn", weight={2: 1e-6, 5: 1e-7}),
        sound=_QUIETED,
    ),
    PlantedFault(
        code="BN304",
        severity="warning",
        story="five shifts lie so low that a ReLU is never on",
        faulty=HEALTHY.with_channels("block1.bn", weight=_UNIT, bias=_OFF),
        sound=HEALTHY.with_channels("block1.bn", weight=_UNIT),
    ),
    PlantedFault(
        code="BN305",
        severity="info",
        story="a shift lies so high that a ReLU is always on",
        faulty=HEALTHY.with_channels("block1.bn", weight={2: 1.0}, bias={2: 4.0}),
        sound=HEALTHY.with_channels("block1.bn", weight={2: 1.0}),
    ),
    PlantedFault(
        code="BN306",
        severity="warning",
        story="one channel is scaled 30 times as much as the others",
        faulty=HEALTHY.with_channels("block1.bn", weight={2: 30.0}),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN307",
        severity="warning",
        story="a mean lies 20 standard deviations from 0",
        faulty=HEALTHY.with_channels("block1.bn", running_mean={2: -20.0}, running_var={2: 1.0}),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN308",
        severity="info",
        story="inputs in different units: variances from 0.0001 to 1,000",
        faulty=_QUIETED.with_channels("block1.bn", running_var={2: 1e-4, 5: 1e3}),
        sound=_QUIETED,
    ),
    PlantedFault(
        code="BN309",
        severity="warning",
        story="one layer's statistics were loaded into two",
        faulty=HEALTHY.with_arrays(
            {f"block2.bn.{role}": HEALTHY.arrays[f"block1.bn.{role}"] for role in ("running_mean", "running_var")}
        ),
        sound=HEALTHY,
    ),
)
