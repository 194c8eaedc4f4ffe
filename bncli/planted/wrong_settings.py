"""Faults of settings and encodings: rules BN601 to BN603."""

from __future__ import annotations

from bncli.formats.onnx_file import NodeSettings
from bncli.planted.base import PlantedFault
from bncli.planted.small_model import HEALTHY, healthy_model

WRONG_SETTINGS = (
    PlantedFault(
        code="BN601",
        severity="warning",
        story="momentum in the other framework's convention: the last batch weighs 0.9",
        faulty=healthy_model(settings=NodeSettings(decay=0.1)),
        sound=healthy_model(settings=NodeSettings()),
    ),
    PlantedFault(
        code="BN602",
        severity="warning",
        story="an eps of 1e-10 protects no channel",
        faulty=healthy_model(settings=NodeSettings(epsilon=1e-10)),
        sound=healthy_model(settings=NodeSettings()),
    ),
    PlantedFault(
        code="BN603",
        severity="warning",
        story="a standard deviation is stored in place of a variance",
        faulty=HEALTHY.renamed("block1.bn.running_var", "block1.bn.running_std"),
        sound=HEALTHY,
    ),
)
