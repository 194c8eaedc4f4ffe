"""The configuration of a Keras model: the settings of its batch-normalization layers, read as JSON and nothing else."""

from __future__ import annotations

import json
import math
import re
from dataclasses import field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bncli.core.name_length import require_short
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bncli.core.named_arrays import SettingName

MAX_BYTES = 64 * 1024**2
_CLASS = re.compile(r"(?:.*>)?(\w*BatchNormalization(?:V[12])?)")
"""The class of a layer, without the package that a user registered it in."""


@dataclass(frozen=True, slots=True)
class NormalizationConfig:
    """What a configuration says about one batch-normalization layer."""

    name: str
    """The layer's name."""
    class_name: str
    settings: Mapping[SettingName, float | None]
    """In this project's conventions."""
    has_weight: bool
    """Keras's `scale`."""
    has_bias: bool
    """Keras's `center`."""

    @property
    def roles(self) -> tuple[str, ...]:
        """What the layer's variables are, in Keras's order."""
        affine = [role for role, has in (("weight", self.has_weight), ("bias", self.has_bias)) if has]
        return (*affine, "running_mean", "running_var")


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The batch-normalization layers of a configuration; empty where there is none."""

    by_name: Mapping[str, NormalizationConfig] = field(default_factory=dict)
    """By the layer's name; names under which two layers differ are left out."""
    by_path: Mapping[str, NormalizationConfig] = field(default_factory=dict)
    """By the path of the group in which Keras 3 stores the layer's variables: `layers/batch_normalization_1`."""
    names_by_path: Mapping[str, str] = field(default_factory=dict)
    """The names of layers of every kind, by that path."""


def read_configuration(text: str | bytes) -> ModelConfig:
    """Return the batch-normalization layers of a model's configuration.

    Raises:
        ValueError: the text is no JSON, or a name in it is too long.
        RecursionError: it is nested too deep.
    """
    # Of bytes, json would guess an encoding, and import whichever it guesses.
    model = json.loads(text if isinstance(text, str) else text.decode("utf-8"))
    by_name: dict[str, NormalizationConfig | None] = {}
    for entry in _dictionaries(model):
        layer = _normalization(entry)
        if layer is not None:
            by_name[layer.name] = layer if by_name.get(layer.name, layer) == layer else None
    stored = dict(_stored_layers(model, ""))
    return ModelConfig(
        {name: layer for name, layer in by_name.items() if layer is not None},
        {path: layer for path, entry in stored.items() if (layer := _normalization(entry)) is not None},
        {path: name for path, entry in stored.items() if (name := _name(entry)) is not None},
    )


def _dictionaries(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _normalization(entry: dict[str, Any]) -> NormalizationConfig | None:
    class_name, config = entry.get("class_name"), entry.get("config")
    if not isinstance(class_name, str) or not isinstance(config, dict):
        return None
    matched = _CLASS.fullmatch(class_name)
    name = _name(entry)
    if matched is None or name is None:
        return None
    return NormalizationConfig(
        name, matched[1], _settings(config), bool(config.get("scale", True)), bool(config.get("center", True))
    )


def _name(entry: dict[str, Any]) -> str | None:
    config = entry.get("config")
    name = config.get("name", entry.get("name")) if isinstance(config, dict) else None
    return name if isinstance(name, str) else None


def _settings(config: dict[str, Any]) -> dict[SettingName, float | None]:
    settings: dict[SettingName, float | None] = {}
    epsilon, decay = _number(config.get("epsilon")), _number(config.get("momentum"))
    if epsilon is not None and epsilon >= 0:
        settings["eps"] = epsilon
    if decay is not None and 0 <= decay <= 1:
        # In decimals, so that 0.99 gives 0.01 and not the difference of the two doubles.
        settings["momentum"] = float(1 - Decimal(repr(decay)))
    return settings


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else None


def _stored_layers(model: Any, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the layers by the path of their group: named by their class, and numbered where a class comes again."""
    config = model.get("config") if isinstance(model, dict) else None
    layers = config.get("layers") if isinstance(config, dict) else None
    counts: dict[str, int] = {}
    for entry in layers if isinstance(layers, list) else ():
        class_name = entry.get("class_name") if isinstance(entry, dict) else None
        if not isinstance(class_name, str):
            continue
        kind = _snake_case(class_name.rpartition(">")[2])
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        path = f"{prefix}layers/{kind}" + (f"_{number}" if number else "")
        require_short([path])
        yield path, entry
        yield from _wrapped_layer(entry, path)
        yield from _stored_layers(entry, f"{path}/")


def _wrapped_layer(entry: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the layer inside of one like `TimeDistributed`."""
    config = entry.get("config")
    wrapped = config.get("layer") if isinstance(config, dict) else None
    if isinstance(wrapped, dict):
        yield f"{path}/layer", wrapped


def _snake_case(name: str) -> str:
    """Return a class's name as Keras writes it in paths: `BatchNormalization` as `batch_normalization`."""
    parted = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", parted).lower()
