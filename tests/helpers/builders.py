"""Valid values by default, from which a test changes one thing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.core.batch_norm_layer import BatchNormLayer, Checkpoint, Setting
from bncli.core.named_arrays import ArraySpec, NamedArrays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.core.named_arrays import Array, LayerHint, Skipped


class ArraysInMemory(NamedArrays):
    """Named arrays without a file; counts the bytes of every array that is read."""

    def __init__(
        self,
        values: Mapping[str, Any],
        hints: Mapping[str, LayerHint] | None = None,
        aliases: Mapping[str, str] | None = None,
        skipped: tuple[Skipped, ...] = (),
    ) -> None:
        self._values = {name: np.asarray(array) for name, array in values.items()}
        self.path = Path("model.pt")
        self.format = "memory"
        self.size_bytes = sum(array.nbytes for array in self._values.values())
        self.specs = {
            name: ArraySpec(name, array.shape, str(array.dtype), array.__array_interface__["data"][0])
            for name, array in self._values.items()
        }
        self.hints = hints or {}
        self.aliases = aliases or {}
        self.skipped = skipped
        self.names_read: list[str] = []

    @property
    def bytes_read(self) -> int:
        return sum(self._values[name].nbytes for name in self.names_read)

    def read(self, name: str) -> Array:
        self.names_read.append(name)
        return self._values[name]

    def read_flat(self, name: str, start: int, stop: int) -> Array:
        return self.read(name).reshape(-1)[start:stop]

    def position(self, name: str) -> int:
        return list(self._values).index(name)

    def close(self) -> None:
        self.names_read.clear()


def torch_arrays(layer: str = "bn", num_features: int = 4, seed: int = 0, **changed: Any) -> dict[str, Any]:
    """Return the arrays of a trained layer by torch's names; a role changed to `None` is left out."""
    rng = np.random.default_rng(seed)
    roles: dict[str, Any] = {
        "weight": rng.uniform(0.5, 1.5, num_features).astype(np.float32),
        "bias": rng.normal(0, 0.3, num_features).astype(np.float32),
        "running_mean": rng.normal(0, 1, num_features).astype(np.float32),
        "running_var": rng.uniform(0.5, 2, num_features).astype(np.float32),
        "num_batches_tracked": np.array(100),
    } | changed
    prefix = f"{layer}." if layer else ""
    return {f"{prefix}{role}": values for role, values in roles.items() if values is not None}


def layer(**changed: Any) -> BatchNormLayer:
    """Return a healthy layer of four channels."""
    arrays = torch_arrays(seed=1)
    fields: dict[str, Any] = {
        "name": "bn",
        "label": "bn",
        "framework": "torch",
        "class_name": None,
        "num_features": 4,
        "running_mean": arrays["bn.running_mean"],
        "running_var": arrays["bn.running_var"],
        "weight": arrays["bn.weight"],
        "bias": arrays["bn.bias"],
        "num_batches_tracked": 100,
        "eps": Setting(1e-5, "assumed"),
        "momentum": Setting(0.1, "assumed"),
        "dtype": "float32",
        "tensors": {"running_mean": "bn.running_mean", "running_var": "bn.running_var"},
    }
    return BatchNormLayer(**(fields | changed))


def checkpoint(*layers: BatchNormLayer, **changed: Any) -> Checkpoint:
    """Return a checkpoint of these layers."""
    fields: dict[str, Any] = {
        "path": Path("model.pt"),
        "format": "torch-zip",
        "size_bytes": 1000,
        "bytes_read": 100,
        "layers": layers,
        "skipped": (),
        "aliases": {},
    }
    return Checkpoint(**(fields | changed))
