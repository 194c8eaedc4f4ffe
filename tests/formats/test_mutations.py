from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from bncli.errors import BncliError
from bncli.formats.detection import open_named_arrays
from tests.helpers.format_files import STATE, WRITERS, files_below
from tests.helpers.onnx_models import batch_norm, model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MUTATIONS_PER_FILE = 300
TELLING_BYTES = b"\x00\x01\x7f\x80\xff().RQbcegjortu}]"
"""Extremes of numbers, and the opcodes that do the most in a pickle."""


def deflated_torch_zip(path: Path) -> None:
    buffer = io.BytesIO()
    torch.save({name: torch.from_numpy(values.copy()) for name, values in STATE.items()}, buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.namelist():
            target.writestr(member, source.read(member))


def module(path: Path) -> None:
    torch.save(torch.nn.Sequential(torch.nn.Conv1d(1, 2, 1), torch.nn.BatchNorm1d(2)), path)


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


SEEDS: dict[str, Callable[[Path], object]] = {
    **WRITERS,
    "torch-zip, deflated": deflated_torch_zip,
    "torch-zip of a module": module,
    "torch-legacy of a module": old_module,
    "npz, deflated": deflated_npz,
    "onnx of many kinds": onnx_of_many_kinds,
}


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Return the content with one thing changed: some bytes, their order, or how many there are."""
    changed = bytearray(content)
    # Half of the changes go to the front, where pickles and headers are.
    at = int(rng.integers(min(len(content), 2000) if rng.random() < 0.5 else len(content)))
    count = int(rng.integers(1, 9))
    match int(rng.integers(6)):
        case 0:
            changed[at] ^= 1 << int(rng.integers(8))
        case 1:
            changed[at] = TELLING_BYTES[int(rng.integers(len(TELLING_BYTES)))]
        case 2:
            changed[at : at + count] = rng.bytes(count)
        case 3:
            del changed[at : at + count]
        case 4:
            changed[at:at] = changed[max(0, at - 4 * count) : at]
        case _:
            changed[at : at + 4] = int(rng.integers(2**32)).to_bytes(4, "little")
    return bytes(changed)


@pytest.mark.parametrize("name", SEEDS)
def test_a_file_changed_at_random_is_read_or_refused_and_never_a_crash(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    torch.manual_seed(0)
    SEEDS[name](path)
    contents = {file: file.read_bytes() for file in files_below(tmp_path)}
    rng = np.random.default_rng(sum(map(len, contents.values())))
    refusals: list[str] = []
    for number in range(MUTATIONS_PER_FILE):
        file, content = list(contents.items())[number % len(contents)]
        file.write_bytes(mutated(content, rng))
        try:
            with open_named_arrays(path) as arrays:
                arrays.read_many(arrays.specs)
        except BncliError as error:
            refusals.append(error.message)
        file.write_bytes(content)
    assert all(str(path) in message for message in refusals)
    assert MUTATIONS_PER_FILE / 50 < len(refusals) < MUTATIONS_PER_FILE * 49 / 50
