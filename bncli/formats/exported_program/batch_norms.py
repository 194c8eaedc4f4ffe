"""What the graph of an exported program says about its normalization layers: their arrays, settings and classes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bncli.core.named_arrays import LayerHint
from bncli.formats.traced_momentum import is_momentum_recorded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bncli.core.named_arrays import SettingName

_OPERATORS = "torch.ops.aten."
_INPUT_ROLES = ("running_mean", "running_var", "weight", "bias")
_COUNTER = "num_batches_tracked"
_EPS_NAMES = ("eps", "epsilon")
_CONVOLUTIONS = ("conv1d", "conv2d", "conv3d", "convolution")


def layer_hints(program: Mapping[str, Any], names: Collection[str]) -> Iterator[LayerHint]:
    """Return a hint for each layer that a node of the graph stands for.

    A layer that several nodes stand for, because the model calls it more than once, has the settings in which they
    agree.

    Args:
        program: the exported program, parsed.
        names: the arrays that were saved.

    Raises:
        LookupError: the program lacks a part that belongs to it.
    """
    name_of = _saved_names(program)
    by_layer: dict[str, LayerHint] = {}
    for node in program["graph_module"]["graph"]["nodes"]:
        hint = _hint(node, name_of, names) if "_norm" in node["target"] else None
        if hint is not None:
            earlier = by_layer.get(hint.layer, hint)
            by_layer[hint.layer] = hint if earlier == hint else _agreement(earlier, hint)
    yield from by_layer.values()


def reason_for_no_layers(program: Mapping[str, Any]) -> str | None:
    """Return what the graph says about where batch normalization went, or `None` where it has some."""
    operators: Counter[str] = Counter()
    for node in program["graph_module"]["graph"]["nodes"]:
        operators[node["target"].removeprefix(_OPERATORS).partition(".")[0]] += 1
    convolutions = sum(operators[name] for name in _CONVOLUTIONS)
    if not convolutions or any("batch_norm" in operator for operator in operators):
        return None
    return f"{convolutions} convolutions, 0 batch_norm among the operators: folded before export, if the model had any"


def _saved_names(program: Mapping[str, Any]) -> dict[str, str]:
    """Return the name under which each input of the graph was saved."""
    name_of = {}
    for spec in program["graph_module"]["signature"]["input_specs"]:
        for kind in ("parameter", "buffer"):
            if kind in spec:
                name_of[spec[kind]["arg"]["name"]] = spec[kind][f"{kind}_name"]
    return name_of


def _hint(node: Mapping[str, Any], name_of: Mapping[str, str], names: Collection[str]) -> LayerHint | None:
    arguments = {argument["name"]: argument["arg"] for argument in node["inputs"]}
    roles = {}
    for role in _INPUT_ROLES:
        name = name_of.get(arguments.get(role, {}).get("as_tensor", {}).get("name"))
        if name is not None and name in names:
            roles[role] = name
    module, class_name = _module(node)
    if "InstanceNorm" in class_name:
        # Its statistics may reach the operator by way of others, so that only the module tells whose they are.
        return LayerHint(module, class_name)
    if "batch_norm" not in node["target"]:
        return None
    if "running_mean" not in roles or "running_var" not in roles:
        return LayerHint(module, class_name) if module else None
    layer = roles["running_mean"].rpartition(".")[0]
    counter = f"{layer}.{_COUNTER}" if layer else _COUNTER
    if counter in names:
        roles[_COUNTER] = counter
    is_training = arguments.get("training", {}).get("as_bool") is True
    return LayerHint(layer, class_name, _settings(arguments), roles, is_training, framework="torch")


def _settings(arguments: Mapping[str, Mapping[str, Any]]) -> Mapping[SettingName, float | None]:
    settings: dict[SettingName, float | None] = {}
    for name in _EPS_NAMES:
        eps = arguments.get(name, {}).get("as_float")
        if type(eps) is float:
            settings["eps"] = eps
    momentum = arguments.get("momentum", {}).get("as_float")
    # A cumulative average has no number here: in train mode the graph computes it, in eval mode it stands as 0.
    if type(momentum) is float and is_momentum_recorded(momentum, is_training=False):
        settings["momentum"] = momentum
    return settings


def _module(node: Mapping[str, Any]) -> tuple[str, str]:
    """Return path and class of the module that a node came from, or else no path and the operator.

    The modules around a node are written as `key,path,class`, parted by semicolons, the innermost last.
    """
    innermost = str(node["metadata"].get("nn_module_stack", "")).rpartition(";")[2]
    parts = innermost.split(",")
    return (parts[1], parts[2]) if len(parts) == 3 else ("", str(node["target"]))  # noqa: PLR2004 - key, path, class


def _agreement(first: LayerHint, second: LayerHint) -> LayerHint:
    shared = {name: value for name, value in first.settings.items() if second.settings.get(name, value) == value}
    return replace(
        first,
        settings={name: value for name, value in shared.items() if name in second.settings},
        training_mode=first.training_mode or second.training_mode,
    )
