"""Why arrays that seem to be a layer are no usable one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.naming_schemes import FOREIGN_STATISTICS, STATISTICS
from bncli.core.named_arrays import Skipped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from bncli.analysis.layer_grouping import LayerGroup
    from bncli.core.named_arrays import ArraySpec, LayerHint


def fault_of(group: LayerGroup) -> Skipped | None:
    """Return why a group of arrays is no batch-normalization layer that can be used, or `None` if it is one."""
    return _missing_statistic(group) or _other_class(group.hint) or _odd_array(group.layer, group.specs)


def layers_without_statistics(hints: Iterable[LayerHint], names_known: Collection[str]) -> Iterator[Skipped]:
    """Yield what a file calls batch normalization by its class, and holds no running statistics of.

    Args:
        hints: what the file says about layers.
        names_known: layers, and what is skipped already, by their paths.
    """
    for hint in hints:
        kind = (hint.class_name or "").rpartition(".")[2]
        if "BatchNorm" in kind and not hint.roles and hint.layer not in names_known:
            yield Skipped(hint.layer, f"is {kind} and keeps no running statistics")


def _missing_statistic(group: LayerGroup) -> Skipped | None:
    missing = [role for role in STATISTICS if role not in group.specs]
    if not missing:
        return None
    role = missing[0]
    foreign = next((leaf for leaf in FOREIGN_STATISTICS if leaf in group.leaves), None)
    if foreign is not None:
        return Skipped(group.layer, f"has {foreign} in place of {role}", "foreign-statistic")
    other = next(each for each in STATISTICS if each != role)
    return Skipped(group.layer, f"has {other} but no {role}", "missing-statistic")


def is_instance_norm(hint: LayerHint) -> bool:
    """Return whether the file says of a layer that it is instance normalization, which stores the same arrays."""
    return hint.class_name is not None and "InstanceNorm" in hint.class_name


def _other_class(hint: LayerHint) -> Skipped | None:
    if hint.class_name is None or not is_instance_norm(hint):
        return None
    return Skipped(hint.layer, f"is {hint.class_name.rpartition('.')[2]}, not batch normalization")


def _odd_array(layer: str, specs: Mapping[str, ArraySpec]) -> Skipped | None:
    shape = specs["running_mean"].shape
    if len(shape) != 1:
        return Skipped(layer, f"running_mean has shape {list(shape)}, not one value per channel", "shape-mismatch")
    for role, spec in specs.items():
        if role == "num_batches_tracked":
            continue
        if spec.shape != shape:
            reason = f"{role} has shape {list(spec.shape)}, running_mean {list(shape)}"
            return Skipped(layer, reason, "shape-mismatch")
        if "float" not in spec.dtype:
            return Skipped(layer, f"{role} is {spec.dtype}, not floating-point", "element-type")
    return None
