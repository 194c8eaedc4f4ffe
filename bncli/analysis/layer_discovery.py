"""Which arrays of a file are batch-normalization layers: by their names, one table row for each framework's scheme."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.layer_labels import labels_of
from bncli.analysis.parallel_trees import join_trees
from bncli.core.batch_norm_layer import BatchNormLayer, Checkpoint, Setting
from bncli.core.named_arrays import Skipped
from bncli.errors import NoBatchNormLayers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from bncli.core.named_arrays import Array, ArraySpec, LayerHint, NamedArrays

ROLES = ("running_mean", "running_var", "weight", "bias", "num_batches_tracked")


@dataclass(frozen=True, slots=True)
class NamingScheme:
    """How one framework names the arrays of a layer, and the settings that it assumes."""

    framework: str
    leaves: tuple[str, ...]
    """Last parts of the names, in the order of `ROLES`; fewer where the framework has no counter, none where the file
    itself tells the roles of its arrays."""
    eps: float
    """The framework's default."""
    momentum: float
    """The framework's default as the weight of the new batch."""
    trees: tuple[str, str] | None = None
    """Where the statistics and the parameters of a layer lie in two trees, under like paths: the part of the path that
    is the one or the other tree; `None` where they stand side by side."""


NAMING_SCHEMES = (
    NamingScheme("torch", ("running_mean", "running_var", "weight", "bias", "num_batches_tracked"), 1e-5, 0.1),
    NamingScheme("keras", ("moving_mean", "moving_variance", "gamma", "beta"), 1e-3, 0.01),
    NamingScheme("paddle", ("_mean", "_variance", "weight", "bias"), 1e-5, 0.1),
    NamingScheme("mxnet", ("running_mean", "running_var", "gamma", "beta"), 1e-5, 0.1),
    NamingScheme("mxnet", ("moving_mean", "moving_var", "gamma", "beta"), 1e-3, 0.1),
    NamingScheme("flax", ("mean", "var", "scale", "bias"), 1e-5, 0.01, ("batch_stats", "params")),
    NamingScheme("onnx", (), 1e-5, 0.1),
    NamingScheme("caffe", (), 1e-5, 0.001),
)

FOREIGN_STATISTICS = ("running_std", "moving_std", "moving_stddev")
"""Leaves that stand for the variance in files of Keras 1 and of batch renormalization. What they hold differs from
version to version, so they are never taken for a variance."""


@dataclass(frozen=True, slots=True)
class GivenSettings:
    """Settings from the command line: they win over what the file holds and what the framework assumes."""

    eps: float | None = None
    """`None` leaves the choice to the file."""
    momentum: Setting[float | None] | None = None
    """`None` leaves the choice to the file; a `Setting` of `None` is the cumulative average."""


@dataclass(frozen=True, slots=True)
class _Group:
    """The arrays of one layer, before they are read."""

    layer: str
    scheme: NamingScheme
    specs: Mapping[str, ArraySpec]
    """By role."""


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
    skipped = list(arrays.skipped)
    groups, aliases = _without_aliases(list(_groups(arrays, skipped)))
    values = arrays.read_many(spec.name for group in groups for spec in group.specs.values())
    labels = labels_of([group.layer for group in groups])
    layers = []
    for group in groups:
        hint = arrays.hints.get(group.layer)
        layer = _layer(group, values, hint, given or GivenSettings())
        layers.append(replace(layer, label=labels[group.layer], aliases=aliases.get(group.layer, ())))
    return Checkpoint(
        path=arrays.path,
        format=arrays.format,
        size_bytes=arrays.size_bytes,
        bytes_read=arrays.bytes_read,
        layers=tuple(layers),
        skipped=tuple(skipped),
        aliases=arrays.aliases,
    )


def _groups(arrays: NamedArrays, skipped: list[Skipped]) -> Iterator[_Group]:
    told = [hint for hint in arrays.hints.values() if hint.roles]
    for hint in told:
        specs = {role: arrays.specs[hint.roles[role]] for role in ROLES if role in hint.roles}
        yield from _unless_faulty(_Group(hint.layer, _scheme_told(hint), specs), specs, hint, skipped)
    told_names = {name for hint in told for name in hint.roles.values()}
    # What the format could not use as a layer is no layer by name either: it would lack what was not usable.
    closed = {entry.name for entry in arrays.skipped}
    # Names come first: the file in which an array lies may be one of many, and is opened when its spec is asked for.
    by_layer: dict[str, dict[str, str]] = {}
    for name in arrays.specs:
        layer, leaf = _parted(name)
        if name not in told_names and layer not in closed:
            by_layer.setdefault(layer, {})[leaf] = name
    for layer, scheme, leaves in [*_joined(arrays.specs), *_side_by_side(by_layer)]:
        told_by_name = zip(ROLES, scheme.leaves, strict=False)
        specs = {role: arrays.specs[leaves[leaf]] for role, leaf in told_by_name if leaf in leaves}
        yield from _unless_faulty(_Group(layer, scheme, specs), leaves, arrays.hints.get(layer), skipped)


def _unless_faulty(
    group: _Group, leaves: Collection[str], hint: LayerHint | None, skipped: list[Skipped]
) -> Iterator[_Group]:
    fault = _fault(group.layer, group.specs, leaves, hint)
    if fault is None:
        yield group
    else:
        skipped.append(fault)


def _scheme_told(hint: LayerHint) -> NamingScheme:
    """Return the scheme of the framework that the file names; of several that whose name for the mean is used."""
    schemes = [scheme for scheme in NAMING_SCHEMES if scheme.framework == hint.framework]
    mean = hint.roles.get("running_mean", "")
    return next((scheme for scheme in schemes if scheme.leaves and mean.endswith(scheme.leaves[0])), schemes[0])


