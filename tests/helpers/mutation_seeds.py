"""Files to be changed at random: one of every format, and more of those that have several layouts."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import torch
from onnx import TensorProto, helper, numpy_helper

from bncli.recording.sealing import write_sealed
from bncli.recording.spool_reader import SpoolReader
from tests.helpers.format_files import STATE, WRITERS
from tests.helpers.onnx_models import batch_norm, model
from tests.helpers.spools import write_spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def deflated_torch_zip(path: Path) -> None:
    buffer = io.BytesIO()
    torch.save({name: torch.from_numpy(values.copy()) for name, values in STATE.items()}, buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.namelist():
            target.writestr(member, source.read(member))


def module(path: Path) -> None:
    torch.save(torch.nn.Sequential(torch.nn.Conv1d(1, 2, 1), torch.nn.BatchNorm1d(2)), path)


def many_tensors(path: Path) -> None:
    """Write so many that the reader takes the later ones as a whole."""
    torch.save({f"{layer}.{name}": torch.ones(2) for layer in range(12) for name in STATE}, path)


def old_module(path: Path) -> None:
    torch.save(torch.nn.BatchNorm1d(2), path, _use_new_zipfile_serialization=False)


def deflated_npz(path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, **STATE)


def onnx_of_many_kinds(path: Path) -> None:
    """Write a model with numbers of variable length, a constant, a copy, a graph in a node and values elsewhere."""
    names = ["half", "constant", "copied", "away"]
    node = batch_norm(names, epsilon=1e-3, momentum=0.9)
    values = np.linspace(0.5, 2, 8)
    half = helper.make_tensor("half", TensorProto.FLOAT16, [8], values)
    away = TensorProto(name="away", data_type=1, dims=[8], data_location=1)
    away.external_data.add(key="location", value=path.name)
    branch = helper.make_graph([node], "branch", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    nodes = [
        helper.make_node("Constant", [], ["constant"], value=numpy_helper.from_array(values.astype(np.float32))),
        helper.make_node("Identity", ["constant"], ["copied"]),
        helper.make_node("If", ["x"], ["y"], then_branch=branch),
    ]
    path.write_bytes(model(nodes, [half, away]).SerializeToString())


def partly_written_hdf5(path: Path) -> None:
    """Write arrays in chunks, of which some are missing, after a block of other bytes."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name in ("gamma", "beta", "moving_mean", "moving_variance"):
            options = {"chunks": (4,), "fillvalue": 1.0, "compression": "gzip", "shuffle": name == "gamma"}
            file.create_dataset(f"bn/{name}:0", (10,), "f4", **options)[:6] = np.linspace(0.5, 2, 6)


SEEDS: dict[str, Callable[[Path], object]] = {
    **WRITERS,
    "torch-zip, deflated": deflated_torch_zip,
    "torch-zip of a module": module,
    "torch-zip of many tensors": many_tensors,
    "torch-legacy of a module": old_module,
    "npz, deflated": deflated_npz,
    "onnx of many kinds": onnx_of_many_kinds,
    "keras-hdf5 in chunks": partly_written_hdf5,
}
"""By name: writes a file, or a folder. A format that has a writer is among them."""


def finished_recording(path: Path) -> None:
    spool = write_spool(path.with_name(f"{path.name}.part"))
    with SpoolReader(spool) as reader, path.open("wb") as file:
        write_sealed(reader, file)
    spool.unlink()


RECORDINGS: dict[str, Callable[[Path], object]] = {
    "finished": finished_recording,
    "complete": write_spool,
    "cut-off": lambda path: write_spool(path, is_finished=False),
}
"""By name: writes a recording."""
