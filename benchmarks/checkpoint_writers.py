"""Writes one large checkpoint of a given format, by the format's own library where it is one that tests have.

python -m benchmarks.checkpoint_writers torch-zip /tmp/model.pt 1000000000
"""

from __future__ import annotations

import json
import pickle
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Arrays = dict[str, np.ndarray[Any, Any]]

NUM_LAYERS = 100
NUM_FEATURES = 512
STATISTICS = ("weight", "bias", "running_mean", "running_var")
_SHARDS = 4


def make_layers(num_bytes: int) -> Iterator[tuple[int, Arrays]]:
    """Yield the arrays of each convolution with its batch normalization, together about as large as asked for."""
    rng = np.random.default_rng(0)
    num_inputs = max(1, num_bytes // (4 * NUM_LAYERS * NUM_FEATURES))
    for index in range(NUM_LAYERS):
        statistics = {name: rng.uniform(0.5, 2, NUM_FEATURES).astype(np.float32) for name in STATISTICS}
        convolution = rng.random((NUM_FEATURES, num_inputs, 1, 1), np.float32)
        yield index, {"conv.weight": convolution} | {f"bn.{name}": values for name, values in statistics.items()}


def make_arrays(num_bytes: int) -> Arrays:
    """Return the arrays of the whole model by name."""
    layers = make_layers(num_bytes)
    return {f"features.{index}.{name}": values for index, arrays in layers for name, values in arrays.items()}


def _tensors(num_bytes: int) -> dict[str, Any]:
    import torch  # noqa: PLC0415

    return {name: torch.from_numpy(values) for name, values in make_arrays(num_bytes).items()}


def write_torch_zip(path: Path, num_bytes: int) -> None:
    """Write a state dict as torch does."""
    import torch  # noqa: PLC0415

    torch.save(_tensors(num_bytes), path)


def write_torch_legacy(path: Path, num_bytes: int) -> None:
    """Write a state dict as torch did before 1.6."""
    import torch  # noqa: PLC0415

    torch.save(_tensors(num_bytes), path, _use_new_zipfile_serialization=False)


def write_distributed(path: Path, num_bytes: int) -> None:
    """Write a directory as torch.distributed.checkpoint does."""
    import torch.distributed.checkpoint as dcp  # noqa: PLC0415

    dcp.save(_tensors(num_bytes), checkpoint_id=path, no_dist=True)


def write_safetensors(path: Path, num_bytes: int) -> None:
    """Write one safetensors file."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    save_file(make_arrays(num_bytes), path)


def write_safetensors_index(path: Path, num_bytes: int) -> None:
    """Write four safetensors files, and the index that Hugging Face's libraries put beside them."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    arrays = iter(make_arrays(num_bytes).items())
    file_of = {}
    for shard in range(_SHARDS):
        part = dict(islice(arrays, 5 * NUM_LAYERS // _SHARDS))
        save_file(part, path.with_name(f"shard-{shard}.safetensors"))
        file_of |= dict.fromkeys(part, f"shard-{shard}.safetensors")
    path.write_text(json.dumps({"metadata": {}, "weight_map": file_of}))


def write_npz(path: Path, num_bytes: int) -> None:
    """Write NumPy's archive, not compressed."""
    with path.open("wb") as file:
        np.savez(file, **make_arrays(num_bytes))  # type: ignore[arg-type]


def write_pickle(path: Path, num_bytes: int) -> None:
    """Write a plain pickle of arrays."""
    path.write_bytes(pickle.dumps(make_arrays(num_bytes), protocol=4))


def write_onnx(path: Path, num_bytes: int) -> None:
    """Write a model whose tensors are in the file itself."""
    import onnx  # noqa: PLC0415

    graph = onnx.GraphProto(name="model")
    value = "input"
    for index, arrays in make_layers(num_bytes):
        names = [f"features.{index}.{name}" for name in arrays]
        graph.initializer.extend(map(onnx.numpy_helper.from_array, arrays.values(), names))
        graph.node.append(onnx.helper.make_node("Conv", [value, names[0]], [f"c{index}"]))
        graph.node.append(onnx.helper.make_node("BatchNormalization", [f"c{index}", *names[1:]], [f"b{index}"]))
        value = f"b{index}"
    onnx.save(onnx.helper.make_model(graph), path)


def write_keras_hdf5(path: Path, num_bytes: int) -> None:
    """Write weights in the layout of Keras 2, by h5py."""
    import h5py  # noqa: PLC0415

    names = ("kernel", "gamma", "beta", "moving_mean", "moving_variance")
    with h5py.File(path, "w") as file:
        for index, arrays in make_layers(num_bytes):
            for leaf, values in zip(names, arrays.values(), strict=True):
                layer = f"conv_{index}" if leaf == "kernel" else f"bn_{index}"
                file[f"{layer}/{layer}/{leaf}:0"] = values


def write_keras_zip(path: Path, num_bytes: int) -> None:
    """Write a model by Keras, with kernels as wide as the size asks for."""
    import keras  # noqa: PLC0415

    width = max(1, round((num_bytes / (4 * NUM_LAYERS * NUM_FEATURES**2)) ** 0.5))
    layers = [keras.Input((8, 8, NUM_FEATURES))]
    for _ in range(NUM_LAYERS):
        layers += [keras.layers.Conv2D(NUM_FEATURES, width, padding="same"), keras.layers.BatchNormalization()]
    named = path.with_name("model.keras")  # Keras insists on the ending
    keras.Sequential(layers).save(named)
    named.rename(path)


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "torch-zip": write_torch_zip,
    "torch-legacy": write_torch_legacy,
    "dcp": write_distributed,
    "safetensors": write_safetensors,
    "safetensors-index": write_safetensors_index,
    "npz": write_npz,
    "pickle": write_pickle,
    "onnx": write_onnx,
    "keras-hdf5": write_keras_hdf5,
    "keras-zip": write_keras_zip,
}


if __name__ == "__main__":
    format_name, target, size = sys.argv[1:]
    WRITERS[format_name](Path(target), int(size))
