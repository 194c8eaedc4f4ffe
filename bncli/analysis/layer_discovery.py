"""Which batch-normalization layers a file holds: their arrays are found, judged, and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.affine_layers import affine_layers
from bncli.analysis.empty_parameters import without_empty_parameters
from bncli.analysis.layer_faults import fault_of, is_instance_norm, layers_without_statistics
from bncli.analysis.layer_grouping import layer_groups, without_aliases
from bncli.analysis.layer_labels import labels_of, shown_name
from bncli.analysis.layer_settings import GivenSettings, eps_of, momentum_of
from bncli.analysis.unusable_counter import without_unusable_counter
from bncli.core.batch_norm_layer import BatchNormLayer, Checkpoint
from bncli.errors import NoBatchNormLayers
from bncli.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bncli.analysis.layer_grouping import LayerGroup
    from bncli.core.named_arrays import Array, NamedArrays, Skipped


def discover(arrays: NamedArrays, given: GivenSettings | None = None) -> Checkpoint:
    """Return the batch-normalization layers of an open file, as `survey` does; a file without any is an error.

    Raises:
        NoBatchNormLayers: the file has none.
        MalformedFile: bytes of a layer's arrays are missing.
    """
    checkpoint = survey(arrays, given)
    if not checkpoint.layers:
        raise NoBatchNormLayers(*_why_none(arrays, checkpoint.skipped))
    return checkpoint


def survey(arrays: NamedArrays, given: GivenSettings | None = None) -> Checkpoint:
    """Return the batch-normalization layers of an open file, none if it has none; only their arrays are read.

    A layer is what the file itself says is one, or else where a running mean and a running variance stand side by side
    by their names. Layers whose arrays are the same memory are listed once, with the other paths as aliases.
    InstanceNorm stores arrays of the same names: it is left out where the file names the class, and can't be told apart
    where it does not.

    Args:
        arrays: the open file.
        given: settings that win over those in the file.

    Raises:
        MalformedFile: bytes of a layer's arrays are missing.
    """
    usable, faults = _usable(arrays)
    groups, aliases = without_aliases(usable)
    values = arrays.read_many(spec.name for group in groups for spec in group.specs.values())
    labels = labels_of([group.layer for group in groups])
    given = given or GivenSettings()
    return Checkpoint(
        path=arrays.path,
        format=arrays.format,
        size_bytes=arrays.size_bytes,
        bytes_read=arrays.bytes_read,
        layers=tuple(
            _layer(group, labels[group.layer], aliases.get(group.layer, ()), values, given) for group in groups
        ),
        skipped=(*arrays.skipped, *faults),
        aliases=arrays.aliases,
    )


def _usable(arrays: NamedArrays) -> tuple[list[LayerGroup], list[Skipped]]:
    """Return the groups that are usable layers, and what is wrong with the others."""
    usable: list[LayerGroup] = []
    faults: list[Skipped] = []
    names_known = {entry.name for entry in arrays.skipped}
    for found in layer_groups(arrays):
        names_known.add(found.layer)
        group, empty = without_empty_parameters(found)
        group, not_counting = without_unusable_counter(group)
        faults += empty + not_counting
        fault = fault_of(group)
        if fault is None:
            usable.append(group)
        else:
            faults.append(fault)
    return usable, [*faults, *layers_without_statistics(arrays.hints.values(), names_known)]


def _layer(
    group: LayerGroup, label: str, aliases: tuple[str, ...], values: Mapping[str, Array], given: GivenSettings
) -> BatchNormLayer:
    by_role = {role: values[spec.name].reshape(spec.shape) for role, spec in group.specs.items()}
    return BatchNormLayer(
        name=group.layer,
        label=label,
        framework=group.scheme.framework,
        class_name=group.hint.class_name,
        num_features=group.specs["running_mean"].shape[0],
        running_mean=by_role["running_mean"],
        running_var=by_role["running_var"],
        weight=by_role.get("weight"),
        bias=by_role.get("bias"),
        num_batches_tracked=_counter(by_role.get("num_batches_tracked")),
        eps=eps_of(group.scheme, group.hint.settings, given),
        momentum=momentum_of(group.scheme, group.hint.settings, given),
        dtype=group.specs["running_var"].dtype,
        tensors={role: spec.name for role, spec in group.specs.items()},
        aliases=aliases,
        is_tracking=group.hint.is_tracking,
        training_mode=group.hint.training_mode,
        producer_bias=group.hint.producer_bias,
    )


def _counter(values: Array | None) -> int | float | None:
    """Return the counter as the file has it: averaging tools turn it into a float, which must stay visible."""
    if values is None:
        return None
    number = values.reshape(-1)[0]
    return int(number) if values.dtype.kind in "iu" else float(number)


def _why_none(arrays: NamedArrays, skipped: Sequence[Skipped]) -> tuple[str, str]:
    if arrays.without_layers is not None:
        return f"{arrays.path}: {arrays.without_layers}", "inspect the training checkpoint"
    if skipped:
        hint = arrays.hints.get(skipped[0].name)
        return (
            f"{arrays.path}: no usable batch-normalization layer; {skipped[0].name or 'the file'}: {skipped[0].reason}",
            "give a model that has batch normalization"
            if hint is not None and is_instance_norm(hint)
            else "give a checkpoint that holds whole layers",
        )
    without_statistics = affine_layers(arrays)
    return (
        f"{arrays.path}: no batch-normalization layer among {count(len(arrays.specs), 'array')}",
        f"{shown_name(without_statistics[0])} has weight and bias only: layer or group normalization, "
        "track_running_stats=False, or a file of parameters without buffers, such as an adapter or an average"
        if without_statistics
        else "a layer is a running_mean and a running_var side by side; exports often fold them into the convolution",
    )
