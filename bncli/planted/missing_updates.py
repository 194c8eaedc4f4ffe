"""Faults of how the statistics were updated: rules BN201 to BN206."""

from __future__ import annotations

import numpy as np

from bncli.formats.onnx_file import NodeSettings
from bncli.planted.base import PlantedFault
from bncli.planted.small_model import HEALTHY, LAYERS, healthy_model

MISSING_UPDATES = (
    PlantedFault(
        code="BN201",
        severity="error",
        story="a trained layer lost its statistics: mean 0 and variance 1",
        faulty=HEALTHY.with_arrays(
            {
                "block1.bn.running_mean": np.zeros(LAYERS["block1.bn"], np.float32),
                "block1.bn.running_var": np.ones(LAYERS["block1.bn"], np.float32),
            }
        ),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN202",
        severity="warning",
        story="a layer was widened, and two channels never updated",
        faulty=HEALTHY.with_channels("block1.bn", running_mean={14: 0.0, 15: 0.0}, running_var={14: 1.0, 15: 1.0}),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN203",
        severity="info",
        story="converted from a framework that counts no updates",
        faulty=HEALTHY.with_counter(0),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN204",
        severity="error",
        story="saved after 10 updates: the initial 0 and 1 still weigh 35 %",
        faulty=HEALTHY.with_counter(10),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN205",
        severity="warning",
        story="activation checkpointing updated two layers twice a step",
        faulty=HEALTHY.with_counter(10_000, ["block1.bn", "block2.bn"]),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN206",
        severity="info",
        story="a momentum of 0.25 averages 7 batches",
        faulty=healthy_model(settings=NodeSettings(decay=0.75)),
        sound=healthy_model(settings=NodeSettings()),
    ),
)
