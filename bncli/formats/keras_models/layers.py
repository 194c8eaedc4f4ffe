"""Which stored variables of a Keras model are batch-normalization layers, with what the configuration says."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.core.named_arrays import LayerHint, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bncli.formats.keras_models.configuration import ModelConfig, NormalizationConfig

_VARIABLES = "vars"
"""Group of a layer of Keras 3, whose variables have numbers in place of names."""
_WEIGHTS = "model_weights"
"""Group of a model of Keras 1 and 2 that was saved whole."""
_CONTAINER = "layers"
"""Group of the layers of a model of Keras 3."""
_LEAVES = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
_ORDER = ("weight", "bias", "running_mean", "running_var")
"""Of a layer's variables in Keras; those that it does not have are left out."""
_BY_CLASS = re.compile(r"(sync_?)?batch_normalization(_\d+)?")
"""The name that Keras gives to a layer, or to its group, by its class."""
_KERAS_1_MEAN, _KERAS_1_DEVIATION = "running_mean", "running_std"


class KerasLayers:
    """The layers of a model.

    Args:
        shapes: of the arrays, by path.
        names: what a group with numbered variables says is the layer's name, by the group's path.
        config: what the configuration says.

    Attributes:
        hints: a layer each, with its arrays.
        skipped: what may belong to a layer, and cannot be used.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], names: Mapping[str, str], config: ModelConfig) -> None:
        self._shapes = shapes
        self._names = names
        self._config = config
        self.skipped: list[Skipped] = []
        groups: dict[str, list[str]] = {}
        for path in shapes:
            groups.setdefault(path.rpartition("/")[0], []).append(path)
        found = {group: hint for group, paths in groups.items() if (hint := self._hint(group, paths)) is not None}
        self.hints = _under_unique_names(found)

    def _hint(self, group: str, paths: list[str]) -> LayerHint | None:
        if group.rpartition("/")[2] == _VARIABLES:
            return self._numbered(group.removesuffix(_VARIABLES).rstrip("/"), paths)
        return self._named(group, paths)

    def _named(self, group: str, paths: list[str]) -> LayerHint | None:
        roles = {_LEAVES[leaf]: path for path in paths if (leaf := _leaf(path)) in _LEAVES}
        if "running_mean" not in roles and "running_var" not in roles:
            self._skip_keras_1(group, paths)
            return None
        parts = group.removeprefix(f"{_WEIGHTS}/").split("/")
        # The first part is the layer of the model; inside a nested model the layer is the last.
        known = (self._config.by_name.get(part) for part in (parts[0], *reversed(parts)))
        name = "/".join(parts[1:]) or group
        return _hint_of(name, roles, next(filter(None, known), None), _is_by_class(parts[-1]))

    def _skip_keras_1(self, group: str, paths: list[str]) -> None:
        prefix = f"{group.rpartition('/')[2]}_"
        leaves = {_leaf(path).removeprefix(prefix) for path in paths}
        if {_KERAS_1_MEAN, _KERAS_1_DEVIATION} <= leaves:
            reason = f"has {_KERAS_1_DEVIATION} in place of running_var"
            self.skipped.append(Skipped(group, reason, "foreign-statistic"))

    def _numbered(self, owner: str, paths: list[str]) -> LayerHint | None:
        by_number = {path.rpartition("/")[2]: path for path in paths}
        variables = [by_number[key] for key in map(str, range(len(paths))) if key in by_number]
        if len(variables) != len(paths):
            return None
        config = self._config.by_name.get(self._names.get(owner, "")) or self._config.by_path.get(owner)
        roles = self._roles(owner, variables, config)
        return None if roles is None else _hint_of(self._name(owner), roles, config, self._has_class_name(owner))

    def _roles(self, owner: str, variables: list[str], config: NormalizationConfig | None) -> dict[str, str] | None:
        """Return what the variables of a layer are, or `None` where it is another kind of layer."""
        if config is not None:
            if len(config.roles) == len(variables):
                return dict(zip(config.roles, variables, strict=True))
            reason = f"has {len(variables)} variables, of which the configuration makes {len(config.roles)}"
            self.skipped.append(Skipped(owner, reason, "shape-mismatch"))
            return None
        is_named = self._has_class_name(owner)
        if not (is_named or self._could_be(variables)):
            return None
        if len(variables) == len(_ORDER):
            return dict(zip(_ORDER, variables, strict=True))
        if is_named and len(variables) == len(_ORDER) - 1:
            reason = "is gamma or beta of its layer, which only the configuration of the model could tell"
            self.skipped.append(Skipped(variables[0], reason))
        return dict(zip(_ORDER[-2:], variables[-2:], strict=True)) if is_named and len(variables) > 1 else None

    def _has_class_name(self, owner: str) -> bool:
        """Whether the group of a layer, or the layer, is named by its class."""
        return _is_by_class(owner.rpartition("/")[2]) or _is_by_class(self._names.get(owner, ""))

    def _could_be(self, variables: list[str]) -> bool:
        """Whether four variables without a name of their layer are alike, and one value per channel each."""
        shapes = {self._shapes[path] for path in variables}
        return len(variables) == len(_ORDER) and len(shapes) == 1 and len(shapes.pop()) == 1

    def _name(self, owner: str) -> str:
        """Return the path of a layer: where it is an attribute by that, where it is one of a model's by its name."""
        parts = owner.split("/")
        named = []
        for index, part in enumerate(parts):
            if part == _CONTAINER:
                continue
            is_listed = index > 0 and parts[index - 1] == _CONTAINER
            path = "/".join(parts[: index + 1])
            named.append(self._names.get(path, part) if is_listed else part)
        return "/".join(named) or owner


def _leaf(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(":0")


def _is_by_class(name: str) -> bool:
    return _BY_CLASS.fullmatch(name) is not None


def _hint_of(
    name: str, roles: Mapping[str, str], config: NormalizationConfig | None, has_class_name: bool
) -> LayerHint:
    class_name = "BatchNormalization" if has_class_name else None
    return LayerHint(
        layer=name,
        class_name=class_name if config is None else config.class_name,
        settings={} if config is None else config.settings,
        roles=roles,
        framework="keras",
    )


def _under_unique_names(found: Mapping[str, LayerHint]) -> list[LayerHint]:
    """Return the layers, with the path of their group for a name where two have the same."""
    counts = Counter(hint.layer for hint in found.values())
    return [hint if counts[hint.layer] == 1 else replace(hint, layer=group) for group, hint in found.items()]


def numbered_groups(groups: Iterable[str]) -> list[str]:
    """Return the paths of the layers, among groups, whose variables have numbers."""
    return [group.removesuffix(f"/{_VARIABLES}") for group in groups if group.endswith(f"/{_VARIABLES}")]
