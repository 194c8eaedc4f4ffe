"""A small checkpoint before it is a file: the arrays of three layers, and what the file says about them."""

from __future__ import annotations

import math
from dataclasses import field, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bncli.formats.onnx_file import NodeSettings, onnx_file
from bncli.formats.safetensors_file import safetensors_file
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array

LAYERS: Mapping[str, int] = {"stem.bn": 8, "block1.bn": 16, "block2.bn": 16}
"""Channels of each layer."""
NUM_UPDATES = 5000

ChannelValues: TypeAlias = "Mapping[int, float]"


@dataclass(frozen=True, slots=True, eq=False)
class SmallModel:
    """Arrays by name, with PyTorch's names."""

    arrays: Mapping[str, Array]
    settings: NodeSettings | None = None
    """eps, momentum and mode of all layers, for an ONNX model; `None` for a safetensors file, which holds none."""
    bfloat16: frozenset[str] = field(default_factory=frozenset)
    """Names of arrays that the file holds in bfloat16."""

    @property
    def suffix(self) -> str:
        """The ending of the file's name."""
        return ".safetensors" if self.settings is None else ".onnx"

    def file(self) -> bytes:
        """Return the model as a file; counters have no place in an ONNX model."""
        if self.settings is None:
            return safetensors_file(self.arrays, self.bfloat16)
        return onnx_file(self.arrays, tuple(LAYERS), self.settings)

    def with_arrays(self, changed: Mapping[str, Array]) -> SmallModel:
        """Return a copy with other arrays, by name."""
        return replace(self, arrays={**self.arrays, **changed})

    def without(self, name: str) -> SmallModel:
        """Return a copy that lacks an array."""
        return replace(self, arrays={other: array for other, array in self.arrays.items() if other != name})

    def renamed(self, name: str, new_name: str) -> SmallModel:
        """Return a copy in which an array goes by another name."""
        return replace(
            self,
            arrays={new_name if each == name else each: array for each, array in self.arrays.items()},
            bfloat16=frozenset(new_name if each == name else each for each in self.bfloat16),
        )

    def with_inputs_scaled(self, factor: float) -> SmallModel:
        """Return a copy as it is for inputs that are larger or smaller by a factor in every layer."""
        arrays = dict(self.arrays)
        for layer in LAYERS:
            for role, power in (("running_mean", 1), ("running_var", 2)):
                values = arrays[f"{layer}.{role}"].astype(np.float64)
                arrays[f"{layer}.{role}"] = (values * factor**power).astype(np.float32)
        return replace(self, arrays=arrays)

    def with_channels(self, layer: str, **changed: ChannelValues) -> SmallModel:
        """Return a copy in which some channels of a layer have other values, by role: `running_var={3: 0.0}`."""
        arrays = dict(self.arrays)
        for role, values in changed.items():
            array = arrays[f"{layer}.{role}"].copy()
            array[list(values)] = list(values.values())
            arrays[f"{layer}.{role}"] = array
        return replace(self, arrays=arrays)

    def with_counter(self, counter: int | float, layers: Iterable[str] = LAYERS) -> SmallModel:
        """Return a copy in which layers have another number of updates; a float makes a float32 of the counter."""
        dtype = np.float32 if isinstance(counter, float) else np.int64
        return self.with_arrays({f"{layer}.num_batches_tracked": np.array(counter, dtype) for layer in layers})


def healthy_model(seed: int = 0, *, settings: NodeSettings | None = None) -> SmallModel:
    """Return a model that no rule speaks of; another seed gives other values."""
    arrays: dict[str, Array] = {}
    for index, (layer, num_features) in enumerate(LAYERS.items()):
        spread = [_spread(num_features, 10 * seed + index, role) for role in range(4)]
        arrays[f"{layer}.weight"] = (0.7 + 0.6 * spread[0]).astype(np.float32)
        arrays[f"{layer}.bias"] = (0.6 * spread[1] - 0.3).astype(np.float32)
        arrays[f"{layer}.running_mean"] = (2 * spread[2] - 1).astype(np.float32)
        arrays[f"{layer}.running_var"] = (0.6 + 1.4 * spread[3]).astype(np.float32)
        arrays[f"{layer}.num_batches_tracked"] = np.array(NUM_UPDATES, np.int64)
    return SmallModel(arrays, settings)


def _spread(num_values: int, seed: int, role: int) -> NDArray[np.float64]:
    """Return values spread evenly over 0 to 1, the same with any version of NumPy; shape (num_values,)."""
    steps = np.arange(1, num_values + 1, dtype=np.float64) * math.sqrt((2, 3, 5, 7)[role]) + seed * math.sqrt(11)
    spread: NDArray[np.float64] = steps % 1.0
    return spread


HEALTHY = healthy_model()
"""What most faults are planted in."""
