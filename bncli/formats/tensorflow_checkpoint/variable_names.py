"""What to call the tensors of a TensorFlow checkpoint, and which of them are layers that their names alone hide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.named_arrays import LayerHint

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_ATTRIBUTE_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_AVERAGE = "ExponentialMovingAverage"
_VARIANCE = "moving_variance"
_ROLES = {"moving_mean": "running_mean", _VARIANCE: "running_var", "gamma": "weight", "beta": "bias"}
"""Last part of a variable's name to what it is in a layer."""


def names_by_key(keys: Iterable[str], full_names: Mapping[str, str]) -> dict[str, str]:
    """Return a name for each key: the variable's full name, or the key where an earlier tensor has that name.

    Keras 3 exports every variable twice, and two models in one checkpoint may have variables of equal names. Keys are
    paths of Python attributes; TensorFlow's constant ending of them is left out.

    Args:
        keys: of the tensors, in the order of the file.
        full_names: by key, as the graph of objects tells them; empty for checkpoints of TensorFlow 1, whose keys are
            the names.

    Raises:
        ValueError: two tensors would have one name.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for key in keys:
        candidates = [full_names.get(key), key.removesuffix(_ATTRIBUTE_SUFFIX), key]
        name = next((name for name in candidates if name and name not in taken), None)
        if name is None:
            raise ValueError(f"two tensors are called {key!r}")
        names[key] = name
        taken.add(name)
    return names


def layers_of_averages(names: Collection[str]) -> list[LayerHint]:
    """Return a layer of trained and one of averaged variables for each that slim's moving average has shadowed.

    A variable without an average stands in both, as it does when TensorFlow restores the averages.
    """
    shadowed: dict[str, None] = {}
    for name in names:
        variable, _, last = name.rpartition("/")
        if last == _AVERAGE and variable.rpartition("/")[2] in _ROLES:
            shadowed[variable.rpartition("/")[0]] = None
    hints = []
    for layer in shadowed:
        trained = {role: f"{layer}/{leaf}" for leaf, role in _ROLES.items() if f"{layer}/{leaf}" in names}
        averaged = {
            role: f"{layer}/{leaf}/{_AVERAGE}" for leaf, role in _ROLES.items() if f"{layer}/{leaf}/{_AVERAGE}" in names
        }
        hints.append(LayerHint(layer, roles=trained, framework="keras"))
        hints.append(LayerHint(f"{layer}/{_AVERAGE}", roles=trained | averaged, framework="keras"))
    return [hint for hint in hints if hint.roles]


def layers_with_epsilons(names: Collection[str], epsilons: Mapping[str, float]) -> list[LayerHint]:
    """Return a hint for each layer whose epsilon is known.

    Args:
        names: of the tensors.
        epsilons: by the last part of the layer's name.
    """
    layers = [name.rpartition("/")[0] for name in names if name.rpartition("/")[2] == _VARIANCE]
    return [
        LayerHint(layer, settings={"eps": epsilons[layer.rpartition("/")[2]]})
        for layer in layers
        if layer.rpartition("/")[2] in epsilons
    ]
