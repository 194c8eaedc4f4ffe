"""One small file of every format, together with what is in it."""

from __future__ import annotations

import io
import json
import pickle
import warnings
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import torch
import torch.distributed.checkpoint
from safetensors.numpy import save_file

from tests.helpers import caffe_nets, mxnet_lists
from tests.helpers.keras_files import variables, write_keras_zip
from tests.helpers.msgpack_files import nested, pack
from tests.helpers.onnx_models import batch_norm, model, tensors
from tests.helpers.orbax_folders import write_orbax
from tests.helpers.tensorflow_files import write_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Arrays = Mapping[str, np.ndarray[Any, Any]]

STATE: Arrays = {
    "conv.weight": np.random.default_rng(0).normal(size=(8, 3, 3, 3)).astype(np.float32),
    "bn.weight": np.linspace(0.5, 1.5, 8, dtype=np.float32),
    "bn.running_mean": np.linspace(-1, 1, 8, dtype=np.float32),
    "bn.running_var": np.linspace(0.5, 2, 8, dtype=np.float32),
    "bn.num_batches_tracked": np.array(100),
}


def _tensors() -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(values.copy()) for name, values in STATE.items()}


def _write_torch_zip(path: Path) -> Arrays:
    torch.save(_tensors(), path)
    return STATE


def _write_torch_legacy(path: Path) -> Arrays:
    torch.save(_tensors(), path, _use_new_zipfile_serialization=False)
    return STATE


def _write_torchscript(path: Path) -> Arrays:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module).save(str(path))
    return {name: values.detach().numpy() for name, values in module.state_dict().items()}


def _write_safetensors(path: Path) -> Arrays:
    save_file(dict(STATE), path)
    return STATE


def _write_npz(path: Path) -> Arrays:
    with path.open("wb") as file:
        np.savez(file, **STATE)
    return STATE


def _write_npy(path: Path) -> Arrays:
    with path.open("wb") as file:
        np.save(file, STATE["conv.weight"])
    return {"array": STATE["conv.weight"]}


def _write_pickle(path: Path) -> Arrays:
    path.write_bytes(pickle.dumps(dict(STATE)))
    return STATE


def _write_onnx(path: Path) -> Arrays:
    node = batch_norm(["bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"])
    arrays = {**STATE, "bn.bias": np.linspace(-0.5, 0.5, 8, dtype=np.float32)}
    path.write_bytes(model([node], tensors(arrays)).SerializeToString())
    return arrays


def _write_caffe(path: Path) -> Arrays:
    names = ("bn.running_mean", "bn.running_var", "ones", "bn.weight")
    mean, var, one, weight = (STATE.get(name, np.ones(1, np.float32)) for name in names)
    convolution = caffe_nets.layer("Convolution", "conv", [caffe_nets.blob(STATE["conv.weight"])])
    norm = caffe_nets.layer("BatchNorm", "bn", [caffe_nets.blob(values) for values in (mean, var, one)])
    scale = caffe_nets.layer("Scale", "scale", [caffe_nets.blob(weight)], bottom="bn")
    path.write_bytes(caffe_nets.net(convolution, norm, scale))
    return {"conv[0]": STATE["conv.weight"], "bn[0]": mean, "bn[1]": var, "bn[2]": one, "scale[0]": weight}


def _write_mxnet(path: Path) -> Arrays:
    path.write_bytes(mxnet_lists.params({name: np.atleast_1d(values) for name, values in STATE.items()}))
    return {name: np.atleast_1d(values) for name, values in STATE.items()}


def _write_keras_hdf5(path: Path) -> Arrays:
    with h5py.File(path, "w") as file:
        for name, values in STATE.items():
            file[name] = values
    return STATE


def _write_keras_zip(path: Path) -> Arrays:
    write_keras_zip(path, {"norm": variables()}, {})
    return {f"norm/vars/{number}": values for number, values in enumerate(variables().values())}


def _write_flax_msgpack(path: Path) -> Arrays:
    path.write_bytes(pack(nested(STATE)))
    return STATE


def _write_orbax(path: Path) -> Arrays:
    write_orbax(path, STATE)
    return STATE


def _write_tf_bundle(path: Path) -> Arrays:
    write_bundle(path, STATE)
    return STATE


def _write_dcp(path: Path) -> Arrays:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled|.*single process", UserWarning)
        torch.distributed.checkpoint.save(_tensors(), checkpoint_id=path)
    return STATE


def _write_torch_export(path: Path) -> Arrays:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8)).eval()
    program = torch.export.export(module, (torch.zeros(2, 3, 5, 5),))
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    path.write_bytes(buffer.getvalue())
    return {name: values.detach().numpy() for name, values in module.state_dict().items()}


def _write_shards(path: Path, suffix: str, save: Callable[[dict[str, Any], Path], object]) -> Arrays:
    """Write an index and two files beside it, one with the layer but for its counter."""
    names = list(STATE)
    shards = {f"{path.name}-1-of-2.{suffix}": names[:1] + names[4:], f"{path.name}-2-of-2.{suffix}": names[1:4]}
    for file, held in shards.items():
        save({name: STATE[name] for name in held}, path.parent / file)
    weight_map = {name: file for file, held in shards.items() for name in held}
    path.write_text(json.dumps({"metadata": {"total_size": 4}, "weight_map": weight_map}), encoding="utf-8")
    return STATE


def _write_safetensors_index(path: Path) -> Arrays:
    return _write_shards(path, "safetensors", save_file)


def _write_torch_index(path: Path) -> Arrays:
    def save(arrays: dict[str, Any], file: Path) -> None:
        torch.save({name: torch.from_numpy(values.copy()) for name, values in arrays.items()}, file)

    return _write_shards(path, "bin", save)


WRITERS: Mapping[str, Callable[[Path], Arrays]] = {
    "torchscript": _write_torchscript,
    "torch-zip": _write_torch_zip,
    "torch-legacy": _write_torch_legacy,
    "safetensors": _write_safetensors,
    "npz": _write_npz,
    "npy": _write_npy,
    "pickle": _write_pickle,
    "keras-zip": _write_keras_zip,
    "keras-hdf5": _write_keras_hdf5,
    "flax-msgpack": _write_flax_msgpack,
    "orbax": _write_orbax,
    "tf-bundle": _write_tf_bundle,
    "onnx": _write_onnx,
    "caffe": _write_caffe,
    "mxnet": _write_mxnet,
    "torch-export": _write_torch_export,
    "dcp": _write_dcp,
    "safetensors-index": _write_safetensors_index,
    "torch-index": _write_torch_index,
}
"""By name of the format: writes a file, or a folder, or a file and others beside it, and returns its arrays by name."""


def files_below(folder: Path) -> list[Path]:
    """Return the files in a folder and in those below it."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
