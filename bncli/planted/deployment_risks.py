"""Faults that show when a model is converted, quantized or exported: rules BN501 to BN508."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bncli.formats.onnx_file import NodeSettings
from bncli.planted.base import PlantedFault
from bncli.planted.small_model import HEALTHY, LAYERS, healthy_model

_GRAPH = healthy_model(settings=NodeSettings())
_LINEAR = {"block1.bn.linear.weight": np.eye(LAYERS["block1.bn"], dtype=np.float32)}

DEPLOYMENT_RISKS = (
    PlantedFault(
        code="BN501",
        severity="error",
        story="a variance of 89,549 becomes infinite in float16",
        faulty=HEALTHY.with_channels("block1.bn", running_var={2: 89_549.0}),
        sound=HEALTHY,
        options=("--target", "fp16"),
    ),
    PlantedFault(
        code="BN502",
        severity="warning",
        story="statistics in bfloat16 stop before they reach the batches'",
        faulty=replace(HEALTHY, bfloat16=frozenset(name for name in HEALTHY.arrays if ".running_" in name)),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN503",
        severity="warning",
        story="one channel's scale takes the int8 range of the others",
        faulty=HEALTHY.with_channels("block1.bn", weight={2: 30.0}),
        sound=HEALTHY,
        options=("--target", "int8"),
        companions=frozenset({"BN306"}),  # the same state, which matters without quantization too
    ),
    PlantedFault(
        code="BN505",
        severity="warning",
        story="variances near 0.001: a port with Keras' eps computes something else",
        faulty=HEALTHY.with_inputs_scaled(0.03),
        sound=HEALTHY,
    ),
    PlantedFault(
        code="BN506",
        severity="error",
        story="exported in train mode",
        faulty=healthy_model(settings=NodeSettings(training_mode=True)),
        sound=_GRAPH,
    ),
    PlantedFault(
        code="BN508",
        severity="info",
        story="a bias before the layer, which subtracts it again",
        faulty=_GRAPH.with_arrays(
            {**_LINEAR, "block1.bn.linear.bias": np.linspace(-1, 1, LAYERS["block1.bn"], dtype=np.float32)}
        ),
        sound=_GRAPH.with_arrays(_LINEAR),
    ),
)