def _parted(name: str) -> tuple[str, str]:
    """Return the layer's path and the last part of an array's name, without TensorFlow's `:0`."""
    cut = max(name.rfind("."), name.rfind("/"))
    return name[: max(cut, 0)], name[cut + 1 :].removesuffix(":0")


def _joined(names: Collection[str]) -> Iterator[tuple[str, NamingScheme, Mapping[str, str]]]:
    for scheme in NAMING_SCHEMES:
        if scheme.trees is not None:
            for layer, leaves in join_trees(names, scheme.trees, scheme.leaves).items():
                yield layer, scheme, leaves


def _side_by_side(
    by_layer: Mapping[str, Mapping[str, str]],
) -> Iterator[tuple[str, NamingScheme, Mapping[str, str]]]:
    for layer, leaves in by_layer.items():
        scheme = _scheme_of(leaves)
        if scheme is not None:
            yield layer, scheme, leaves


def _scheme_of(leaves: Collection[str]) -> NamingScheme | None:
    """Return the scheme that explains most of the names; one of the two statistics is enough to speak of a layer."""
    side_by_side = [scheme for scheme in NAMING_SCHEMES if scheme.trees is None]
    candidates = [scheme for scheme in side_by_side if any(leaf in leaves for leaf in scheme.leaves[:2])]
    return max(candidates, key=lambda scheme: sum(leaf in leaves for leaf in scheme.leaves), default=None)


def _fault(
    layer: str, specs: Mapping[str, ArraySpec], leaves: Collection[str], hint: LayerHint | None
) -> Skipped | None:
    """Return why these arrays are no usable layer, or `None`."""
    for role, other in (("running_mean", "running_var"), ("running_var", "running_mean")):
        if role not in specs:
            foreign = next((leaf for leaf in FOREIGN_STATISTICS if leaf in leaves), None)
            if foreign is not None:
                return Skipped(layer, f"has {foreign} in place of {role}", "foreign-statistic")
            return Skipped(layer, f"has {other} but no {role}", "missing-statistic")
    if hint is not None and hint.class_name is not None and "InstanceNorm" in hint.class_name:
        return Skipped(layer, f"is {hint.class_name.rpartition('.')[2]}, not batch normalization")
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


def _without_aliases(groups: list[_Group]) -> tuple[list[_Group], dict[str, tuple[str, ...]]]:
    """Return each layer once, and under which other paths its memory stands."""
    first_of: dict[object, str] = {}
    kept: list[_Group] = []
    aliases: dict[str, tuple[str, ...]] = {}
    for group in groups:
        memory = tuple(group.specs[role].identity for role in ROLES[:2])
        owner = group.layer if None in memory else first_of.setdefault(memory, group.layer)
        if owner == group.layer:
            kept.append(group)
        else:
            aliases[owner] = (*aliases.get(owner, ()), group.layer)
    return kept, aliases


def _layer(group: _Group, values: Mapping[str, Array], hint: LayerHint | None, given: GivenSettings) -> BatchNormLayer:
    by_role = {role: values[spec.name] for role, spec in group.specs.items()}
    eps, momentum = _settings(group.scheme, hint, given)
    return BatchNormLayer(
        name=group.layer,
        label=group.layer,
        framework=group.scheme.framework,
        class_name=None if hint is None else hint.class_name,
        num_features=group.specs["running_mean"].shape[0],
        running_mean=by_role["running_mean"],
        running_var=by_role["running_var"],
        weight=by_role.get("weight"),
        bias=by_role.get("bias"),
        num_batches_tracked=_counter(by_role.get("num_batches_tracked")),
        eps=eps,
        momentum=momentum,
        dtype=group.specs["running_var"].dtype,
        tensors={role: spec.name for role, spec in group.specs.items()},
        training_mode=hint is not None and hint.training_mode,
    )


def _settings(
    scheme: NamingScheme, hint: LayerHint | None, given: GivenSettings
) -> tuple[Setting[float], Setting[float | None]]:
    stored = {} if hint is None else hint.settings
    eps: Setting[float] = Setting(scheme.eps, "assumed")
    if given.eps is not None:
        eps = Setting(given.eps, "given")
    elif (stored_eps := stored.get("eps")) is not None:
        eps = Setting(stored_eps, "stored")
    momentum: Setting[float | None] = Setting(scheme.momentum, "assumed")
    if given.momentum is not None:
        momentum = given.momentum
    elif "momentum" in stored:
        momentum = Setting(stored["momentum"], "stored")
    return eps, momentum


def _counter(values: Array | None) -> int | float | None:
    """Return the counter as the file has it: averaging tools turn it into a float, which must stay visible."""
    if values is None or values.size != 1:
        return None
    number = values.reshape(-1)[0]
    return int(number) if np.issubdtype(values.dtype, np.integer) else float(number)


def _why_none(arrays: NamedArrays, skipped: Sequence[Skipped]) -> tuple[str, str]:
    if arrays.without_layers is not None:
        return f"{arrays.path}: {arrays.without_layers}", "inspect the training checkpoint"
    if skipped:
        return (
            f"{arrays.path}: no usable batch-normalization layer; {skipped[0].name or 'the file'} {skipped[0].reason}",
            "give a checkpoint that holds whole layers",
        )
    return (
        f"{arrays.path}: no batch-normalization layer among {len(arrays.specs)} arrays",
        "a layer is a running_mean and a running_var side by side; exports often fold them into the convolution",
    )
