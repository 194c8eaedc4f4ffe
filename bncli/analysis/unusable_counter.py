"""Counters of updates that are no single number: a layer is read without such a one, and the report tells of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.core.named_arrays import Skipped

if TYPE_CHECKING:
    from bncli.analysis.layer_grouping import LayerGroup
    from bncli.core.named_arrays import ArraySpec

_ROLE = "num_batches_tracked"


def without_unusable_counter(group: LayerGroup) -> tuple[LayerGroup, list[Skipped]]:
    """Return a group without its counter if that is none, and the counter as skipped.

    A float is one: tools that average files make it so. Without a counter the layer is whole all the same.
    """
    reason = _fault(group.specs[_ROLE]) if _ROLE in group.specs else None
    if reason is None:
        return group, []
    kept = {role: spec for role, spec in group.specs.items() if role != _ROLE}
    return replace(group, specs=kept), [Skipped(group.specs[_ROLE].name, reason)]


def _fault(spec: ArraySpec) -> str | None:
    if math.prod(spec.shape) != 1:
        return f"has shape {list(spec.shape)}, not a single number"
    if "int" not in spec.dtype and "float" not in spec.dtype:
        return f"is {spec.dtype}, which counts nothing"
    return None
