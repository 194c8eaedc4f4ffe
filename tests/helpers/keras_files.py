"""Files in the layouts of Keras 2 and 3, written with h5py."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LEAVES = ("gamma", "beta", "moving_mean", "moving_variance")


def variables(num_features: int = 4, seed: int = 0, leaves: tuple[str, ...] = LEAVES) -> dict[str, Any]:
    """Return the variables of a trained layer by name, in Keras's order."""
    rng = np.random.default_rng(seed)
    return {leaf: rng.uniform(0.5, 2, num_features).astype(np.float32) for leaf in leaves}


def configuration(*layers: dict[str, Any], class_name: str = "Functional") -> dict[str, Any]:
    """Return the configuration of a model."""
    return {"class_name": class_name, "config": {"name": "model", "layers": list(layers)}}


def normalization(name: str, class_name: str = "BatchNormalization", **settings: Any) -> dict[str, Any]:
    """Return the configuration of a layer, by default as Keras writes it."""
    config = {"axis": [3], "momentum": 0.99, "epsilon": 0.001, "center": True, "scale": 1} | settings
    return {"class_name": class_name, "config": {"name": name, **config}}


def write_keras_2(path: Path, layers: Mapping[str, Mapping[str, Any]], config: dict[str, Any] | None = None) -> None:
    """Write a whole model: the variables of each layer under its name, twice, and those of an optimizer."""
    with h5py.File(path, "w") as file:
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
        for name, values in layers.items():
            for leaf, value in values.items():
                file[f"model_weights/{name}/{name}/{leaf}:0"] = value
        file["optimizer_weights/Adam/bn/moving_mean:0"] = np.ones(4)


def write_keras_3(path: Any, groups: Mapping[str, Mapping[str, Any]], names: Mapping[str, str] | None = None) -> None:
    """Write weights: the variables of each group under numbers, and what the group says is the layer's name."""
    with h5py.File(path, "w") as file:
        for group, values in groups.items():
            numbered = file.create_group(f"{group}/vars")
            if names is not None and group in names:
                numbered.attrs["name"] = names[group]
            for number, value in enumerate(values.values()):
                numbered[str(number)] = value
        file["optimizer/vars/0"] = np.ones(4)


def write_keras_zip(
    path: Path,
    groups: Mapping[str, Mapping[str, Any]],
    config: dict[str, Any],
    names: Mapping[str, str] | None = None,
    compression: int = zipfile.ZIP_STORED,
) -> None:
    """Write a `.keras` file."""
    weights = io.BytesIO()
    write_keras_3(weights, groups, names)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", weights.getvalue())
