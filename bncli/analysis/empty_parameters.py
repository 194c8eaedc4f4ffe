"""Scales and shifts without a value: what sharded training leaves in a layer's place, while its buffers are whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.core.named_arrays import Skipped

if TYPE_CHECKING:
    from bncli.analysis.layer_grouping import LayerGroup

_EMPTY = (0,)
_PARAMETERS = ("weight", "bias")


def without_empty_parameters(group: LayerGroup) -> tuple[LayerGroup, list[Skipped]]:
    """Return a group without its empty scale and shift, and each of these as skipped.

    DeepSpeed's ZeRO and FSDP keep the values of parameters in flat arrays of their own, part by part on each rank, and
    save empty ones under the names of the layers. A layer of no channels is left as it is.
    """
    mean = group.specs.get("running_mean")
    if mean is None or mean.shape == _EMPTY:
        return group, []
    empty = [role for role in _PARAMETERS if role in group.specs and group.specs[role].shape == _EMPTY]
    if not empty:
        return group, []
    kept = {role: spec for role, spec in group.specs.items() if role not in empty}
    reason = "is empty: sharded training keeps its values in other files"
    return replace(group, specs=kept), [Skipped(group.specs[role].name, reason) for role in empty]
